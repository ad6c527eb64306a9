/* speech_enhancement: DTLN below 8 kHz, log-MMSE with DTLN's gain above, blended by how
 * noisy the recording is.
 *
 *   recording N -> log-MMSE L, and N without rumble
 *   all three to 16 kHz: n, l, b;  b -> DTLN -> d
 *   x = w (d - g l), back to the recording's rate: X
 *   result = X + (w g + 1 - w - r) L + r N
 *
 * w and r are the weights of network and recording, g is DTLN's gain per hop. Below 8 kHz
 * that is w d + (1 - w - r) l + r n, above it there is only L times a gain, and N. */
#include <stdlib.h>
#include "audio/child/dsp/blend.h"
#include "audio/child/dsp/denoise.h"
#include "audio/child/dsp/network.h"
#include "audio/child/dsp/resample.h"
#include "audio/child/engine_channel.h"

struct speech_channel {
    struct channel base;
    int rate_hz;
    struct denoise denoise;
    struct resampler *down[3], *up;
    int64_t resampled[3];     /* positions in recording, clean, band */
    struct track clean, band; /* L and N without rumble, at the recording's rate */
    struct track low[3];      /* n, l, b at 16 kHz */
    struct network network;
    struct track given; /* d */
    struct blend blend;
    struct track mixed; /* x; its end: where mixing goes on */
    int64_t mixed_hops;
    struct track raised; /* X */
    bool is_heard;       /* all input has gone through network and blend */
};

enum { RECORDING, CLEAN, BAND };
enum { LAST_HOPS = 64 }; /* given at once at the end */

static const float GAIN_MIN = 0.178f; /* of log-MMSE, -15 dB */

static void speech_close(struct channel *c)
{
    struct speech_channel *s = (struct speech_channel *)c;

    denoise_release(&s->denoise);
    for (int i = 0; i < 3; i++) {
        resampler_free(&s->down[i]);
        track_release(&s->low[i]);
    }
    resampler_free(&s->up);
    track_release(&s->clean);
    track_release(&s->band);
    network_release(&s->network);
    track_release(&s->given);
    blend_release(&s->blend);
    track_release(&s->mixed);
    track_release(&s->raised);
    free(s);
}

static int speech_open(int rate_hz, enum audio_strength strength, struct channel **ret,
                       struct err *reterr)
{
    struct speech_channel *s = calloc(1, sizeof *s);
    int rc;

    if (!s)
        return err_set(reterr, ERR_NO_MEMORY, "Out of memory.");
    s->base.kind = &channel_speech;
    s->rate_hz = rate_hz;
    s->blend.strength = strength;
    rc = denoise_init(&s->denoise, rate_hz, GAIN_MIN, reterr);
    for (int i = 0; i < 3 && rc == 0; i++)
        rc = resampler_new(rate_hz, DTLN_RATE_HZ, &s->down[i], reterr);
    if (rc == 0)
        rc = resampler_new(DTLN_RATE_HZ, rate_hz, &s->up, reterr);
    if (rc == 0)
        rc = network_init(&s->network, reterr);
    if (rc == 0)
        *ret = &s->base;
    else
        speech_close(&s->base);
    return rc;
}

/* What is new in the three signals, to 16 kHz; with `is_last` all three end together. */
static int lower(struct speech_channel *s, bool is_last, struct err *reterr)
{
    const struct track *from[3] = { &s->base.in, &s->clean, &s->band };
    const int64_t length = (s->base.in.end * DTLN_RATE_HZ + s->rate_hz - 1) / s->rate_hz;
    int rc = 0;

    for (int i = 0; i < 3 && rc == 0; i++) {
        struct track *low = &s->low[i];
        const size_t count = (size_t)(from[i]->end - s->resampled[i]);

        if (count)
            rc = resampler_run(s->down[i], track_at(from[i], s->resampled[i]), count, low,
                               reterr);
        s->resampled[i] = from[i]->end;
        if (rc == 0 && is_last)
            rc = resampler_run(s->down[i], NULL, 0, low, reterr);
        if (rc == 0 && is_last && low->end < length)
            rc = track_append(low, NULL, (size_t)(length - low->end), reterr);
        if (is_last && rc == 0)
            low->end = length;
    }
    return rc;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* x of the hops whose weights are known, at the end of a few of them. */
static int mix(struct speech_channel *s, bool is_last, struct err *reterr)
{
    const int64_t known = blend_end(&s->blend, is_last);
    const int64_t hops = is_last ? least(known, s->mixed_hops + LAST_HOPS) : known;
    int rc = 0;

    for (; s->mixed_hops < hops && rc == 0; s->mixed_hops++) {
        const struct blend_line line = blend_line_of(&s->blend, s->mixed_hops);
        const int64_t at = s->mixed_hops * DTLN_HOP;
        const float *d = track_at(&s->given, at), *l = track_at(&s->low[CLEAN], at);
        const int64_t left = s->given.end - at;
        const int64_t count = left < DTLN_HOP ? left : DTLN_HOP;
        float x[DTLN_HOP];

        for (int64_t i = 0; i < count; i++) {
            const float share = (float)i / DTLN_HOP;
            const float w = line.network[0] + share * (line.network[1] - line.network[0]);
            const float g = line.gain[0] + share * (line.gain[1] - line.gain[0]);

            x[i] = w * (d[i] - g * l[i]);
        }
        rc = track_append(&s->mixed, x, (size_t)count, reterr);
    }
    return rc;
}

/* x to the recording's rate. */
static int raise_rate(struct speech_channel *s, bool is_last, struct err *reterr)
{
    const size_t count = (size_t)(s->mixed.end - s->mixed.start);
    int rc = 0;

    if (count)
        rc = resampler_run(s->up, track_at(&s->mixed, s->mixed.start), count, &s->raised,
                           reterr);
    track_forget(&s->mixed, s->mixed.end);
    if (!is_last || s->mixed_hops < blend_end(&s->blend, true))
        return rc;
    if (rc == 0)
        rc = resampler_run(s->up, NULL, 0, &s->raised, reterr);
    if (rc == 0 && s->raised.end < s->base.in.end)
        rc = track_append(&s->raised, NULL, (size_t)(s->base.in.end - s->raised.end),
                          reterr);
    if (rc == 0)
        s->raised.end = s->base.in.end;
    return rc;
}

/* The first sample at the recording's rate in or after a hop. */
static int64_t hop_start(const struct speech_channel *s, int64_t hop)
{
    return (hop * DTLN_HOP * s->rate_hz + DTLN_RATE_HZ - 1) / DTLN_RATE_HZ;
}

/* `count` samples of the result from position `at` on, within one hop. */
static void result_fill(const struct speech_channel *s, int64_t hop, int64_t at,
                        size_t count, float *out)
{
    const struct blend_line line = blend_line_of(&s->blend, hop);
    const float *x = track_at(&s->raised, at), *l = track_at(&s->clean, at);
    const float *n = track_at(&s->base.in, at);
    const double samples = (double)DTLN_HOP * s->rate_hz / DTLN_RATE_HZ;
    const float first = (float)(((double)at - (double)hop * samples) / samples);
    const float step = (float)(1.0 / samples);

    for (size_t i = 0; i < count; i++) {
        const float share = first + step * (float)i;
        const float w = line.network[0] + share * (line.network[1] - line.network[0]);
        const float g = line.gain[0] + share * (line.gain[1] - line.gain[0]);
        const float r = line.recording[0] + share * (line.recording[1] - line.recording[0]);

        out[i] = x[i] + (w * g + 1.0f - w - r) * l[i] + r * n[i];
    }
}

static int give(struct speech_channel *s, struct err *reterr)
{
    struct track *out = &s->base.out;
    int rc = 0;

    while (rc == 0 && out->end < s->raised.end) {
        const int64_t at = out->end;
        const int64_t hop = at * DTLN_RATE_HZ / s->rate_hz / DTLN_HOP;
        const int64_t next = hop_start(s, hop + 1);
        const int64_t end = next < s->raised.end ? next : s->raised.end;

        if (hop >= s->mixed_hops)
            break;
        rc = track_append(out, NULL, (size_t)(end - at), reterr);
        if (rc == 0)
            result_fill(s, hop, at, (size_t)(end - at), track_at(out, at));
    }
    return rc;
}

/* Nothing may be kept that will not be asked for again: recordings are long. */
static void forget(struct speech_channel *s)
{
    const int64_t given = s->base.out.end;
    const int64_t hop = least(given * DTLN_RATE_HZ / s->rate_hz / DTLN_HOP, s->mixed_hops);
    const int64_t powers = s->blend.before.end * DTLN_HOP;

    track_forget(&s->base.in, least(given, least(s->denoise.taken, s->base.in.end)));
    track_forget(&s->clean, given);
    track_forget(&s->raised, given);
    track_forget(&s->band, s->resampled[BAND]);
    track_forget(&s->low[RECORDING], least(powers, s->low[RECORDING].end));
    track_forget(&s->low[CLEAN], least(s->mixed_hops * DTLN_HOP, s->low[CLEAN].end));
    track_forget(&s->low[BAND], least(least(network_position(&s->network),
                                            s->network.powers.end * DTLN_HOP),
                                      s->low[BAND].end));
    track_forget(&s->given,
                 least(least(s->mixed_hops, s->blend.after.end) * DTLN_HOP, s->given.end));
    blend_forget(&s->blend, hop);
}

/* What is new, as far as its weights. */
static int hear(struct speech_channel *s, bool is_last, struct err *reterr)
{
    int rc = denoise_run(&s->denoise, &s->base.in, is_last, &s->clean, &s->band, reterr);

    s->blend.is_narrow = denoise_is_narrow(&s->denoise);
    if (rc == 0)
        rc = lower(s, is_last, reterr);
    if (rc == 0)
        rc = network_run(&s->network, &s->low[BAND], is_last, &s->given, reterr);
    if (rc == 0)
        rc = blend_run(&s->blend, &s->low[RECORDING], &s->given, &s->network.powers,
                       is_last, reterr);
    s->is_heard = is_last;
    return rc;
}

static int speech_advance(struct channel *c, bool is_last, struct err *reterr)
{
    struct speech_channel *s = (struct speech_channel *)c;
    int rc = s->is_heard ? 0 : hear(s, is_last, reterr);

    if (rc == 0)
        rc = mix(s, is_last, reterr);
    if (rc == 0)
        rc = raise_rate(s, is_last, reterr);
    if (rc == 0)
        rc = give(s, reterr);
    if (rc == 0)
        forget(s);
    return rc;
}

const struct channel_kind channel_speech = { speech_open, speech_advance, speech_close };
