#include "audio/child/dsp/dtln.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "audio/child/dsp/dtln_weights.h"
#include "audio/child/dsp/fft.h"

enum { FRAMES = DTLN_HOPS_MAX, SPECTRUM = DTLN_WINDOW + 2, KEPT = DTLN_WINDOW - DTLN_HOP };

struct lstm {
    const float *in, *bias, *back;
    size_t inputs;
};

struct lstm_state {
    float shown[DTLN_UNITS], cell[DTLN_UNITS];
};

struct dtln {
    const struct kernels *k;
    struct fft *fft;
    struct lstm_state states[4];
    float samples[KEPT + FRAMES * DTLN_HOP]; /* the last window's rest, then what is new */
    float added[KEPT + FRAMES * DTLN_HOP];   /* overlapped output, not yet complete */
    float spectra[FRAMES][SPECTRUM];
    float frames[FRAMES][DTLN_WINDOW];
    float features[FRAMES][DTLN_FEATURES], normed[FRAMES][DTLN_FEATURES];
    float bins[FRAMES][DTLN_BINS_PADDED]; /* magnitudes, then masks */
    float gates[FRAMES][DTLN_GATES];
    float hidden[2][FRAMES][DTLN_UNITS];
};

int dtln_new(const struct kernels *kernels, struct dtln **ret, struct err *reterr)
{
    struct dtln *d = calloc(1, sizeof *d);

    if (!d)
        return err_set(reterr, ERR_NO_MEMORY, "Out of memory.");
    d->k = kernels;
    if (fft_new(DTLN_WINDOW, &d->fft, reterr) != 0) {
        free(d);
        return ERR_NO_MEMORY;
    }
    *ret = d;
    return 0;
}

/* x: hops rows of l->inputs, `stride` apart -> out. The input's share of the gates is one
 * product of matrices; what comes back from the step before is a vector's. */
static void lstm_run(struct dtln *d, const struct lstm *l, struct lstm_state *state,
                     const float *x, size_t stride, float (*out)[DTLN_UNITS], size_t hops)
{
    d->k->matrix(l->in, l->bias, DTLN_GATES, l->inputs, x, stride, d->gates[0], DTLN_GATES,
                 hops);
    for (size_t t = 0; t < hops; t++) {
        d->k->vector(l->back, DTLN_GATES, DTLN_UNITS, t ? out[t - 1] : state->shown,
                     d->gates[t]);
        d->k->lstm(d->gates[t], DTLN_UNITS, state->cell, out[t]);
    }
    memcpy(state->shown, out[hops - 1], sizeof state->shown);
}

static void spectrum_mask(struct dtln *d, size_t hops)
{
    const struct dtln_weights *w = &dtln_weights;
    const struct lstm first = { w->spectrum_1.in, w->spectrum_1.bias, w->spectrum_1.back,
                                DTLN_BINS };
    const struct lstm second = { w->spectrum_2.in, w->spectrum_2.bias, w->spectrum_2.back,
                                 DTLN_UNITS };

    lstm_run(d, &first, &d->states[0], d->bins[0], DTLN_BINS_PADDED, d->hidden[0], hops);
    lstm_run(d, &second, &d->states[1], d->hidden[0][0], DTLN_UNITS, d->hidden[1], hops);
    d->k->matrix(w->spectrum_mask, w->spectrum_mask_bias, DTLN_BINS_PADDED, DTLN_UNITS,
                 d->hidden[1][0], DTLN_UNITS, d->bins[0], DTLN_BINS_PADDED, hops);
    d->k->sigmoid(d->bins[0], hops * DTLN_BINS_PADDED);
}

/* d->samples -> d->frames, masked in the spectrum (512 -> 257 -> 128 -> 128 -> 257 -> 512).
 */
static void stage_spectrum(struct dtln *d, size_t hops)
{
    for (size_t t = 0; t < hops; t++) {
        const float *s = d->spectra[t];

        fft_forward(d->fft, d->samples + t * DTLN_HOP, d->spectra[t]);
        for (size_t i = 0; i < DTLN_BINS; i++)
            d->bins[t][i] = sqrtf(s[2 * i] * s[2 * i] + s[2 * i + 1] * s[2 * i + 1]);
    }
    spectrum_mask(d, hops);
    for (size_t t = 0; t < hops; t++) {
        for (size_t i = 0; i < DTLN_BINS; i++) {
            d->spectra[t][2 * i] *= d->bins[t][i];
            d->spectra[t][2 * i + 1] *= d->bins[t][i];
        }
        fft_inverse(d->fft, d->spectra[t], d->frames[t]);
    }
}

/* Instant layer normalisation: over the features of one frame. */
static void norm(const float *x, float *out)
{
    float mean = 0.0f, variance = 0.0f, scale;

    for (size_t i = 0; i < DTLN_FEATURES; i++)
        mean += x[i];
    mean /= DTLN_FEATURES;
    for (size_t i = 0; i < DTLN_FEATURES; i++)
        variance += (x[i] - mean) * (x[i] - mean);
    scale = 1.0f / sqrtf(variance / DTLN_FEATURES + 1e-7f);
    for (size_t i = 0; i < DTLN_FEATURES; i++)
        out[i] = (x[i] - mean) * scale * dtln_weights.norm_gain[i] +
                 dtln_weights.norm_bias[i];
}

static void feature_mask(struct dtln *d, size_t hops)
{
    const struct dtln_weights *w = &dtln_weights;
    const struct lstm first = { w->feature_1.in, w->feature_1.bias, w->feature_1.back,
                                DTLN_FEATURES };
    const struct lstm second = { w->feature_2.in, w->feature_2.bias, w->feature_2.back,
                                 DTLN_UNITS };

    lstm_run(d, &first, &d->states[2], d->normed[0], DTLN_FEATURES, d->hidden[0], hops);
    lstm_run(d, &second, &d->states[3], d->hidden[0][0], DTLN_UNITS, d->hidden[1], hops);
    d->k->matrix(w->feature_mask, w->feature_mask_bias, DTLN_FEATURES, DTLN_UNITS,
                 d->hidden[1][0], DTLN_UNITS, d->normed[0], DTLN_FEATURES, hops);
    d->k->sigmoid(d->normed[0], hops * DTLN_FEATURES);
}

/* d->frames -> d->frames, masked among learnt features (512 -> 256 -> 128 -> 128 -> 256 ->
 * 512). */
static void stage_features(struct dtln *d, size_t hops)
{
    const struct dtln_weights *w = &dtln_weights;

    d->k->matrix(w->encoder, w->encoder_bias, DTLN_FEATURES, DTLN_WINDOW, d->frames[0],
                 DTLN_WINDOW, d->features[0], DTLN_FEATURES, hops);
    for (size_t t = 0; t < hops; t++)
        norm(d->features[t], d->normed[t]);
    feature_mask(d, hops);
    for (size_t t = 0; t < hops; t++) {
        for (size_t i = 0; i < DTLN_FEATURES; i++)
            d->features[t][i] *= d->normed[t][i];
    }
    d->k->matrix(w->decoder, w->decoder_bias, DTLN_WINDOW, DTLN_FEATURES, d->features[0],
                 DTLN_FEATURES, d->frames[0], DTLN_WINDOW, hops);
}

void dtln_run(struct dtln *d, const float *in, float *out, size_t hops)
{
    const size_t count = hops * DTLN_HOP;

    memcpy(d->samples + KEPT, in, count * sizeof *in);
    stage_spectrum(d, hops);
    stage_features(d, hops);
    memmove(d->samples, d->samples + count, KEPT * sizeof *d->samples);

    memset(d->added + KEPT, 0, count * sizeof *d->added);
    for (size_t t = 0; t < hops; t++) {
        float *to = d->added + t * DTLN_HOP;

        for (size_t i = 0; i < DTLN_WINDOW; i++)
            to[i] += d->frames[t][i];
    }
    memcpy(out, d->added, count * sizeof *out);
    memmove(d->added, d->added + count, KEPT * sizeof *d->added);
}

void dtln_free(struct dtln **dtln)
{
    if (!*dtln)
        return;
    fft_free(&(*dtln)->fft);
    free(*dtln);
    *dtln = NULL;
}
