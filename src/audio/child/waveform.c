#include "audio/child/waveform.h"

#include <math.h>
#include <string.h>

void waveform_init(struct waveform *w)
{
    memset(w, 0, sizeof *w);
    w->per_bin = 1;
}

/* Joins pairs of bins; their number is even. */
static void bins_halve(struct waveform *w)
{
    for (int i = 0; i < w->bins / 2; i++) {
        w->low[i] = fminf(w->low[2 * i], w->low[2 * i + 1]);
        w->high[i] = fmaxf(w->high[2 * i], w->high[2 * i + 1]);
    }
    w->bins /= 2;
    w->per_bin *= 2;
}

static void frame_add(struct waveform *w, float low, float high)
{
    if (w->bins == 0 || w->in_bin == w->per_bin) {
        if (w->bins == WAVEFORM_BINS)
            bins_halve(w);
        w->low[w->bins] = low;
        w->high[w->bins] = high;
        w->bins++;
        w->in_bin = 0;
    }
    w->low[w->bins - 1] = fminf(w->low[w->bins - 1], low);
    w->high[w->bins - 1] = fmaxf(w->high[w->bins - 1], high);
    w->in_bin++;
    w->frames++;
}

void waveform_add(struct waveform *w, const AVFrame *block)
{
    for (int i = 0; i < block->nb_samples; i++) {
        float low = INFINITY, high = -INFINITY;

        for (int c = 0; c < block->ch_layout.nb_channels; c++) {
            const float x = ((const float *)(const void *)block->extended_data[c])[i];

            low = fminf(low, x);
            high = fmaxf(high, x);
        }
        frame_add(w, low, high);
    }
}

static int8_t scaled(float value)
{
    const float at = value * 127.0f;
    const float away = at < 0.0f ? floorf(at) : ceilf(at);

    return (int8_t)fmaxf(-127.0f, fminf(127.0f, away));
}

int waveform_write(const struct waveform *w, int buckets, int8_t *pairs)
{
    const int count = buckets < w->bins ? buckets : w->bins;

    for (int b = 0; b < count; b++) {
        /* Bins are many times the buckets, or one frame each: to the nearest one is enough.
         */
        int from = (int)((double)w->frames * b / count / (double)w->per_bin);
        int to = (int)((double)w->frames * (b + 1) / count / (double)w->per_bin);
        float low = INFINITY, high = -INFINITY;

        if (from >= w->bins)
            from = w->bins - 1;
        if (to <= from)
            to = from + 1;
        if (b == count - 1 || to > w->bins)
            to = w->bins;
        for (int i = from; i < to; i++) {
            low = fminf(low, w->low[i]);
            high = fmaxf(high, w->high[i]);
        }
        pairs[2 * b] = scaled(low);
        pairs[2 * b + 1] = scaled(high);
    }
    return count;
}
