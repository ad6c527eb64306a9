#include "audio/child/dsp/unsteady.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const double PAST_S = 0.1, CHANGE_S = 0.6, SPEECH_HZ = 160.0;
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

/* 10 log10 of a positive power to within 0.0005, in operations that the compiler turns into
 * vectors: exponent and mantissa are read from the bits, log2(1 + x) is near
 * x + x (1 - x) p(x), which is exact at both ends. */
static float decibels(float power)
{
    const float db_of_octave = 3.01029996f;
    int32_t bits, mantissa_bits;
    float mantissa, x;

    memcpy(&bits, &power, sizeof bits);
    mantissa_bits = (bits & 0x7fffff) | 0x3f800000;
    memcpy(&mantissa, &mantissa_bits, sizeof mantissa);
    x = mantissa - 1.0f;
    return db_of_octave *
           ((float)((bits >> 23) - 127) + x +
            x * (1.0f - x) * (0.438379f + x * (-0.237501f + x * 0.0806532f)));
}

/* How far the estimate is from where it just was, in dB, of late. */
static void changes_add(struct unsteady *u, const float *noise)
{
    const float past_keep = u->past_keep, change_keep = u->change_keep;
    float *past = u->past, *change = u->change;

    for (size_t i = 0; i < u->bins && !u->is_started; i++)
        past[i] = decibels(noise[i] + 1e-20f);
    u->is_started = 1;
    for (size_t i = 0; i < u->bins; i++) {
        const float db = decibels(noise[i] + 1e-20f);

        change[i] = change_keep * change[i] + (1.0f - change_keep) * fabsf(db - past[i]);
        past[i] = past_keep * past[i] + (1.0f - past_keep) * db;
    }
    for (size_t i = 0; i < u->bins; i++)
        u->sums[i + 1] = u->sums[i] + (double)change[i];
}

/* Of the bin and its neighbours. */
static float change_at(const struct unsteady *u, int bin)
{
    const int width = WIDTH_LEAST + bin / WIDTH_SHARE, bins = (int)u->bins;
    const int from = bin > width ? bin - width : 0;
    const int to = bin + width < bins ? bin + width + 1 : bins;

    return (float)(u->sums[to] - u->sums[from]) / (float)(to - from);
}

void unsteady_spare(struct unsteady *u, const float *noise, float *gain)
{
    const float range_db = WANDERING_DB - STEADY_DB;

    changes_add(u, noise);
    for (int i = (int)u->first; i < (int)u->bins; i++) {
        const float over_db = change_at(u, i) - STEADY_DB;
        const float kept_db = over_db < 0.0f       ? 0.0f
                              : over_db > range_db ? range_db
                                                   : over_db;

        gain[i] += u->share_most * (kept_db / range_db) * (1.0f - gain[i]);
    }
}

void unsteady_release(struct unsteady *u)
{
    free(u->past);
    free(u->change);
    free(u->sums);
    *u = (struct unsteady){ .bins = 0 };
}
