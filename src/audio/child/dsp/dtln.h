/* DTLN, a network of two stages that takes noise from speech: N. L. Westhausen and
 * B. T. Meyer, "Dual-Signal Transformation LSTM Network for Real-Time Noise Suppression",
 * Interspeech 2020. Mono samples at 16 kHz, +-1, best at -26 dBFS RMS.
 *
 * One `dtln` is one stream, for one thread at a time. The hops of one call go through each
 * layer together, so its weights are read once per call and the products are of matrices;
 * only the recurrent part goes hop by hop. The result does not depend on how hops are
 * spread over calls, but for rounding. */
#ifndef AUDIO_CHILD_DSP_DTLN_H
#define AUDIO_CHILD_DSP_DTLN_H

#include <stddef.h>
#include "audio/child/dsp/kernels.h"
#include "base/err.h"

enum {
    DTLN_RATE_HZ = 16000,
    DTLN_HOP = 128,
    DTLN_DELAY = 384, /* samples by which the result is late */
    DTLN_HOPS_MAX = 32,
};

struct dtln;

MUST_CHECK int dtln_new(const struct kernels *kernels, struct dtln **ret,
                        struct err *reterr);
/* Takes hops * DTLN_HOP samples (hops up to DTLN_HOPS_MAX) and writes as many to `out`. */
void dtln_run(struct dtln *d, const float *in, float *out, size_t hops);
/* Two streams in step, of the same kernels: their weights are read once. */
void dtln_run_pair(struct dtln *const d[2], const float *const in[2], float *const out[2],
                   size_t hops);
/* Accepts NULL. */
void dtln_free(struct dtln **d);

#endif
