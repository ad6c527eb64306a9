#include "audio/child/dsp/track.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { CAPACITY_MIN = 4096 };

/* Moves what is held to the front of the memory. */
static void compact(struct track *t)
{
    memmove(t->memory, t->data, (size_t)(t->end - t->start) * sizeof *t->data);
    t->data = t->memory;
}

/* Room for `count` more after what is held. What was forgotten is used again once it is a
 * quarter of what is held: a sample is moved four times on average, and memory is short. */
static int make_room(struct track *t, size_t count, struct err *reterr)
{
    const size_t held = (size_t)(t->end - t->start);
    const size_t unused = (size_t)(t->data - t->memory);
    size_t capacity = t->capacity ? t->capacity : CAPACITY_MIN;
    float *grown;

    if (unused + held + count <= t->capacity)
        return 0;
    if (unused)
        compact(t);
    if (4 * unused >= held && held + count <= t->capacity)
        return 0;
    while (capacity < held + held / 4 + count)
        capacity += capacity / 4;
    grown = realloc(t->memory, capacity * sizeof *grown);
    if (!grown)
        return err_set(reterr, ERR_NO_MEMORY, "Out of memory.");
    t->memory = t->data = grown;
    t->capacity = capacity;
    return 0;
}

int track_append(struct track *t, const float *samples, size_t count, struct err *reterr)
{
    const int rc = count ? make_room(t, count, reterr) : 0;
    float *to;

    if (rc || count == 0)
        return rc;
    to = t->data + (t->end - t->start);
    if (samples)
        memcpy(to, samples, count * sizeof *samples);
    else
        memset(to, 0, count * sizeof *to);
    t->end += (int64_t)count;
    return 0;
}

void track_forget(struct track *t, int64_t position)
{
    assert(position <= t->end);
    if (position <= t->start)
        return;
    t->data = track_at(t, position);
    t->start = position;
}

float *track_at(const struct track *t, int64_t position)
{
    assert(position >= t->start);
    assert(position <= t->end);
    return position == t->start ? t->data : t->data + (position - t->start);
}

void track_release(struct track *t)
{
    free(t->memory);
    *t = (struct track){ 0 };
}
