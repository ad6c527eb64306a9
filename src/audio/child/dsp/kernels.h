/* The arithmetic that takes the time: matrix products of the network, its activation
 * functions and the gain rule of the spectral engine. Each is compiled for plain x86-64 (or
 * whatever the compiler targets), AVX2 with FMA, and AVX-512; the best that the processor
 * has is chosen at the first use, so one binary runs anywhere. Pure functions of their
 * arguments; any thread.
 *
 * Matrices are packed in panels: of PANEL_ROWS rows for products with many columns, of
 * VECTOR_ROWS rows for products with one. A panel holds its rows side by side for each
 * column: w[panel][column][row]. Rows are padded with zeros to whole panels. */
#ifndef AUDIO_CHILD_DSP_KERNELS_H
#define AUDIO_CHILD_DSP_KERNELS_H

#include <stddef.h>

enum { PANEL_ROWS = 32, VECTOR_ROWS = 128 };

struct gain_rule; /* of log-MMSE, below */

struct kernels {
    const char *name; /* "portable", "avx2", "avx512" */
    /* y[t][row] = bias[row] + sum over k of w[row][k] x[t][k], for t < frames. `rows`
     * counts the padded rows, `bias` (NULL: zeros) is as long; x and y are apart by their
     * strides, in floats. */
    void (*matrix)(const float *w, const float *bias, size_t rows, size_t columns,
                   const float *x, size_t x_stride, float *y, size_t y_stride,
                   size_t frames);
    /* y[row] += sum over k of w[row][k] x[k]; `rows` is a multiple of VECTOR_ROWS. */
    void (*vector)(const float *w, size_t rows, size_t columns, const float *x, float *y);
    /* The same for two vectors, with w read once: half of what reading costs. */
    void (*pair)(const float *w, size_t rows, size_t columns, const float *const x[2],
                 float *const y[2]);
    /* One step of an LSTM of `units` (a multiple of 16): `gates` are the four sums of each
     * unit in the order input, forget, cell, output; `cell` is renewed, `out` written. */
    void (*lstm)(const float *gates, size_t units, float *cell, float *out);
    /* x becomes 1 / (1 + exp(-x)), `count` a multiple of 16. */
    void (*sigmoid)(float *x, size_t count);
    /* One frame of the gain rule over `count` bins, a multiple of 16. */
    void (*gain)(const struct gain_rule *rule, size_t count);
};

const struct kernels *kernels_best(void);
/* By name, NULL when this processor or build has it not: for tests and measurements. */
const struct kernels *kernels_named(const char *name);

/* Noise tracking by speech presence probability (Gerkmann and Hendriks 2012) and the
 * log-spectral amplitude gain (Ephraim and Malah 1985) of one frame. */
struct gain_rule {
    const float *power;  /* |Y|^2 of this frame */
    float *noise;        /* its estimate, renewed */
    float *presence;     /* smoothed speech presence, renewed */
    float *clean;        /* |gain Y|^2 of the last frame, renewed */
    float *gain;         /* result, in [floor, 1] */
    float noise_keep;    /* share of the old noise estimate, such as 0.8 */
    float presence_keep; /* of the old presence, 0.9 */
    float prior_keep;    /* decision-directed weight, such as 0.94 */
    float prior_min;     /* least a-priori SNR, a power ratio */
    float gain_min;      /* floor, an amplitude */
};

#endif
