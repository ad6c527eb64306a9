/* Every instruction set that this processor has, against plain arithmetic in doubles. */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include "audio/child/dsp/kernels.h"
#include "tests/unit/audio_signals.h"

static const char *const names[] = { "portable", "avx2", "avx512" };

static void fill(float *x, size_t count, uint32_t seed, double scale)
{
    for (size_t i = 0; i < count; i++)
        x[i] = (float)(scale * signal_random(&seed));
}

/* w[panel][column][row] of a matrix in panels of `panel` rows. */
static double weight(const float *w, size_t columns, size_t panel, size_t row, size_t k)
{
    return w[(row / panel * columns + k) * panel + row % panel];
}

static void matrix_case(const struct kernels *k, size_t rows, size_t columns, size_t frames)
{
    const size_t x_stride = columns + 3, y_stride = rows + 5;
    float *w = malloc(rows * columns * sizeof *w), *bias = malloc(rows * sizeof *bias);
    float *x = malloc(frames * x_stride * sizeof *x);
    float *y = calloc(frames * y_stride, sizeof *y);
    double *wanted = calloc(frames * y_stride, sizeof *wanted);

    fill(w, rows * columns, 1, 0.3);
    fill(bias, rows, 2, 1.0);
    fill(x, frames * x_stride, 3, 1.0);
    for (size_t t = 0; t < frames; t++) {
        for (size_t r = 0; r < rows; r++) {
            wanted[t * y_stride + r] = bias[r];
            for (size_t i = 0; i < columns; i++)
                wanted[t * y_stride + r] += weight(w, columns, PANEL_ROWS, r, i) *
                                            x[t * x_stride + i];
        }
    }
    k->matrix(w, bias, rows, columns, x, x_stride, y, y_stride, frames);
    assert_true(signal_snr_db(wanted, y, frames * y_stride) > 110.0);
    free(w);
    free(bias);
    free(x);
    free(y);
    free(wanted);
}

static void vector_case(const struct kernels *k, size_t rows, size_t columns)
{
    float *w = malloc(rows * columns * sizeof *w), *x = malloc(columns * sizeof *x);
    float *y = malloc(rows * sizeof *y);
    double *wanted = malloc(rows * sizeof *wanted);

    fill(w, rows * columns, 4, 0.3);
    fill(x, columns, 5, 1.0);
    fill(y, rows, 6, 1.0);
    for (size_t r = 0; r < rows; r++) {
        wanted[r] = y[r];
        for (size_t i = 0; i < columns; i++)
            wanted[r] += weight(w, columns, VECTOR_ROWS, r, i) * x[i];
    }
    k->vector(w, rows, columns, x, y);
    assert_true(signal_snr_db(wanted, y, rows) > 110.0);
    free(w);
    free(x);
    free(y);
    free(wanted);
}

static void pair_case(const struct kernels *k, size_t rows, size_t columns)
{
    float *w = malloc(rows * columns * sizeof *w), *x = malloc(2 * columns * sizeof *x);
    float *y = malloc(2 * rows * sizeof *y);
    double *wanted = malloc(2 * rows * sizeof *wanted);

    fill(w, rows * columns, 7, 0.3);
    fill(x, 2 * columns, 8, 1.0);
    fill(y, 2 * rows, 9, 1.0);
    for (size_t r = 0; r < 2 * rows; r++) {
        wanted[r] = y[r];
        for (size_t i = 0; i < columns; i++)
            wanted[r] += weight(w, columns, VECTOR_ROWS, r % rows, i) *
                         x[r / rows * columns + i];
    }
    k->pair(w, rows, columns, (const float *const[]){ x, x + columns },
            (float *const[]){ y, y + rows });
    assert_true(signal_snr_db(wanted, y, 2 * rows) > 110.0);
    free(w);
    free(x);
    free(y);
    free(wanted);
}

static void products_are_those_of_plain_loops(void **state)
{
    static const size_t frames[] = { 1, 2, 3, 5, 6, 7, 9, 10, 11, 23, 32 };

    (void)state;
    for (size_t n = 0; n < UNIT_COUNT(names); n++) {
        const struct kernels *k = kernels_named(names[n]);

        for (size_t i = 0; k && i < UNIT_COUNT(frames); i++) {
            matrix_case(k, 64, 257, frames[i]);
            matrix_case(k, 288, 1, frames[i]);
        }
        if (k) {
            vector_case(k, 128, 1);
            vector_case(k, 512, 128);
            pair_case(k, 128, 1);
            pair_case(k, 512, 128);
        }
    }
}

static double logistic(double x)
{
    return 1.0 / (1.0 + exp(-x));
}

static void the_lstm_step_is_that_of_the_formula(void **state)
{
    enum { UNITS = 128 };
    float gates[4 * UNITS], cell[UNITS], out[UNITS];
    double wanted_cell[UNITS], wanted_out[UNITS];

    (void)state;
    for (size_t n = 0; n < UNIT_COUNT(names); n++) {
        const struct kernels *k = kernels_named(names[n]);

        if (!k)
            continue;
        fill(gates, 4 * UNITS, 8, 6.0);
        fill(cell, UNITS, 9, 2.0);
        for (size_t i = 0; i < UNITS; i++) {
            wanted_cell[i] = logistic(gates[UNITS + i]) * cell[i] +
                             logistic(gates[i]) * tanh(gates[2 * UNITS + i]);
            wanted_out[i] = logistic(gates[3 * UNITS + i]) * tanh(wanted_cell[i]);
        }
        k->lstm(gates, UNITS, cell, out);
        assert_true(signal_snr_db(wanted_cell, cell, UNITS) > 120.0);
        assert_true(signal_snr_db(wanted_out, out, UNITS) > 120.0);
    }
}

static void sigmoids_are_exact_to_the_ends(void **state)
{
    enum { COUNT = 160 };
    float x[COUNT];
    double wanted[COUNT];

    (void)state;
    for (size_t n = 0; n < UNIT_COUNT(names); n++) {
        const struct kernels *k = kernels_named(names[n]);

        if (!k)
            continue;
        for (size_t i = 0; i < COUNT; i++) {
            x[i] = ((float)i - COUNT / 2) * 1.7f;
            wanted[i] = logistic(x[i]);
        }
        k->sigmoid(x, COUNT);
        for (size_t i = 0; i < COUNT; i++)
            assert_true(fabs(x[i] - wanted[i]) <= 3e-7 * wanted[i] + 1e-36);
    }
}

static void the_best_is_one_of_them_and_strangers_are_none(void **state)
{
    const struct kernels *best = kernels_best();

    (void)state;
    assert_ptr_equal(best, kernels_named(best->name));
    assert_non_null(kernels_named("portable"));
    assert_null(kernels_named("avx1024"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_are_those_of_plain_loops),
        cmocka_unit_test(the_lstm_step_is_that_of_the_formula),
        cmocka_unit_test(sigmoids_are_exact_to_the_ends),
        cmocka_unit_test(the_best_is_one_of_them_and_strangers_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
