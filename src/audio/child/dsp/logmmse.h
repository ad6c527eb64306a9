/* Noise reduction in the spectrum, one channel at any rate. Gain: the log-spectral
 * amplitude estimator with a decision-directed a-priori SNR (Y. Ephraim and D. Malah,
 * 1985). Noise: by speech presence probability (T. Gerkmann and R. C. Hendriks, 2012),
 * started from a low quantile of each bin over the first seconds. Windows of 30 ms, up to
 * the next power of two, root of Hann, hops of a quarter.
 *
 * One `logmmse` is one channel, for one thread at a time. */
#ifndef AUDIO_CHILD_DSP_LOGMMSE_H
#define AUDIO_CHILD_DSP_LOGMMSE_H

#include <stddef.h>
#include "audio/child/dsp/kernels.h"
#include "base/err.h"

struct logmmse;

/* `gain_min`: the least gain, an amplitude in (0, 1]. */
MUST_CHECK int logmmse_new(const struct kernels *kernels, int rate_hz, float gain_min,
                           struct logmmse **ret, struct err *reterr);
/* From now on bins whose noise is not steady keep up to `share_most` of the recording
 * (unsteady.h). Before the first run. */
MUST_CHECK int logmmse_spare_unsteady(struct logmmse *l, float share_most,
                                      struct err *reterr);
/* Samples that a call of _run takes and gives, and by which the result is late. */
size_t logmmse_hop(const struct logmmse *l);
size_t logmmse_delay(const struct logmmse *l);
/* Learns the noise from `count` samples of what is to come; before the first run. */
MUST_CHECK int logmmse_learn(struct logmmse *l, const float *samples, size_t count,
                             struct err *reterr);
/* `speech_band` (NULL: not wanted) gets the input as it is but for rumble: below 50 Hz
 * nothing, from 90 Hz on all, without a shift in phase. As late as `out`. */
void logmmse_run(struct logmmse *l, const float *in, float *out, float *speech_band);
/* Power of the last window from `low_hz` up to `high_hz`. */
float logmmse_power(const struct logmmse *l, double low_hz, double high_hz);
/* Accepts NULL. */
void logmmse_free(struct logmmse **l);

#endif
