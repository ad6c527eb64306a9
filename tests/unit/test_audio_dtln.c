/* DTLN against the network written out plainly in doubles. */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include "audio/child/dsp/dtln.h"
#include "audio/child/dsp/dtln_weights.h"
#include "tests/unit/audio_signals.h"

enum { HOPS = 70, COUNT = HOPS * DTLN_HOP, U = DTLN_UNITS };

struct cell {
    double shown[U], held[U];
};

static double logistic(double x)
{
    return 1.0 / (1.0 + exp(-x));
}

/* One row of a packed matrix times x. */
static double row_times(const float *w, size_t panel, size_t columns, size_t row,
                        const double *x)
{
    double sum = 0.0;

    for (size_t k = 0; k < columns; k++)
        sum += w[(row / panel * columns + k) * panel + row % panel] * x[k];
    return sum;
}

static void lstm(const float *in, const float *bias, const float *back, size_t inputs,
                 const double *x, struct cell *c)
{
    double sums[4 * U];

    for (size_t r = 0; r < 4 * U; r++)
        sums[r] = bias[r] + row_times(in, PANEL_ROWS, inputs, r, x) +
                  row_times(back, VECTOR_ROWS, U, r, c->shown);
    for (size_t i = 0; i < U; i++) {
        c->held[i] = logistic(sums[U + i]) * c->held[i] +
                     logistic(sums[i]) * tanh(sums[2 * U + i]);
        c->shown[i] = logistic(sums[3 * U + i]) * tanh(c->held[i]);
    }
}

static void stage_1(const struct dtln_weights *w, double *frame, struct cell *cells)
{
    double bins[2 * DTLN_BINS], magnitudes[DTLN_BINS];

    signal_dft(frame, DTLN_WINDOW, bins);
    for (size_t i = 0; i < DTLN_BINS; i++)
        magnitudes[i] = hypot(bins[2 * i], bins[2 * i + 1]);
    lstm(w->spectrum_1.in, w->spectrum_1.bias, w->spectrum_1.back, DTLN_BINS, magnitudes,
         &cells[0]);
    lstm(w->spectrum_2.in, w->spectrum_2.bias, w->spectrum_2.back, U, cells[0].shown,
         &cells[1]);
    for (size_t i = 0; i < DTLN_BINS; i++) {
        const double mask = logistic(
            row_times(w->spectrum_mask, PANEL_ROWS, U, i, cells[1].shown) +
            w->spectrum_mask_bias[i]);

        bins[2 * i] *= mask;
        bins[2 * i + 1] *= mask;
    }
    signal_dft_inverse(bins, DTLN_WINDOW, frame);
}

static void stage_2(const struct dtln_weights *w, double *frame, struct cell *cells)
{
    double features[DTLN_FEATURES], normed[DTLN_FEATURES], mean = 0.0, variance = 0.0;

    for (size_t i = 0; i < DTLN_FEATURES; i++) {
        features[i] = row_times(w->encoder, PANEL_ROWS, DTLN_WINDOW, i, frame);
        mean += features[i] / DTLN_FEATURES;
    }
    for (size_t i = 0; i < DTLN_FEATURES; i++)
        variance += (features[i] - mean) * (features[i] - mean) / DTLN_FEATURES;
    for (size_t i = 0; i < DTLN_FEATURES; i++)
        normed[i] = (features[i] - mean) / sqrt(variance + 1e-7) * w->norm_gain[i] +
                    w->norm_bias[i];
    lstm(w->feature_1.in, w->feature_1.bias, w->feature_1.back, DTLN_FEATURES, normed,
         &cells[2]);
    lstm(w->feature_2.in, w->feature_2.bias, w->feature_2.back, U, cells[2].shown,
         &cells[3]);
    for (size_t i = 0; i < DTLN_FEATURES; i++)
        features[i] *= logistic(
            row_times(w->feature_mask, PANEL_ROWS, U, i, cells[3].shown) +
            w->feature_mask_bias[i]);
    for (size_t i = 0; i < DTLN_WINDOW; i++)
        frame[i] = row_times(w->decoder, PANEL_ROWS, DTLN_FEATURES, i, features) +
                   w->decoder_bias[i];
}

/* out: COUNT samples, DTLN_DELAY late as the network's are. */
static void reference(const float *in, double *out)
{
    static double padded[DTLN_WINDOW + COUNT], added[DTLN_WINDOW + COUNT];
    struct cell cells[4];

    memset(cells, 0, sizeof cells);
    for (size_t i = 0; i < COUNT; i++)
        padded[DTLN_DELAY + i] = in[i];
    for (size_t t = 0; t < HOPS; t++) {
        double frame[DTLN_WINDOW];

        memcpy(frame, padded + t * DTLN_HOP, sizeof frame);
        stage_1(&dtln_weights, frame, cells);
        stage_2(&dtln_weights, frame, cells);
        for (size_t i = 0; i < DTLN_WINDOW; i++)
            added[t * DTLN_HOP + i] += frame[i];
    }
    memcpy(out, added, COUNT * sizeof *out);
}

static void run(const struct kernels *k, size_t batch, const float *in, float *out)
{
    struct dtln *d = NULL;

    assert_int_equal(dtln_new(k, &d, NULL), 0);
    for (size_t t = 0; t < HOPS; t += batch) {
        const size_t hops = HOPS - t < batch ? HOPS - t : batch;

        dtln_run(d, in + t * DTLN_HOP, out + t * DTLN_HOP, hops);
    }
    dtln_free(&d);
    assert_null(d);
}

static void it_is_the_network_of_the_paper(void **state)
{
    static const char *const names[] = { "portable", "avx2", "avx512" };
    static const size_t batches[] = { 1, 7, DTLN_HOPS_MAX };
    static float in[COUNT], out[COUNT];
    static double wanted[COUNT];
    double energy = 0.0;

    (void)state;
    signal_voice(in, COUNT, DTLN_RATE_HZ, 0.01);
    reference(in, wanted);
    for (size_t i = 0; i < COUNT; i++)
        energy += wanted[i] * wanted[i];
    assert_true(energy > 1.0); /* a voice comes through */
    for (size_t n = 0; n < UNIT_COUNT(names); n++) {
        const struct kernels *k = kernels_named(names[n]);

        for (size_t i = 0; k && i < UNIT_COUNT(batches); i++) {
            run(k, batches[i], in, out);
            assert_true(signal_snr_db(wanted, out, COUNT) > 100.0);
        }
    }
}

static void two_in_step_are_two_by_themselves(void **state)
{
    static const char *const names[] = { "portable", "avx2", "avx512" };
    static float in[2][COUNT], alone[2][COUNT], out[2][COUNT];
    static double wanted[COUNT];

    (void)state;
    signal_voice(in[0], COUNT, DTLN_RATE_HZ, 0.01);
    for (size_t i = 0; i < COUNT; i++)
        in[1][i] = 0.4f * in[0][COUNT - 1 - i];
    for (size_t n = 0; n < UNIT_COUNT(names); n++) {
        const struct kernels *k = kernels_named(names[n]);
        struct dtln *d[2] = { NULL, NULL };

        for (int s = 0; k && s < 2; s++) {
            run(k, 7, in[s], alone[s]);
            assert_int_equal(dtln_new(k, &d[s], NULL), 0);
        }
        for (size_t t = 0; k && t < HOPS; t += 10) {
            const size_t at = t * DTLN_HOP;

            dtln_run_pair(d, (const float *const[]){ in[0] + at, in[1] + at },
                          (float *const[]){ out[0] + at, out[1] + at }, 10);
        }
        for (int s = 0; k && s < 2; s++) {
            for (size_t i = 0; i < COUNT; i++)
                wanted[i] = alone[s][i];
            assert_true(signal_snr_db(wanted, out[s], COUNT) > 100.0);
            dtln_free(&d[s]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_the_network_of_the_paper),
        cmocka_unit_test(two_in_step_are_two_by_themselves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
