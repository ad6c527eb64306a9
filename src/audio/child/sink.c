#include "audio/child/sink.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HEADER_BYTES = 44, BUFFER_BYTES = 64 << 10, SAMPLE_BYTES = 2 };

struct sink {
    int fd, rate, channels;
    int64_t frames, written_bytes;
    uint32_t random;
    size_t len;
    unsigned char buffer[BUFFER_BYTES];
};

static void put(unsigned char *to, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        to[i] = (unsigned char)(value >> 8 * i);
}

static int write_at(const struct sink *s, const unsigned char *bytes, size_t len,
                    int64_t at, struct err *reterr)
{
    while (len > 0) {
        const ssize_t wrote = pwrite(s->fd, bytes, len, at);

        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return err_set(reterr, errno == EFBIG ? ERR_TOO_LARGE : ERR_NO_SPACE,
                           errno == EFBIG ? "The result is larger than it may be."
                                          : "The server is out of storage.");
        bytes += wrote;
        len -= (size_t)wrote;
        at += wrote;
    }
    return 0;
}

static int flush(struct sink *s, struct err *reterr)
{
    const int rc = write_at(s, s->buffer, s->len, HEADER_BYTES + s->written_bytes, reterr);

    s->written_bytes += (int64_t)s->len;
    s->len = 0;
    return rc;
}

static int header_write(struct sink *s, struct err *reterr)
{
    const uint64_t data = (uint64_t)s->written_bytes;
    const uint32_t block = (uint32_t)s->channels * SAMPLE_BYTES;
    unsigned char h[HEADER_BYTES];

    memcpy(h, "RIFF    WAVEfmt ", 16);
    put(h + 4, data + HEADER_BYTES - 8, 4);
    put(h + 16, 16, 4);
    put(h + 20, 1, 2);
    put(h + 22, (uint64_t)s->channels, 2);
    put(h + 24, (uint64_t)s->rate, 4);
    put(h + 28, (uint64_t)s->rate * block, 4);
    put(h + 32, block, 2);
    put(h + 34, 8 * SAMPLE_BYTES, 2);
    memcpy(h + 36, "data", 4);
    put(h + 40, data, 4);
    return write_at(s, h, sizeof h, 0, reterr);
}

int sink_open(int fd, int sample_rate_hz, int channels, struct sink **ret,
              struct err *reterr)
{
    struct sink *s = calloc(1, sizeof *s);
    int rc;

    if (!s)
        return err_set(reterr, ERR_NO_MEMORY, "Out of memory.");
    s->fd = fd;
    s->rate = sample_rate_hz;
    s->channels = channels;
    s->random = 0x9E3779B9u;
    rc = header_write(s, reterr);
    if (rc == 0) {
        *ret = s;
        s = NULL;
    }
    free(s);
    return rc;
}

/* xorshift32 (Marsaglia, "Xorshift RNGs", 2003), as a float in [0, 1). */
static float random_float(struct sink *s)
{
    s->random ^= s->random << 13;
    s->random ^= s->random >> 17;
    s->random ^= s->random << 5;
    return (float)(s->random >> 8) / 16777216.0f;
}

static int16_t sample_of(struct sink *s, float value)
{
    float scaled;

    if (value == 0.0f)
        return 0; /* digital silence stays silent */
    scaled = value * 32767.0f + random_float(s) - random_float(s);
    if (!(scaled > -32768.0f))
        return INT16_MIN;
    return scaled >= 32767.0f ? INT16_MAX : (int16_t)lrintf(scaled);
}

int sink_write(struct sink *s, const AVFrame *block, struct err *reterr)
{
    const size_t frame_bytes = (size_t)s->channels * SAMPLE_BYTES;

    if ((s->frames + block->nb_samples) * (int64_t)frame_bytes > (int64_t)UINT32_MAX - 64)
        return err_set(reterr, ERR_TOO_LARGE, "The result would be larger than 4 GB.");
    for (int i = 0; i < block->nb_samples; i++) {
        if (s->len + frame_bytes > BUFFER_BYTES) {
            const int rc = flush(s, reterr);

            if (rc)
                return rc;
        }
        for (int c = 0; c < s->channels; c++) {
            const float *plane = (const float *)(const void *)block->extended_data[c];
            const int16_t sample = sample_of(s, plane[i]);

            put(s->buffer + s->len, (uint16_t)sample, SAMPLE_BYTES);
            s->len += SAMPLE_BYTES;
        }
    }
    s->frames += block->nb_samples;
    return 0;
}

int sink_finish(struct sink *s, int64_t *ret_bytes, int64_t *ret_frames, struct err *reterr)
{
    int rc = flush(s, reterr);

    if (rc == 0)
        rc = header_write(s, reterr);
    *ret_bytes = HEADER_BYTES + s->written_bytes;
    *ret_frames = s->frames;
    return rc;
}

void sink_close(struct sink **s)
{
    free(*s);
    *s = NULL;
}
