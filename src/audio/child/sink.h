/* Writing a result to a descriptor in one of the formats of audio/audio.h. One thread per
 * sink. */
#ifndef AUDIO_CHILD_SINK_H
#define AUDIO_CHILD_SINK_H

#include <libavutil/channel_layout.h>
#include <libavutil/dict.h>
#include <libavutil/frame.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"

struct sink_config {
    int fd;             /* borrowed, empty, seekable */
    const char *format; /* a name of audio_formats */
    int sample_rate_hz; /* of the blocks */
    const AVChannelLayout *layout;
    int64_t frames;    /* that will come, as far as known; 0: unknown */
    int64_t bytes_max; /* a larger file is ERR_TOO_LARGE */
    bool is_deep;      /* more than 16 bits are worth keeping: decides FLAC's depth */
    const AVDictionary *tags; /* borrowed until sink_open returns; NULL: none */
};

/* What was written. */
struct sink_result {
    int64_t bytes;
    int64_t frames; /* at sample_rate_hz: what decoding the file gives */
    int sample_rate_hz, channels;
};

struct sink;

MUST_CHECK int sink_open(const struct sink_config *config, struct sink **ret,
                         struct err *reterr);
/* Appends a block of planar floats, borrowed. To 16 and 24 bit they go with triangular
 * dither (TPDF, +-1 step), zeros without. ERR_NO_SPACE and ERR_TOO_LARGE with a sentence
 * for the user. */
MUST_CHECK int sink_write(struct sink *s, const AVFrame *block, struct err *reterr);
/* Writes what is held back, and completes the headers. */
MUST_CHECK int sink_finish(struct sink *s, struct sink_result *ret, struct err *reterr);
/* Accepts NULL, and a sink that was not finished: its file is then useless. */
void sink_close(struct sink **s);

#endif
