#include "audio/child/dsp/powers.h"

#include "audio/child/dsp/dtln.h"

int powers_append(struct track *powers, const struct track *signal, bool is_last,
                  struct err *reterr)
{
    int rc = 0;

    while (rc == 0 && powers->end * DTLN_HOP < signal->end) {
        const int64_t left = signal->end - powers->end * DTLN_HOP;
        const size_t count = left < DTLN_HOP ? (size_t)left : DTLN_HOP;
        const float *x = track_at(signal, powers->end * DTLN_HOP);
        float sum = 0.0f;

        if (count < DTLN_HOP && !is_last)
            break;
        for (size_t i = 0; i < count; i++)
            sum += x[i] * x[i];
        sum /= (float)count;
        rc = track_append(powers, &sum, 1, reterr);
    }
    return rc;
}
