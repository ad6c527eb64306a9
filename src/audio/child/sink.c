#include "audio/child/sink_driver.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

int sink_open(const struct sink_config *config, struct sink **ret, struct err *reterr)
{
    if (strncmp(config->format, "wav", 3) == 0)
        return sink_wav_open(config, ret, reterr);
    return sink_av_open(config, ret, reterr);
}

int sink_write(struct sink *s, const AVFrame *block, struct err *reterr)
{
    return s->driver->write(s, block, reterr);
}

int sink_finish(struct sink *s, struct sink_result *ret, struct err *reterr)
{
    return s->driver->finish(s, ret, reterr);
}

void sink_close(struct sink **s)
{
    if (*s)
        (*s)->driver->close(*s);
    *s = NULL;
}

int sink_pwrite(int fd, const void *bytes, size_t len, int64_t at)
{
    const char *from = bytes;

    while (len > 0) {
        const ssize_t wrote = pwrite(fd, from, len, at);

        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return errno;
        from += wrote;
        len -= (size_t)wrote;
        at += wrote;
    }
    return 0;
}

int sink_write_error(int errnum, struct err *reterr)
{
    if (errnum == EFBIG)
        return err_set(reterr, ERR_TOO_LARGE, "The result is larger than it may be.");
    return err_set(reterr, ERR_NO_SPACE, "The server is out of storage.");
}

/* xorshift32 (Marsaglia, "Xorshift RNGs", 2003), as a float in [0, 1). */
static float random_float(struct dither *d)
{
    d->state ^= d->state << 13;
    d->state ^= d->state >> 17;
    d->state ^= d->state << 5;
    return (float)(d->state >> 8) / 16777216.0f;
}

int32_t dither_sample(struct dither *d, float value, int bits)
{
    const float full = (float)(1 << (bits - 1));
    float scaled;

    if (value == 0.0f)
        return 0;
    scaled = value * full + random_float(d) - random_float(d);
    if (!(scaled > -full))
        return -(1 << (bits - 1));
    return scaled >= full - 1.0f ? (1 << (bits - 1)) - 1 : (int32_t)lrintf(scaled);
}
