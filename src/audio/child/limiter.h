/* A gain, and a limiter behind it that keeps true peaks under a ceiling. It looks 5 ms
 * ahead, so the gain has gone down smoothly when a peak comes, and lets it recover over 100
 * ms. All channels get the same gain: the stereo image stays. Constant memory. */
#ifndef AUDIO_CHILD_LIMITER_H
#define AUDIO_CHILD_LIMITER_H

#include <libavutil/frame.h>
#include "base/err.h"

struct limiter;

/* `gain` and `ceiling` are factors; `ceiling` 0: the gain alone. */
MUST_CHECK int limiter_open(int sample_rate_hz, int channels, double gain, double ceiling,
                            struct limiter **ret, struct err *reterr);
/* Changes the block of planar floats in place. The results are limiter_delay() frames late,
 * with zeros ahead: push as many more frames behind the last. */
void limiter_run(struct limiter *l, AVFrame *block);
int limiter_delay(const struct limiter *l);
void limiter_close(struct limiter **l);

#endif
