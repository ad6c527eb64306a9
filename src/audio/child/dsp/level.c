#include "audio/child/dsp/level.h"

#include <assert.h>
#include <math.h>
#include <string.h>
#include "audio/child/dsp/select.h"

static const double ACTIVE_SHARE = 0.1, PAUSE_SHARE = 0.2, TAKEN_SHARE = 0.25;
static const double SILENCE = 1e-10; /* a power, -100 dBFS */

double level_active_rms(const float *powers, size_t count)
{
    double mean = 0.0, sum = 0.0;
    size_t active = 0;

    for (size_t i = 0; i < count; i++)
        mean += powers[i];
    mean /= count ? (double)count : 1.0;
    for (size_t i = 0; i < count; i++) {
        if (powers[i] >= ACTIVE_SHARE * mean) {
            sum += powers[i];
            active++;
        }
    }
    return active ? sqrt(sum / (double)active) : 0.0;
}

/* The power below which a share of the frames lie. */
static float quantile(const float *powers, size_t count, double share)
{
    float sorted[LEVEL_FRAMES_MAX];

    memcpy(sorted, powers, count * sizeof *powers);
    return select_rank(sorted, count, (size_t)(share * (double)count));
}

double level_snr_db(const float *before, const float *after, size_t count)
{
    double pause = 0.0, taken = 0.0, speech = 0.0, noise, db;
    size_t pauses = 0;
    float quiet;

    assert(count <= LEVEL_FRAMES_MAX);
    if (count == 0)
        return 0.0;
    quiet = quantile(after, count, PAUSE_SHARE);
    for (size_t i = 0; i < count; i++) {
        speech += after[i];
        if (after[i] <= quiet) {
            pause += before[i];
            pauses++;
        }
        if (after[i] < TAKEN_SHARE * before[i])
            taken += before[i];
    }
    noise = fmax(pause / (double)pauses, taken / (double)count);
    db = 10.0 * log10((speech / (double)count + SILENCE) / (noise + SILENCE));
    return fmin(fmax(db, -30.0), 90.0);
}
