/* A stretch of one signal in memory, by position: samples are appended at its end and
 * forgotten from its start. Positions count from the signal's first sample, so that tracks
 * of stages with different delays line up. Needs no lock: one thread at a time. */
#ifndef AUDIO_CHILD_DSP_TRACK_H
#define AUDIO_CHILD_DSP_TRACK_H

#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

struct track {
    float *data; /* of the sample at `start` */
    int64_t start, end;
    float *memory; /* `capacity` floats; `data` points into them */
    size_t capacity;
};

/* Appends `count` samples; NULL: zeros. Only ERR_NO_MEMORY. */
MUST_CHECK int track_append(struct track *t, const float *samples, size_t count,
                            struct err *reterr);
/* Forgets what is before `position`, which may not be past the end. */
void track_forget(struct track *t, int64_t position);
/* The sample at `position`; all up to the end follow it. Until the next append or forget.
 */
float *track_at(const struct track *t, int64_t position);
void track_release(struct track *t);

#endif
