/* Writing 16-bit WAV to a descriptor. */
#ifndef AUDIO_CHILD_SINK_H
#define AUDIO_CHILD_SINK_H

#include <libavutil/frame.h>
#include "base/err.h"

struct sink;

/* `fd` is borrowed and written from its start. */
MUST_CHECK int sink_open(int fd, int sample_rate_hz, int channels, struct sink **ret,
                         struct err *reterr);
/* Appends a block of planar floats with triangular dither (TPDF, +-1 step). */
MUST_CHECK int sink_write(struct sink *s, const AVFrame *block, struct err *reterr);
/* Completes the header; fills the file's size and the frames in it. A WAV ends at 4 GiB:
 * sink_write refuses more. */
MUST_CHECK int sink_finish(struct sink *s, int64_t *ret_bytes, int64_t *ret_frames,
                           struct err *reterr);
void sink_close(struct sink **s);

#endif
