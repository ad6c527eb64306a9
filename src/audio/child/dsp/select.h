/* The n-th smallest of some numbers, without sorting them. Pure; any thread. */
#ifndef AUDIO_CHILD_DSP_SELECT_H
#define AUDIO_CHILD_DSP_SELECT_H

#include <stddef.h>

/* What would be at `rank` (below `count`) if `values`, which are put in another order and
 * must be numbers, were sorted. On average in time of `count`. */
float select_rank(float *values, size_t count, size_t rank);

#endif
