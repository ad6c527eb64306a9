#include "audio/child/dsp/network.h"

#include <math.h>
#include <string.h>
#include "audio/child/dsp/level.h"
#include "audio/child/dsp/powers.h"

enum { DELAY_HOPS = DTLN_DELAY / DTLN_HOP, WARM_UP_HOPS = 125 };
enum { BLOCK = DTLN_HOPS_MAX * DTLN_HOP };

/* What the looks get, and then what they gave. */
struct blocks {
    float of[NETWORK_LOOKS][BLOCK];
};

static const float QUIETER[NETWORK_LOOKS] = { 1.0f, 0.35f };

static const double LEVEL = 0.0501187234; /* -26 dBFS */
static const double QUIETEST = 1e-5;      /* what is quieter is not raised more */

int network_init(struct network *n, struct err *reterr)
{
    int rc = 0;

    *n = (struct network){ .gain = 0.0f };
    for (int i = 0; i < NETWORK_LOOKS && rc == 0; i++)
        rc = dtln_new(kernels_best(), &n->looks[i], reterr);
    return rc;
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

/* In place. */
static void looks_run(struct network *n, struct blocks *b, size_t hops)
{
    dtln_run_pair(n->looks, (const float *const[]){ b->of[0], b->of[1] },
                  (float *const[]){ b->of[0], b->of[1] }, hops);
}

/* `count` samples from position `at` on, mirrored before 0, silent after the end. */
static void samples_take(const struct track *in, int64_t at, int64_t count, float *to)
{
    int64_t i = 0, left;

    for (; i < count && at + i < 0; i++)
        to[i] = *track_at(in, -1 - (at + i));
    left = in->end - (at + i);
    left = left < 0 ? 0 : left < count - i ? left : count - i;
    if (left)
        memcpy(to + i, track_at(in, at + i), (size_t)left * sizeof *to);
    memset(to + i + left, 0, (size_t)(count - i - left) * sizeof *to);
}

static void blocks_fill(const struct track *in, int64_t at, int64_t count, struct blocks *b)
{
    for (int look = 0; look < NETWORK_LOOKS; look++)
        /* cppcheck-suppress uninitvar ; it is filled here */
        samples_take(in, at + (int64_t)look * NETWORK_SHIFT, count, b->of[look]);
}

/* Runs the mirrored first second through; its results are dropped. */
static void warm_up(struct network *n, const struct track *in)
{
    const int64_t most = in->end / DTLN_HOP;
    int64_t at = -(most < WARM_UP_HOPS ? most : WARM_UP_HOPS) * DTLN_HOP;
    struct blocks b;

    while (at < 0) {
        const int64_t count = -at < BLOCK ? -at : BLOCK;

        blocks_fill(in, at, count, &b);
        for (int look = 0; look < NETWORK_LOOKS; look++) {
            for (int64_t i = 0; i < count; i++)
                b.of[look][i] *= n->gain * QUIETER[look];
        }
        looks_run(n, &b, (size_t)(count / DTLN_HOP));
        at += count;
    }
}

/* Gains that go over evenly from the last one to `target`, on what the looks get. */
static int gains_put(struct network *n, size_t hops, float target, struct blocks *b,
                     struct err *reterr)
{
    const float step = powf(target / n->gain, 1.0f / (float)hops);
    int rc = 0;

    for (size_t t = 0; t < hops && rc == 0; t++) {
        const float gain = n->gain * step;

        for (int look = 0; look < NETWORK_LOOKS; look++) {
            float *x = b->of[look] + t * DTLN_HOP;

            for (size_t i = 0; i < DTLN_HOP; i++)
                x[i] *= (n->gain + (gain - n->gain) * (float)i / DTLN_HOP) * QUIETER[look];
        }
        rc = track_append(&n->gains, &n->gain, 1, reterr);
        n->gain = gain;
    }
    return rc;
}

/* What the second look gave, before `gain` is off, of the first half of the first hop. */
static void early_take(struct network *n, const float *second, float gain)
{
    for (size_t i = 0; i < NETWORK_SHIFT; i++)
        n->early[i] = second[DTLN_HOP - NETWORK_SHIFT + i] / (gain * QUIETER[1]);
}

/* Takes the gains of a hop off again; the mean of both looks goes to the first. */
static void hop_join(struct network *n, int64_t hop, float *first, float *second)
{
    const float gain = *track_at(&n->gains, hop), next = *track_at(&n->gains, hop + 1);

    for (size_t i = 0; i < DTLN_HOP; i++) {
        const float undo = 1.0f / (gain + (next - gain) * (float)i / DTLN_HOP);

        first[i] *= undo / QUIETER[0];
        second[i] *= undo / QUIETER[1];
    }
    for (size_t i = 0; i < DTLN_HOP; i++)
        first[i] = 0.5f * (first[i] +
                           (i < NETWORK_SHIFT ? n->early[i] : second[i - NETWORK_SHIFT]));
    memcpy(n->early, second + DTLN_HOP - NETWORK_SHIFT, sizeof n->early);
}

/* Appends what DELAY_HOPS late results are. */
static int hops_give(struct network *n, struct blocks *b, size_t hops, struct track *out,
                     struct err *reterr)
{
    int64_t hop = n->gains.end - (int64_t)hops - DELAY_HOPS;
    int rc = 0;

    for (size_t t = 0; t < hops && rc == 0; t++, hop++) {
        float *first = b->of[0] + t * DTLN_HOP, *second = b->of[1] + t * DTLN_HOP;

        if (hop == -1)
            early_take(n, second, *track_at(&n->gains, 0));
        if (hop >= 0) {
            hop_join(n, hop, first, second);
            rc = track_append(out, first, DTLN_HOP, reterr);
        }
    }
    track_forget(&n->gains, n->gains.end > DELAY_HOPS ? n->gains.end - DELAY_HOPS : 0);
    return rc;
}

static int batch_run(struct network *n, const struct track *in, size_t hops,
                     struct track *out, struct err *reterr)
{
    const float target = gain_at(n, n->gains.end + (int64_t)hops);
    struct blocks b;
    int rc;

    if (n->gains.end == 0) {
        n->gain = target;
        warm_up(n, in);
    }
    blocks_fill(in, network_position(n), (int64_t)hops * DTLN_HOP, &b);
    rc = gains_put(n, hops, target, &b, reterr);
    if (rc)
        return rc;
    looks_run(n, &b, hops);
    rc = hops_give(n, &b, hops, out, reterr);
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
    for (int i = 0; i < NETWORK_LOOKS; i++)
        dtln_free(&n->looks[i]);
    track_release(&n->powers);
    track_release(&n->gains);
}
