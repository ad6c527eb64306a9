/* Signals for the tests of the audio engines, and how near two of them are. */
#ifndef TESTS_UNIT_AUDIO_SIGNALS_H
#define TESTS_UNIT_AUDIO_SIGNALS_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

/* xorshift32, uniform in +-1. */
static inline double signal_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return (double)*state / 2147483648.0 - 1.0;
}

/* Something like a voice: harmonics of a gliding pitch in syllables with pauses, and noise.
 */
static inline void signal_voice(float *x, size_t count, double rate_hz, double noise)
{
    uint32_t state = 0x1234567;
    double phase = 0.0;

    for (size_t i = 0; i < count; i++) {
        const double t = (double)i / rate_hz;
        const double syllable = fmax(0.0, sin(6.0 * M_PI * t)) *
                                (sin(0.9 * M_PI * t) > -0.5);
        double sum = 0.0;

        phase += 2.0 * M_PI * (120.0 + 30.0 * sin(2.0 * M_PI * 0.7 * t)) / rate_hz;
        for (int k = 1; k < 12; k++)
            sum += sin(k * phase) / k;
        x[i] = (float)(0.15 * syllable * sum + noise * signal_random(&state));
    }
}

/* 10 log10 of the energy of `a` over that of the difference. */
static inline double signal_snr_db(const double *a, const float *b, size_t count)
{
    double energy = 1e-300, error = 1e-300;

    for (size_t i = 0; i < count; i++) {
        energy += a[i] * a[i];
        error += (a[i] - b[i]) * (a[i] - b[i]);
    }
    return 10.0 * log10(energy / error);
}

/* The plain discrete Fourier transform: `out` has count / 2 + 1 complex bins. */
static inline void signal_dft(const double *x, size_t count, double *out)
{
    for (size_t k = 0; k <= count / 2; k++) {
        double re = 0.0, im = 0.0;

        for (size_t i = 0; i < count; i++) {
            const double a = 2.0 * M_PI * (double)(k * i % count) / (double)count;

            re += x[i] * cos(a);
            im -= x[i] * sin(a);
        }
        out[2 * k] = re;
        out[2 * k + 1] = im;
    }
}

/* And back. */
static inline void signal_dft_inverse(const double *bins, size_t count, double *x)
{
    for (size_t i = 0; i < count; i++) {
        double sum = 0.0;

        for (size_t k = 0; k <= count / 2; k++) {
            const double a = 2.0 * M_PI * (double)(k * i % count) / (double)count;
            const double twice = k == 0 || k == count / 2 ? 1.0 : 2.0;

            sum += twice * (bins[2 * k] * cos(a) - bins[2 * k + 1] * sin(a));
        }
        x[i] = sum / (double)count;
    }
}

#endif
