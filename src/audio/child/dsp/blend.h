/* How much of the network, of log-MMSE and of the recording itself goes into the result,
 * hop by hop, by how noisy the seconds around are. The network is best in noise, log-MMSE
 * where the network might hurt, and clean recordings are left as they are: so no kind of
 * noise comes out worse than it went in. Weights were chosen by tests/quality. */
#ifndef AUDIO_CHILD_DSP_BLEND_H
#define AUDIO_CHILD_DSP_BLEND_H

#include <stdbool.h>
#include "audio/strength.h"
#include "audio/child/dsp/track.h"

/* The three sum to 1. */
struct blend_weights {
    float network, recording; /* the rest is log-MMSE's */
};

/* Pure. `is_narrow`: telephone speech, nothing above 4 kHz. */
struct blend_weights blend_weights_of(double snr_db, bool is_narrow,
                                      enum audio_strength strength);

/* What the hops around tell, and the weights that follow; tracks by hop. One channel. */
struct blend {
    enum audio_strength strength;
    bool is_narrow;             /* set by the caller as it learns of it */
    struct track before, after; /* powers of the recording and of the network's output */
    struct track network, recording; /* weights */
    struct track gain;               /* what the network left of each hop, an amplitude */
    struct blend_weights last;
};

/* Signals at 16 kHz: the recording, and what the network gave; `fed_powers` by hop of what
 * the network got. Extends the weights as far as they can be known, with `is_last` to the
 * end. */
MUST_CHECK int blend_run(struct blend *b, const struct track *recording,
                         const struct track *given, const struct track *fed_powers,
                         bool is_last, struct err *reterr);
/* Weights within one hop, straight lines from its start to its end. `hop` must have been
 * reached, the next too but for the last. */
struct blend_line {
    float network[2], recording[2], gain[2];
};
struct blend_line blend_line_of(const struct blend *b, int64_t hop);
/* The first hop whose line is not known yet. */
int64_t blend_end(const struct blend *b, bool is_last);
/* Forgets hops that no longer matter for weights from `hop` on. */
void blend_forget(struct blend *b, int64_t hop);
void blend_release(struct blend *b);

#endif
