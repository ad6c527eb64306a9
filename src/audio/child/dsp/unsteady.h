/* Sparing what a gain rule cannot tell from speech. A noise estimate that goes up and down
 * within a tenth of a second follows babble, music or the speech itself: taking it away
 * costs speech more than noise. Such bins keep more of the recording, those of steady noise
 * none. By bin, so that hum under talk still goes.
 *
 * One `unsteady` is one channel, for one thread at a time. */
#ifndef AUDIO_CHILD_DSP_UNSTEADY_H
#define AUDIO_CHILD_DSP_UNSTEADY_H

#include <stddef.h>
#include "base/err.h"

struct unsteady {
    size_t bins, first; /* below `first` is no speech: nothing is spared */
    float past_keep, change_keep;
    float share_most; /* of the recording, where the estimate wanders most */
    float *past, *change;
    double *sums;
    int is_started;
};

MUST_CHECK int unsteady_init(struct unsteady *u, size_t bins, double bin_hz, double hop_s,
                             float share_most, struct err *reterr);
/* One frame: `noise`, the estimate as powers, moves each of `gain` towards 1. */
void unsteady_spare(struct unsteady *u, const float *noise, float *gain);
/* Of one that is zeroed, too. */
void unsteady_release(struct unsteady *u);

#endif
