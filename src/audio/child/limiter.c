#include "audio/child/limiter.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* True peaks are found as ITU-R BS.1770 does it: at four points per sample by a short
 * interpolation filter. */
enum { PHASES = 4, TAPS = 12, BEFORE = TAPS / 2 };

static const double AHEAD_S = 0.005, RELEASE_S = 0.1;

struct limiter {
    int channels, ahead, delay;
    double gain, ceiling, recovery; /* of what is missing to 1, per frame */
    double need;                    /* with its slow recovery */
    float taps[PHASES][TAPS];
    float *
        history; /* channels x TAPS: the newest samples, twice over to read them in order */
    float *line; /* channels x delay: what waits for its gain */
    double *lowest;     /* a queue of falling needs: the sliding minimum over `ahead` + 1 */
    int64_t *lowest_at; /* their frames */
    int first, count;
    double *minima, sum; /* the last `ahead` + 1 minima and their sum: the sliding mean */
    double last_peak;
    int64_t at;
};

/* A sinc under a Hann window, for a quarter of a sample each. */
static void taps_make(struct limiter *l)
{
    for (int p = 0; p < PHASES; p++) {
        double sum = 0.0;

        for (int k = 0; k < TAPS; k++) {
            const double t = k - (BEFORE - 1) - p / (double)PHASES;
            const double sinc = fabs(t) < 1e-9 ? 1.0 : sin(M_PI * t) / (M_PI * t);
            const double tap = sinc * (0.5 + 0.5 * cos(M_PI * t / (BEFORE + 0.5)));

            l->taps[p][k] = (float)tap;
            sum += tap;
        }
        for (int k = 0; k < TAPS; k++)
            l->taps[p][k] = (float)((double)l->taps[p][k] / sum);
    }
}

int limiter_open(int sample_rate_hz, int channels, double gain, double ceiling,
                 struct limiter **ret, struct err *reterr)
{
    struct limiter *l = calloc(1, sizeof *l);
    size_t window;

    if (!l)
        return err_set(reterr, ERR_NO_MEMORY, "Out of memory.");
    l->channels = channels;
    l->gain = gain;
    l->ceiling = ceiling;
    l->need = 1.0;
    l->ahead = (int)(AHEAD_S * sample_rate_hz) + 1;
    l->delay = ceiling > 0.0 ? l->ahead + BEFORE : 0;
    l->recovery = 1.0 - exp(-1.0 / (RELEASE_S * sample_rate_hz));
    window = (size_t)l->ahead + 1;
    l->history = calloc((size_t)channels * 2 * TAPS, sizeof *l->history);
    l->line = calloc((size_t)channels * ((size_t)l->delay + 1), sizeof *l->line);
    l->lowest = calloc(window, sizeof *l->lowest);
    l->lowest_at = calloc(window, sizeof *l->lowest_at);
    l->minima = malloc(window * sizeof *l->minima);
    if (!l->history || !l->line || !l->lowest || !l->lowest_at || !l->minima) {
        limiter_close(&l);
        return err_set(reterr, ERR_NO_MEMORY, "Out of memory.");
    }
    for (size_t i = 0; i < window; i++)
        l->minima[i] = 1.0;
    l->sum = (double)window;
    taps_make(l);
    *ret = l;
    return 0;
}

/* The largest of the values from this sample's place on to the next one's, BEFORE frames
 * ago. */
static double peak_between(struct limiter *l, int channel, float value)
{
    float *h = l->history + (size_t)channel * 2 * TAPS;
    const int slot = (int)(l->at % TAPS);
    const float *oldest;
    double peak = 0.0;

    h[slot] = h[slot + TAPS] = value;
    oldest = h + slot + 1;
    for (int p = 0; p < PHASES; p++) {
        float sum = 0.0f;

        for (int k = 0; k < TAPS; k++)
            sum += oldest[k] * l->taps[p][k];
        peak = fmax(peak, fabs((double)sum));
    }
    return peak;
}

static double sliding_minimum(struct limiter *l, double need)
{
    const int window = l->ahead + 1;

    while (l->count > 0 && l->lowest[(l->first + l->count - 1) % window] >= need)
        l->count--;
    if (l->count > 0 && l->lowest_at[l->first] <= l->at - window) {
        l->first = (l->first + 1) % window;
        l->count--;
    }
    l->lowest[(l->first + l->count) % window] = need;
    l->lowest_at[(l->first + l->count) % window] = l->at;
    l->count++;
    return l->lowest[l->first];
}

/* The gain for the sample that came `delay` frames ago. The mean of minima is never above
 * what that sample needs, since each of the minima has it in its window. */
static double next_gain(struct limiter *l, double peak)
{
    const double both = fmax(peak, l->last_peak); /* it lies between two samples */
    const double wanted = both > l->ceiling ? l->ceiling / both : 1.0;
    const int slot = (int)(l->at % (l->ahead + 1));
    double minimum;

    l->last_peak = peak;
    l->need = fmin(wanted, l->need + (1.0 - l->need) * l->recovery);
    minimum = sliding_minimum(l, l->need);
    l->sum += minimum - l->minima[slot];
    l->minima[slot] = minimum;
    return fmin(1.0, l->sum / (l->ahead + 1));
}

static float delayed(struct limiter *l, int channel, float value)
{
    float *line = l->line + (size_t)channel * (size_t)l->delay;
    const int64_t slot = l->at % l->delay;
    const float old = line[slot];

    line[slot] = value;
    return old;
}

static void frame_run(struct limiter *l, AVFrame *block, int i)
{
    double peak = 0.0, gain;

    for (int c = 0; c < l->channels; c++) {
        float *at = (float *)(void *)block->extended_data[c] + i;
        const float value = (float)((double)*at * l->gain);

        peak = fmax(peak, peak_between(l, c, value));
        *at = delayed(l, c, value);
    }
    gain = next_gain(l, peak);
    for (int c = 0; c < l->channels; c++) {
        float *at = (float *)(void *)block->extended_data[c] + i;

        *at = (float)((double)*at * gain);
    }
    l->at++;
}

void limiter_run(struct limiter *l, AVFrame *block)
{
    for (int c = 0; c < l->channels && l->delay == 0; c++) {
        float *plane = (float *)(void *)block->extended_data[c];

        for (int i = 0; i < block->nb_samples; i++)
            plane[i] = (float)((double)plane[i] * l->gain);
    }
    for (int i = 0; i < block->nb_samples && l->delay > 0; i++)
        frame_run(l, block, i);
}

int limiter_delay(const struct limiter *l)
{
    return l->delay;
}

void limiter_close(struct limiter **limiter)
{
    struct limiter *l = *limiter;

    if (!l)
        return;
    free(l->history);
    free(l->line);
    free(l->lowest);
    free(l->lowest_at);
    free(l->minima);
    free(l);
    *limiter = NULL;
}
