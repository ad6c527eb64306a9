/* Real Fourier transforms, over libavutil's av_tx. One `fft` is used by one thread at a
 * time. Lengths are powers of two from 8 on; a spectrum has count / 2 + 1 bins, each a real
 * and an imaginary float. Forward is the plain sum; inverse divides by the length, so that
 * the one undoes the other. */
#ifndef AUDIO_CHILD_DSP_FFT_H
#define AUDIO_CHILD_DSP_FFT_H

#include <stddef.h>
#include "base/err.h"

struct fft;

MUST_CHECK int fft_new(size_t count, struct fft **ret, struct err *reterr);
/* `samples`: count floats; `spectrum`: count + 2 floats. Neither needs an alignment. */
void fft_forward(struct fft *f, const float *samples, float *spectrum);
void fft_inverse(struct fft *f, const float *spectrum, float *samples);
/* Accepts NULL. */
void fft_free(struct fft **f);

#endif
