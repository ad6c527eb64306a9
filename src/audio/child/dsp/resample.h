/* Another sample rate, for one channel at a time, over swresample: 64 taps at the lower
 * rate, cut off at 0.97 of half of it. No net delay: output position n is input position
 * n * from / to. One `resampler` is one signal, for one thread at a time. */
#ifndef AUDIO_CHILD_DSP_RESAMPLE_H
#define AUDIO_CHILD_DSP_RESAMPLE_H

#include "audio/child/dsp/track.h"

struct resampler;

/* Equal rates copy. */
MUST_CHECK int resampler_new(int from_hz, int to_hz, struct resampler **ret,
                             struct err *reterr);
/* Appends to `out` what `count` more samples give; NULL: there are no more. */
MUST_CHECK int resampler_run(struct resampler *r, const float *samples, size_t count,
                             struct track *out, struct err *reterr);
/* Accepts NULL. */
void resampler_free(struct resampler **r);

#endif
