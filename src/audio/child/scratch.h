/* Samples kept in a file meanwhile, as floats, because what becomes of them depends on all.
 */
#ifndef AUDIO_CHILD_SCRATCH_H
#define AUDIO_CHILD_SCRATCH_H

#include <libavutil/frame.h>
#include "base/err.h"

struct scratch;

/* `fd` is borrowed, empty. */
MUST_CHECK int scratch_open(int fd, int sample_rate_hz, const AVChannelLayout *layout,
                            struct scratch **ret, struct err *reterr);
/* Appends a block of planar floats, borrowed. */
MUST_CHECK int scratch_write(struct scratch *s, const AVFrame *block, struct err *reterr);
/* Reads from the start from now on. */
void scratch_rewind(struct scratch *s);
/* The next block, the caller's to change until the next call; NULL in *ret at the end. */
MUST_CHECK int scratch_read(struct scratch *s, AVFrame **ret, struct err *reterr);
void scratch_close(struct scratch **s);

#endif
