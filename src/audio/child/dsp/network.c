#include "audio/child/dsp/network.h"

#include <math.h>
#include <string.h>
#include "audio/child/dsp/level.h"
#include "audio/child/dsp/powers.h"

enum { DELAY_HOPS = DTLN_DELAY / DTLN_HOP, WARM_UP_HOPS = 125 };

static const double LEVEL = 0.0501187234; /* -26 dBFS */
static const double QUIETEST = 1e-5;      /* what is quieter is not raised more */

int network_init(struct network *n, struct err *reterr)
{
    *n = (struct network){ .gain = 0.0f };
    return dtln_new(kernels_best(), &n->dtln, reterr);
}

int64_t network_position(const struct network *n)
{
    return n->gains.end * DTLN_HOP;
}

/* The gain that brings the seconds around `hop` to the level. */
static float gain_at(const struct network *n, int64_t hop)
{
    const struct track *p = &n->powers;
    const int64_t from = hop - HOPS_BEHIND > p->start ? hop - HOPS_BEHIND : p->start;
    const int64_t to = hop + HOPS_AHEAD < p->end ? hop + HOPS_AHEAD : p->end;

    return (float)(LEVEL / fmax(level_active_rms(track_at(p, from), (size_t)(to - from)),
                                QUIETEST));
}

/* Runs the mirrored first second through; its results are dropped. */
static void warm_up(struct network *n, const struct track *in)
{
    float block[DTLN_HOPS_MAX * DTLN_HOP], dropped[DTLN_HOPS_MAX * DTLN_HOP];
    const int64_t hops = in->end / DTLN_HOP < WARM_UP_HOPS ? in->end / DTLN_HOP
                                                           : WARM_UP_HOPS;

    for (int64_t at = hops * DTLN_HOP; at > 0;) {
        const int64_t most = (int64_t)DTLN_HOPS_MAX * DTLN_HOP;
        const int64_t count = at < most ? at : most;

        for (int64_t i = 0; i < count; i++)
            block[i] = *track_at(in, at - 1 - i) * n->gain;
        dtln_run(n->dtln, block, dropped, (size_t)(count / DTLN_HOP));
        at -= count;
    }
}

/* Input of the next hops, silence where it has ended, with gains that go over evenly from
 * the last one to `target`. */
static int hops_fill(struct network *n, const struct track *in, size_t hops, float target,
                     float *block, struct err *reterr)
{
    const int64_t from = network_position(n);
    const int64_t left = in->end > from ? in->end - from : 0;
    const int64_t count = left < (int64_t)hops * DTLN_HOP ? left : (int64_t)hops * DTLN_HOP;
    const float step = powf(target / n->gain, 1.0f / (float)hops);
    int rc = 0;

    memset(block, 0, hops * DTLN_HOP * sizeof *block);
    if (count)
        memcpy(block, track_at(in, from), (size_t)count * sizeof *block);
    for (size_t t = 0; t < hops && rc == 0; t++) {
        float *x = block + t * DTLN_HOP;
        const float gain = n->gain * step;

        for (size_t i = 0; i < DTLN_HOP; i++)
            x[i] *= n->gain + (gain - n->gain) * (float)i / DTLN_HOP;
        rc = track_append(&n->gains, &n->gain, 1, reterr);
        n->gain = gain;
    }
    return rc;
}

/* Undoes the gains on results that are DELAY_HOPS late, and appends them. */
static int hops_give(struct network *n, float *block, size_t hops, struct track *out,
                     struct err *reterr)
{
    int64_t hop = n->gains.end - (int64_t)hops - DELAY_HOPS;
    int rc = 0;

    for (size_t t = 0; t < hops && rc == 0; t++, hop++) {
        float *x = block + t * DTLN_HOP;
        float gain, next;

        if (hop < 0)
            continue;
        gain = *track_at(&n->gains, hop);
        next = *track_at(&n->gains, hop + 1);
        for (size_t i = 0; i < DTLN_HOP; i++)
            x[i] /= gain + (next - gain) * (float)i / DTLN_HOP;
        rc = track_append(out, x, DTLN_HOP, reterr);
    }
    track_forget(&n->gains, n->gains.end > DELAY_HOPS ? n->gains.end - DELAY_HOPS : 0);
    return rc;
}

static int batch_run(struct network *n, const struct track *in, size_t hops,
                     struct track *out, struct err *reterr)
{
    float block[DTLN_HOPS_MAX * DTLN_HOP], result[DTLN_HOPS_MAX * DTLN_HOP];
    const float target = gain_at(n, n->gains.end + (int64_t)hops);
    int rc;

    if (n->gains.end == 0) {
        n->gain = target;
        warm_up(n, in);
    }
    rc = hops_fill(n, in, hops, target, block, reterr);
    if (rc)
        return rc;
    dtln_run(n->dtln, block, result, hops);
    rc = hops_give(n, result, hops, out, reterr);
    if (n->gains.end > HOPS_BEHIND)
        track_forget(&n->powers, n->gains.end - HOPS_BEHIND < n->powers.end
                                     ? n->gains.end - HOPS_BEHIND
                                     : n->powers.end);
    return rc;
}

int network_run(struct network *n, const struct track *in, bool is_last, struct track *out,
                struct err *reterr)
{
    int rc = powers_append(&n->powers, in, is_last, reterr);

    while (rc == 0 && n->gains.end + DTLN_HOPS_MAX + HOPS_AHEAD <= n->powers.end)
        rc = batch_run(n, in, DTLN_HOPS_MAX, out, reterr);
    if (!is_last)
        return rc;
    while (rc == 0 && out->end < in->end)
        rc = batch_run(n, in, DTLN_HOPS_MAX, out, reterr);
    if (rc == 0)
        out->end = in->end;
    return rc;
}

void network_release(struct network *n)
{
    dtln_free(&n->dtln);
    track_release(&n->powers);
    track_release(&n->gains);
}
