/* log-MMSE against its formulas written out plainly in doubles. */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include "audio/child/dsp/logmmse.h"
#include "tests/unit/audio_signals.h"

enum { RATE = 8000, WINDOW = 256, HOP = 64, BINS = WINDOW / 2 + 1, HOPS = 200 };
enum { COUNT = HOPS * HOP };

static const double FLOOR = 0.178;

struct reference {
    double noise[BINS], presence[BINS], clean[BINS];
};

/* The exponential integral, by its series or its continued fraction. */
static double e1(double x)
{
    double sum, term = 1.0, fraction = 0.0;

    if (x < 2.0) {
        sum = -0.57721566490153286 - log(x);
        for (int k = 1; k < 80; k++) {
            term *= -x / k;
            sum -= term / k;
        }
        return sum;
    }
    for (int k = 200; k > 0; k--)
        fraction = k / (1.0 + k / (x + fraction));
    return exp(-x) / (x + fraction);
}

static double root_hann(size_t i)
{
    return sin(M_PI * ((double)i + 0.5) / WINDOW) / sqrt(2.0);
}

static void analyse(const double *x, double *bins)
{
    double frame[WINDOW];

    for (size_t i = 0; i < WINDOW; i++)
        frame[i] = x[i] * root_hann(i);
    signal_dft(frame, WINDOW, bins);
}

static double power(const double *bins, size_t k)
{
    return bins[2 * k] * bins[2 * k] + bins[2 * k + 1] * bins[2 * k + 1];
}

/* The gain of bin k, whose state goes on. */
static double gain(struct reference *r, size_t k, double y)
{
    const double hop_s = (double)HOP / RATE, prior = pow(10.0, 1.5);
    const double noise_keep = exp(-hop_s / 0.072), presence_keep = exp(-hop_s / 0.152);
    double p = 1.0 / (1.0 + (1.0 + prior) * exp(-y / r->noise[k] * prior / (1.0 + prior)));
    double post, xi, v, g;

    r->presence[k] = presence_keep * r->presence[k] + (1.0 - presence_keep) * p;
    if (r->presence[k] > 0.99 && p > 0.99)
        p = 0.99;
    r->noise[k] = noise_keep * r->noise[k] +
                  (1.0 - noise_keep) * (p * r->noise[k] + (1.0 - p) * y);
    post = y / r->noise[k];
    xi = 0.94 * r->clean[k] / r->noise[k] + 0.06 * fmax(post - 1.0, 0.0);
    xi = fmax(xi, pow(10.0, -2.5));
    v = xi / (1.0 + xi) * post;
    g = fmin(xi / (1.0 + xi) * exp(0.5 * e1(v)), 1.0);
    r->clean[k] = g * g * y;
    return fmax(g, FLOOR);
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void learn(struct reference *r, const double *x, size_t count)
{
    enum { FRAMES = (COUNT - WINDOW) / HOP + 1 };
    static double powers[BINS][FRAMES], bins[2 * BINS];
    const size_t frames = (count - WINDOW) / HOP + 1;

    for (size_t t = 0; t < frames; t++) {
        analyse(x + t * HOP, bins);
        for (size_t k = 0; k < BINS; k++)
            powers[k][t] = power(bins, k);
    }
    for (size_t k = 0; k < BINS; k++) {
        qsort(powers[k], frames, sizeof powers[k][0], compare_doubles);
        r->noise[k] = powers[k][frames / 5] / -log(0.8);
        r->presence[k] = 0.5;
    }
}

static void reference_run(const float *in, double *out)
{
    static double x[WINDOW + COUNT], added[WINDOW + COUNT];
    static struct reference r;
    double bins[2 * BINS], frame[WINDOW];

    for (size_t i = 0; i < COUNT; i++)
        x[WINDOW - HOP + i] = in[i];
    learn(&r, x + WINDOW - HOP, COUNT / 2);
    for (size_t t = 0; t < HOPS; t++) {
        analyse(x + t * HOP, bins);
        for (size_t k = 0; k < BINS; k++) {
            const double g = gain(&r, k, power(bins, k));

            bins[2 * k] *= g;
            bins[2 * k + 1] *= g;
        }
        signal_dft_inverse(bins, WINDOW, frame);
        for (size_t i = 0; i < WINDOW; i++)
            added[t * HOP + i] += frame[i] * root_hann(i);
    }
    memcpy(out, added, COUNT * sizeof *out);
}

static void run(const struct kernels *k, const float *in, float *out, float *band)
{
    struct logmmse *l = NULL;

    assert_int_equal(logmmse_new(k, RATE, (float)FLOOR, &l, NULL), 0);
    assert_int_equal(logmmse_hop(l), HOP);
    assert_int_equal(logmmse_delay(l), WINDOW - HOP);
    assert_int_equal(logmmse_learn(l, in, COUNT / 2, NULL), 0);
    for (size_t t = 0; t < HOPS; t++)
        logmmse_run(l, in + t * HOP, out + t * HOP, band ? band + t * HOP : NULL);
    logmmse_free(&l);
    assert_null(l);
}

static void it_follows_the_formulas(void **state)
{
    static const char *const names[] = { "portable", "avx2", "avx512" };
    static float in[COUNT], out[COUNT];
    static double wanted[COUNT];

    (void)state;
    signal_voice(in, COUNT, RATE, 0.02);
    reference_run(in, wanted);
    for (size_t n = 0; n < UNIT_COUNT(names); n++) {
        const struct kernels *k = kernels_named(names[n]);

        if (!k)
            continue;
        run(k, in, out, NULL);
        assert_true(signal_snr_db(wanted, out, COUNT) > 100.0);
    }
}

static double energy(const float *x, size_t count)
{
    double sum = 0.0;

    for (size_t i = 0; i < count; i++)
        sum += (double)x[i] * x[i];
    return sum;
}

static void noise_falls_to_the_floor_and_no_further(void **state)
{
    static float in[COUNT], out[COUNT];
    uint32_t seed = 5;
    double before, after;

    (void)state;
    for (size_t i = 0; i < COUNT; i++)
        in[i] = (float)(0.1 * signal_random(&seed));
    run(kernels_best(), in, out, NULL);
    before = energy(in + COUNT / 2 - (WINDOW - HOP), COUNT / 2);
    after = energy(out + COUNT / 2, COUNT / 2);
    assert_true(after < before * 0.1);
    assert_true(after > before * FLOOR * FLOOR * 0.9);
}

static void rumble_leaves_the_speech_band_unshifted(void **state)
{
    static float in[COUNT], out[COUNT], band[COUNT];
    static double tone[COUNT];

    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        const double t = (double)i / RATE;

        tone[i] = 0.1 * sin(2.0 * M_PI * 312.5 * t);
        in[i] = (float)(tone[i] + 0.1 * sin(2.0 * M_PI * 15.0 * t));
    }
    run(kernels_best(), in, out, band);
    /* In the middle, where windows are full; the window's slopes leak a little. */
    assert_true(
        signal_snr_db(tone + COUNT / 4, band + COUNT / 4 + WINDOW - HOP, COUNT / 2) > 25.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_follows_the_formulas),
        cmocka_unit_test(noise_falls_to_the_floor_and_no_further),
        cmocka_unit_test(rumble_leaves_the_speech_band_unshifted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
