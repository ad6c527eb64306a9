/* log-MMSE over tracks: learns the noise from what comes first, makes up for the delay and
 * for lengths that are no whole number of hops. One channel, one thread at a time. */
#ifndef AUDIO_CHILD_DSP_DENOISE_H
#define AUDIO_CHILD_DSP_DENOISE_H

#include <stdbool.h>
#include "audio/child/dsp/logmmse.h"
#include "audio/child/dsp/track.h"

struct denoise {
    struct logmmse *logmmse;
    int64_t taken;       /* position in the input */
    int64_t learn_count; /* samples to learn from; 0: learnt */
    float *silence, *out, *band;
    float middle, high; /* recent powers at 1 to 3.5 kHz, and above 4.3 kHz */
};

MUST_CHECK int denoise_init(struct denoise *d, int rate_hz, float gain_min,
                            struct err *reterr);
/* Takes what `in` has from d->taken on and appends what that gives to `out` and, when not
 * NULL, to `band` (see logmmse_run). With `is_last` both then end where `in` does. */
MUST_CHECK int denoise_run(struct denoise *d, const struct track *in, bool is_last,
                           struct track *out, struct track *band, struct err *reterr);
/* Whether what was heard lately is telephone speech: nothing to speak of above 4.3 kHz. */
bool denoise_is_narrow(const struct denoise *d);
void denoise_release(struct denoise *d);

#endif
