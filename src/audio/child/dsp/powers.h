/* Mean power of each hop of a 16 kHz signal, as a track of its own: position = hop. */
#ifndef AUDIO_CHILD_DSP_POWERS_H
#define AUDIO_CHILD_DSP_POWERS_H

#include <stdbool.h>
#include "audio/child/dsp/track.h"

/* Appends the powers of the hops that `signal` has and `powers` has not; with `is_last`
 * also of a last one that is not whole. `signal` must still have them. */
MUST_CHECK int powers_append(struct track *powers, const struct track *signal, bool is_last,
                             struct err *reterr);

#endif
