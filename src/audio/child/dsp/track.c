#include "audio/child/dsp/track.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { CAPACITY_MIN = 4096 };

int track_append(struct track *t, const float *samples, size_t count, struct err *reterr)
{
    const size_t held = (size_t)(t->end - t->start);

    if (count == 0)
        return 0;
    if (held + count > t->capacity) {
        size_t capacity = t->capacity ? t->capacity : CAPACITY_MIN;
        float *grown;

        while (capacity < held + count)
            capacity += capacity / 2;
        grown = realloc(t->data, capacity * sizeof *grown);
        if (!grown)
            return err_set(reterr, ERR_NO_MEMORY, "Out of memory.");
        t->data = grown;
        t->capacity = capacity;
    }
    if (samples)
        memcpy(t->data + held, samples, count * sizeof *samples);
    else
        memset(t->data + held, 0, count * sizeof *t->data);
    t->end += (int64_t)count;
    return 0;
}

void track_forget(struct track *t, int64_t position)
{
    assert(position <= t->end);
    if (position <= t->start)
        return;
    memmove(t->data, track_at(t, position), (size_t)(t->end - position) * sizeof *t->data);
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
    free(t->data);
    *t = (struct track){ 0 };
}
