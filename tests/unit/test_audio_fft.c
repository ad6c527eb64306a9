#include "tests/unit/unit.h"

#include <malloc.h>
#include <stdlib.h>
#include "audio/child/dsp/fft.h"
#include "tests/unit/audio_signals.h"

enum { COUNT_MAX = 2048 };

static void it_is_the_plain_transform(void **state)
{
    static double x[COUNT_MAX], wanted[COUNT_MAX + 2];
    static float samples[COUNT_MAX], got[COUNT_MAX + 2];
    uint32_t seed = 77;

    (void)state;
    for (size_t count = 8; count <= COUNT_MAX; count *= 2) {
        struct fft *f = NULL;

        for (size_t i = 0; i < count; i++)
            x[i] = samples[i] = (float)signal_random(&seed);
        assert_int_equal(fft_new(count, &f, NULL), 0);
        fft_forward(f, samples, got);
        signal_dft(x, count, wanted);
        assert_true(signal_snr_db(wanted, got, count + 2) > 120.0);
        fft_free(&f);
        assert_null(f);
    }
}

static void the_inverse_undoes_it(void **state)
{
    static float samples[COUNT_MAX], spectrum[COUNT_MAX + 2], back[COUNT_MAX];
    static double wanted[COUNT_MAX];
    uint32_t seed = 78;

    (void)state;
    for (size_t count = 8; count <= COUNT_MAX; count *= 2) {
        struct fft *f = NULL;

        for (size_t i = 0; i < count; i++)
            wanted[i] = samples[i] = (float)signal_random(&seed);
        assert_int_equal(fft_new(count, &f, NULL), 0);
        fft_forward(f, samples, spectrum);
        fft_inverse(f, spectrum, back);
        assert_true(signal_snr_db(wanted, back, count) > 120.0);
        fft_free(&f);
    }
}

/* Bin by bin, so that no sign or order is left to chance. */
static void the_inverse_of_each_bin_is_its_wave(void **state)
{
    enum { COUNT = 32 };
    float spectrum[COUNT + 2], got[COUNT];
    double bins[COUNT + 2], wanted[COUNT];
    struct fft *f = NULL;

    (void)state;
    assert_int_equal(fft_new(COUNT, &f, NULL), 0);
    for (size_t at = 0; at < COUNT + 2; at++) {
        if (at == 1 || at == COUNT + 1)
            continue; /* the imaginary parts that a real signal cannot have */
        for (size_t i = 0; i < COUNT + 2; i++)
            bins[i] = spectrum[i] = i == at ? 1.0f : 0.0f;
        fft_inverse(f, spectrum, got);
        signal_dft_inverse(bins, COUNT, wanted);
        assert_true(signal_snr_db(wanted, got, COUNT) > 120.0);
    }
    fft_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_the_plain_transform),
        cmocka_unit_test(the_inverse_undoes_it),
        cmocka_unit_test(the_inverse_of_each_bin_is_its_wave),
    };
    /* What a transform leaves unwritten must not be zero by luck. */
    (void)mallopt(M_PERTURB, 0x41);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
