#include "audio/child/dsp/dtln.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "audio/child/dsp/dtln_weights.h"
#include "audio/child/dsp/fft.h"

enum { FRAMES = DTLN_HOPS_MAX, SPECTRUM = DTLN_WINDOW + 2, KEPT = DTLN_WINDOW - DTLN_HOP };
enum { STREAMS = 2 }; /* in step, at most */

struct lstm {
    const float *in, *bias, *back;
    size_t inputs;
};

/* Two LSTMs and a dense layer, which make a mask out of what it will mask. */
struct masker {
    struct lstm lstms[2];
    const float *dense, *bias;
    size_t outputs;
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

/* A step of one LSTM for each stream: what comes back from the step before. */
static void steps_run(struct dtln *const d[], size_t streams, const struct lstm *l,
                      size_t state, size_t out, size_t hops)
{
    const struct kernels *k = d[0]->k;

    for (size_t t = 0; t < hops; t++) {
        const float *shown[STREAMS] = { NULL };
        float *gates[STREAMS] = { NULL };

        for (size_t s = 0; s < streams; s++) {
            shown[s] = t ? d[s]->hidden[out][t - 1] : d[s]->states[state].shown;
            gates[s] = d[s]->gates[t];
        }
        if (streams == STREAMS)
            k->pair(l->back, DTLN_GATES, DTLN_UNITS, shown, gates);
        else
            k->vector(l->back, DTLN_GATES, DTLN_UNITS, shown[0], gates[0]);
        for (size_t s = 0; s < streams; s++)
            k->lstm(gates[s], DTLN_UNITS, d[s]->states[state].cell, d[s]->hidden[out][t]);
    }
    for (size_t s = 0; s < streams; s++)
        memcpy(d[s]->states[state].shown, d[s]->hidden[out][hops - 1],
               sizeof d[s]->states[state].shown);
}

/* x: rows of m->outputs for each hop of each stream, which become masks. The inputs' share
 * of an LSTM's gates is one product of matrices. `state`: of the first LSTM. */
static void mask_make(struct dtln *const d[], size_t streams, const struct masker *m,
                      size_t state, float *const x[], size_t hops)
{
    const struct kernels *k = d[0]->k;
    const struct lstm *first = &m->lstms[0], *second = &m->lstms[1];

    for (size_t s = 0; s < streams; s++)
        k->matrix(first->in, first->bias, DTLN_GATES, first->inputs, x[s], m->outputs,
                  d[s]->gates[0], DTLN_GATES, hops);
    steps_run(d, streams, first, state, 0, hops);
    for (size_t s = 0; s < streams; s++)
        k->matrix(second->in, second->bias, DTLN_GATES, DTLN_UNITS, d[s]->hidden[0][0],
                  DTLN_UNITS, d[s]->gates[0], DTLN_GATES, hops);
    steps_run(d, streams, second, state + 1, 1, hops);
    for (size_t s = 0; s < streams; s++) {
        k->matrix(m->dense, m->bias, m->outputs, DTLN_UNITS, d[s]->hidden[1][0], DTLN_UNITS,
                  x[s], m->outputs, hops);
        k->sigmoid(x[s], hops * m->outputs);
    }
}

static void magnitudes_take(struct dtln *d, size_t hops)
{
    for (size_t t = 0; t < hops; t++) {
        const float *s = d->spectra[t];

        fft_forward(d->fft, d->samples + t * DTLN_HOP, d->spectra[t]);
        for (size_t i = 0; i < DTLN_BINS; i++)
            d->bins[t][i] = sqrtf(s[2 * i] * s[2 * i] + s[2 * i + 1] * s[2 * i + 1]);
    }
}

static void spectrum_mask(struct dtln *d, size_t hops)
{
    for (size_t t = 0; t < hops; t++) {
        for (size_t i = 0; i < DTLN_BINS; i++) {
            d->spectra[t][2 * i] *= d->bins[t][i];
            d->spectra[t][2 * i + 1] *= d->bins[t][i];
        }
        fft_inverse(d->fft, d->spectra[t], d->frames[t]);
    }
}

/* samples -> frames, masked in the spectrum (512 -> 257 -> 128 -> 128 -> 257 -> 512). */
static void stage_spectrum(struct dtln *const d[], size_t streams, size_t hops)
{
    const struct dtln_weights *w = dtln_weights_held();
    const struct masker m = {
        { { w->spectrum_1.in, w->spectrum_1.bias, w->spectrum_1.back, DTLN_BINS },
          { w->spectrum_2.in, w->spectrum_2.bias, w->spectrum_2.back, DTLN_UNITS } },
        w->spectrum_mask,
        w->spectrum_mask_bias,
        DTLN_BINS_PADDED,
    };
    float *x[STREAMS] = { NULL };

    for (size_t s = 0; s < streams; s++) {
        magnitudes_take(d[s], hops);
        x[s] = d[s]->bins[0];
    }
    mask_make(d, streams, &m, 0, x, hops);
    for (size_t s = 0; s < streams; s++)
        spectrum_mask(d[s], hops);
}

/* Instant layer normalisation: over the features of one frame. */
static void norm(const float *x, float *out)
{
    const struct dtln_weights *w = dtln_weights_held();
    float mean = 0.0f, variance = 0.0f, scale;

    for (size_t i = 0; i < DTLN_FEATURES; i++)
        mean += x[i];
    mean /= DTLN_FEATURES;
    for (size_t i = 0; i < DTLN_FEATURES; i++)
        variance += (x[i] - mean) * (x[i] - mean);
    scale = 1.0f / sqrtf(variance / DTLN_FEATURES + 1e-7f);
    for (size_t i = 0; i < DTLN_FEATURES; i++)
        out[i] = (x[i] - mean) * scale * w->norm_gain[i] + w->norm_bias[i];
}

static void features_take(struct dtln *d, size_t hops)
{
    const struct dtln_weights *w = dtln_weights_held();

    d->k->matrix(w->encoder, w->encoder_bias, DTLN_FEATURES, DTLN_WINDOW, d->frames[0],
                 DTLN_WINDOW, d->features[0], DTLN_FEATURES, hops);
    for (size_t t = 0; t < hops; t++)
        norm(d->features[t], d->normed[t]);
}

static void feature_mask(struct dtln *d, size_t hops)
{
    const struct dtln_weights *w = dtln_weights_held();

    for (size_t t = 0; t < hops; t++) {
        for (size_t i = 0; i < DTLN_FEATURES; i++)
            d->features[t][i] *= d->normed[t][i];
    }
    d->k->matrix(w->decoder, w->decoder_bias, DTLN_WINDOW, DTLN_FEATURES, d->features[0],
                 DTLN_FEATURES, d->frames[0], DTLN_WINDOW, hops);
}

/* frames -> frames, masked among learnt features (512 -> 256 -> 128 -> 128 -> 256 -> 512).
 */
static void stage_features(struct dtln *const d[], size_t streams, size_t hops)
{
    const struct dtln_weights *w = dtln_weights_held();
    const struct masker m = {
        { { w->feature_1.in, w->feature_1.bias, w->feature_1.back, DTLN_FEATURES },
          { w->feature_2.in, w->feature_2.bias, w->feature_2.back, DTLN_UNITS } },
        w->feature_mask,
        w->feature_mask_bias,
        DTLN_FEATURES,
    };
    float *x[STREAMS] = { NULL };

    for (size_t s = 0; s < streams; s++) {
        features_take(d[s], hops);
        x[s] = d[s]->normed[0];
    }
    mask_make(d, streams, &m, 2, x, hops);
    for (size_t s = 0; s < streams; s++)
        feature_mask(d[s], hops);
}

/* The frames overlapped and added: what is complete goes to `out`. */
static void overlap(struct dtln *d, float *out, size_t hops)
{
    const size_t count = hops * DTLN_HOP;

    memset(d->added + KEPT, 0, count * sizeof *d->added);
    for (size_t t = 0; t < hops; t++) {
        float *to = d->added + t * DTLN_HOP;

        for (size_t i = 0; i < DTLN_WINDOW; i++)
            to[i] += d->frames[t][i];
    }
    memcpy(out, d->added, count * sizeof *out);
    memmove(d->added, d->added + count, KEPT * sizeof *d->added);
}

static void streams_run(struct dtln *const d[], size_t streams, const float *const in[],
                        float *const out[], size_t hops)
{
    const size_t count = hops * DTLN_HOP;

    for (size_t s = 0; s < streams; s++)
        memcpy(d[s]->samples + KEPT, in[s], count * sizeof *in[s]);
    stage_spectrum(d, streams, hops);
    stage_features(d, streams, hops);
    for (size_t s = 0; s < streams; s++) {
        memmove(d[s]->samples, d[s]->samples + count, KEPT * sizeof *d[s]->samples);
        overlap(d[s], out[s], hops);
    }
}

void dtln_run(struct dtln *d, const float *in, float *out, size_t hops)
{
    streams_run(&d, 1, &in, &out, hops);
}

void dtln_run_pair(struct dtln *const d[2], const float *const in[2], float *const out[2],
                   size_t hops)
{
    streams_run(d, STREAMS, in, out, hops);
}

void dtln_free(struct dtln **dtln)
{
    if (!*dtln)
        return;
    fft_free(&(*dtln)->fft);
    free(*dtln);
    *dtln = NULL;
}
