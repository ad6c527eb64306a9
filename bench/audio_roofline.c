/* What this processor could do and what the network's arithmetic gets of it, on one core:
 *   peak      multiply-adds a second out of registers
 *   cache     bytes a second out of a buffer as large as one recurrent matrix
 *   roofline  the least time a hop of DTLN can take: its products with many columns at the
 *             peak, its recurrent ones, which read each weight once per hop, at the peak or
 *             at the cache's rate, whichever is slower
 * Times are of the processor, the best of several rounds, so that other load matters less.
 * Prints one JSON object. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "audio/child/dsp/dtln.h"
#include "audio/child/dsp/dtln_weights.h"
#include "audio/child/dsp/kernels.h"

enum { ROUNDS = 30, SUMS = 12, TURNS = 200000, HOPS = DTLN_HOPS_MAX };

/* Multiply-adds of one hop. */
static const double MATRIX =
    (double)DTLN_GATES * (DTLN_BINS + DTLN_FEATURES + 2.0 * DTLN_UNITS) +
    (double)DTLN_UNITS * (DTLN_BINS + DTLN_FEATURES) + 2.0 * DTLN_WINDOW * DTLN_FEATURES;
static const double VECTOR = 4.0 * DTLN_GATES * DTLN_UNITS;

static volatile float sink;

static double now_s(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#define PEAK(name, target_name, width)                                                     \
    typedef float name##_v __attribute__((vector_size(width * 4)));                        \
    __attribute__((target(target_name), noinline)) static double name##_peak(void)         \
    {                                                                                      \
        name##_v sums[SUMS], a = { 0 }, b = { 0 };                                         \
        double started;                                                                    \
                                                                                           \
        a += 0.999f;                                                                       \
        b += 1e-4f;                                                                        \
        for (int i = 0; i < SUMS; i++)                                                     \
            sums[i] = a * (float)i; /* else they would be one and the same */              \
        started = now_s();                                                                 \
        for (int t = 0; t < TURNS; t++) {                                                  \
            _Pragma("GCC unroll 12") for (int i = 0; i < SUMS; i++)                        \
                sums[i] = sums[i] * a + b;                                                 \
        }                                                                                  \
        started = now_s() - started;                                                       \
        for (int i = 0; i < SUMS; i++)                                                     \
            sink = sink + sums[i][0];                                                      \
        return (double)TURNS * SUMS * width / started;                                     \
    }                                                                                      \
    __attribute__((target(target_name), noinline)) static double name##_read(              \
        const float *from, size_t count)                                                   \
    {                                                                                      \
        name##_v sums[8];                                                                  \
        double started = now_s();                                                          \
                                                                                           \
        memset(sums, 0, sizeof sums);                                                      \
        for (int t = 0; t < 200; t++) {                                                    \
            for (size_t i = 0; i < count; i += 8 * width) {                                \
                _Pragma("GCC unroll 8") for (size_t v = 0; v < 8; v++)                     \
                    sums[v] += *(const name##_v *)(const void *)(from + i + v * width);    \
            }                                                                              \
            __asm__ volatile("" ::: "memory");                                             \
        }                                                                                  \
        started = now_s() - started;                                                       \
        for (int i = 0; i < 8; i++)                                                        \
            sink = sink + sums[i][0];                                                      \
        return 200.0 * (double)count * sizeof(float) / started;                            \
    }

#ifdef __x86_64__
PEAK(avx512, "avx512f", 16)
PEAK(avx2, "avx2,fma", 8)
PEAK(portable, "sse2", 4)
#else
#error "The peaks are written for x86-64."
#endif

struct machine {
    double peak, cache; /* a second */
};

static void best(double *to, double value)
{
    if (value > *to)
        *to = value;
}

static struct machine machine_measure(const char *kernels)
{
    enum { COUNT = DTLN_GATES * DTLN_UNITS };
    float *buffer = aligned_alloc(64, COUNT * sizeof *buffer);
    struct machine m = { 0 };

    if (!buffer)
        exit(1);
    memset(buffer, 0, COUNT * sizeof *buffer);
    for (int i = 0; i < ROUNDS; i++) {
        const int is_512 = strcmp(kernels, "avx512") == 0,
                  is_2 = strcmp(kernels, "avx2") == 0;

        best(&m.peak, is_512 ? avx512_peak() : is_2 ? avx2_peak() : portable_peak());
        best(&m.cache, is_512 ? avx512_read(buffer, COUNT)
                       : is_2 ? avx2_read(buffer, COUNT)
                              : portable_read(buffer, COUNT));
    }
    free(buffer);
    return m;
}

/* Hops a second of the whole network. */
static double network_measure(const struct kernels *k)
{
    static float in[HOPS * DTLN_HOP], out[HOPS * DTLN_HOP];
    struct dtln *d = NULL;
    double rate = 0.0;

    if (dtln_new(k, &d, NULL) != 0)
        exit(1);
    for (size_t i = 0; i < HOPS * DTLN_HOP; i++)
        in[i] = (float)(i * 7919 % 1000) * 1e-4f - 0.05f;
    for (int i = 0; i < ROUNDS; i++) {
        const double started = now_s();

        for (int n = 0; n < 10; n++)
            dtln_run(d, in, out, HOPS);
        best(&rate, 10.0 * HOPS / (now_s() - started));
    }
    dtln_free(&d);
    return rate;
}

/* Multiply-adds a second of the two kinds of product alone. */
static double matrix_measure(const struct kernels *k)
{
    static float x[HOPS * DTLN_WINDOW], y[HOPS * DTLN_GATES];
    double rate = 0.0;

    for (int i = 0; i < ROUNDS; i++) {
        const double started = now_s();

        for (int n = 0; n < 20; n++)
            k->matrix(dtln_weights.feature_1.in, NULL, DTLN_GATES, DTLN_FEATURES, x,
                      DTLN_FEATURES, y, DTLN_GATES, HOPS);
        best(&rate, 20.0 * HOPS * DTLN_GATES * DTLN_FEATURES / (now_s() - started));
    }
    return rate;
}

static double vector_measure(const struct kernels *k)
{
    static float x[DTLN_UNITS], y[DTLN_GATES];
    double rate = 0.0;

    for (int i = 0; i < ROUNDS; i++) {
        const double started = now_s();

        for (int n = 0; n < 500; n++)
            k->vector(dtln_weights.feature_1.back, DTLN_GATES, DTLN_UNITS, x, y);
        best(&rate, 500.0 * DTLN_GATES * DTLN_UNITS / (now_s() - started));
    }
    return rate;
}

int main(int argc, char **argv)
{
    const struct kernels *k = argc > 1 ? kernels_named(argv[1]) : kernels_best();
    struct machine m;
    double network, vector_s, least_s;

    if (!k)
        return 2;
    m = machine_measure(k->name);
    network = network_measure(k);
    vector_s = VECTOR / m.peak;
    if (VECTOR * sizeof(float) / m.cache > vector_s)
        vector_s = VECTOR * sizeof(float) / m.cache;
    least_s = MATRIX / m.peak + vector_s;
    printf("{\"kernels\": \"%s\", \"peak_gfma_s\": %.1f, \"cache_gb_s\": %.1f, "
           "\"matrix_gfma_s\": %.1f, \"vector_gfma_s\": %.1f, \"network_gfma_s\": %.1f, "
           "\"network_x_real_time\": %.0f, \"share_of_roofline\": %.2f, "
           "\"share_of_peak\": %.2f}\n",
           k->name, m.peak * 1e-9, m.cache * 1e-9, matrix_measure(k) * 1e-9,
           vector_measure(k) * 1e-9, network * (MATRIX + VECTOR) * 1e-9,
           network * DTLN_HOP / DTLN_RATE_HZ, network * least_s,
           network * (MATRIX + VECTOR) / m.peak);
    return 0;
}
