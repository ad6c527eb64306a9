#include "audio/child/dsp/unsteady.h"

#include <math.h>
#include <stdlib.h>

static const double PAST_S = 0.1, CHANGE_S = 1.0, SPEECH_HZ = 160.0;
static const float STEADY_DB = 0.7f, WANDERING_DB = 1.1f; /* chosen by tests/quality */
enum { WIDTH_LEAST = 3, WIDTH_SHARE = 8 }; /* neighbours: an eighth of the bin */

int unsteady_init(struct unsteady *u, size_t bins, double bin_hz, double hop_s,
                  float share_most, struct err *reterr)
{
    *u = (struct unsteady){ .bins = bins,
                            .first = (size_t)(SPEECH_HZ / bin_hz) + 1,
                            .past_keep = (float)exp(-hop_s / PAST_S),
                            .change_keep = (float)exp(-hop_s / CHANGE_S),
                            .share_most = share_most };
    u->past = calloc(bins, sizeof *u->past);
    u->change = calloc(bins, sizeof *u->change);
    u->sums = calloc(bins + 1, sizeof *u->sums);
    if (u->past && u->change && u->sums)
        return 0;
    unsteady_release(u);
    return err_set(reterr, ERR_NO_MEMORY, "Out of memory.");
}

/* How far the estimate is from where it just was, in dB, over the last second. */
static void changes_add(struct unsteady *u, const float *noise)
{
    for (size_t i = 0; i < u->bins; i++) {
        const float db = 10.0f * log10f(noise[i] + 1e-20f);
        const float past = u->is_started ? u->past[i] : db;

        u->past[i] = u->past_keep * past + (1.0f - u->past_keep) * db;
        u->change[i] = u->change_keep * u->change[i] +
                       (1.0f - u->change_keep) * fabsf(db - past);
        u->sums[i + 1] = u->sums[i] + (double)u->change[i];
    }
    u->is_started = 1;
}

/* Of the bin and its neighbours. */
static float change_at(const struct unsteady *u, size_t bin)
{
    const size_t width = WIDTH_LEAST + bin / WIDTH_SHARE;
    const size_t from = bin > width ? bin - width : 0;
    const size_t to = bin + width < u->bins ? bin + width + 1 : u->bins;

    return (float)((u->sums[to] - u->sums[from]) / (double)(to - from));
}

void unsteady_spare(struct unsteady *u, const float *noise, float *gain)
{
    changes_add(u, noise);
    for (size_t i = u->first; i < u->bins; i++) {
        const float over = (change_at(u, i) - STEADY_DB) / (WANDERING_DB - STEADY_DB);
        const float share = u->share_most * fminf(fmaxf(over, 0.0f), 1.0f);

        gain[i] += share * (1.0f - gain[i]);
    }
}

void unsteady_release(struct unsteady *u)
{
    free(u->past);
    free(u->change);
    free(u->sums);
    *u = (struct unsteady){ .bins = 0 };
}
