/* What a kind of file does behind sink.h, and what the kinds share. */
#ifndef AUDIO_CHILD_SINK_DRIVER_H
#define AUDIO_CHILD_SINK_DRIVER_H

#include <stddef.h>
#include "audio/child/sink.h"

struct sink_driver {
    int (*write)(struct sink *s, const AVFrame *block, struct err *reterr);
    int (*finish)(struct sink *s, struct sink_result *ret, struct err *reterr);
    void (*close)(struct sink *s); /* frees s, which may be half open */
};

/* The first member of each driver's own struct. */
struct sink {
    const struct sink_driver *driver;
};

/* wav, wav24, wavf32: written here, byte by byte. */
MUST_CHECK int sink_wav_open(const struct sink_config *config, struct sink **ret,
                             struct err *reterr);
/* All others: libav's encoders and muxers. */
MUST_CHECK int sink_av_open(const struct sink_config *config, struct sink **ret,
                            struct err *reterr);

/* Writes all of `bytes` at offset `at`. Returns 0 or errno. */
int sink_pwrite(int fd, const void *bytes, size_t len, int64_t at);
/* The error of a failed write, in words. */
int sink_write_error(int errnum, struct err *reterr);

/* Rounding to `bits` bits (16 or 24) with triangular dither: two random numbers of one step
 * each, subtracted. A zero stays a zero, so that silence stays silent. Clips. */
struct dither {
    uint32_t state; /* not 0 */
};
int32_t dither_sample(struct dither *d, float value, int bits);

#endif
