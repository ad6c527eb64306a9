#include "audio/child/dsp/blend.h"

#include <math.h>
#include "audio/child/dsp/level.h"
#include "audio/child/dsp/network.h"
#include "audio/child/dsp/powers.h"

enum { CHUNK = 64 }; /* hops over which weights go from one value to the next */

_Static_assert(HOPS_BEHIND + CHUNK + HOPS_AHEAD <= LEVEL_FRAMES_MAX,
               "level_snr_db's bound");

/* A line from (low, at_low) to (high, at_high), level outside. */
static double ramp(double x, double low, double high, double at_low, double at_high)
{
    const double share = fmin(fmax((x - low) / (high - low), 0.0), 1.0);

    return at_low + share * (at_high - at_low);
}

struct blend_weights blend_weights_of(double snr_db, bool is_narrow,
                                      enum audio_strength strength)
{
    const double shift_db = strength == AUDIO_STRENGTH_STRONG ? 6.0 : 0.0;
    const double snr = snr_db - shift_db;
    /* 28 dB down it is hardly heard, but carries consonants that the network misses. */
    const double kept = strength == AUDIO_STRENGTH_STRONG ? 0.0 : 0.04;
    const double network = is_narrow ? ramp(snr, 10, 18, 0.85, 0.1)
                                     : ramp(snr, 17, 26, 0.96, 0.1);
    const double recording = is_narrow ? ramp(snr, 11, 22, 0.0, 0.7)
                                       : ramp(snr, 17, 25, kept, 0.75);
    const double wet = strength == AUDIO_STRENGTH_LIGHT ? 0.65 : 1.0;

    return (struct blend_weights){ (float)(wet * network),
                                   (float)(1.0 - wet * (1.0 - recording)) };
}

/* The weights at `hop`, by the seconds around it. */
static struct blend_weights weights_at(const struct blend *b, int64_t hop)
{
    const int64_t start = b->after.start, end = b->after.end;
    const int64_t from = hop - HOPS_BEHIND > start ? hop - HOPS_BEHIND : start;
    const int64_t to = hop + HOPS_AHEAD < end ? hop + HOPS_AHEAD : end;
    const double snr_db = level_snr_db(track_at(&b->before, from),
                                       track_at(&b->after, from), (size_t)(to - from));

    return blend_weights_of(snr_db, b->is_narrow, b->strength);
}

static int chunk_append(struct blend *b, struct err *reterr)
{
    const struct blend_weights next = weights_at(b, b->network.end + CHUNK);
    int rc = 0;

    if (b->network.end == 0)
        b->last = next;
    for (int i = 0; i < CHUNK && rc == 0; i++) {
        const float share = (float)i / CHUNK;
        const float network = b->last.network + share * (next.network - b->last.network);
        const float recording = b->last.recording +
                                share * (next.recording - b->last.recording);

        rc = track_append(&b->network, &network, 1, reterr);
        if (rc == 0)
            rc = track_append(&b->recording, &recording, 1, reterr);
    }
    b->last = next;
    return rc;
}

/* The network's gain of each hop, for what lies above its band: at least -12 dB. */
static int gains_append(struct blend *b, const struct track *fed_powers, struct err *reterr)
{
    int rc = 0;

    while (rc == 0 && b->gain.end < b->after.end) {
        const float after = *track_at(&b->after, b->gain.end);
        const float before = *track_at(fed_powers, b->gain.end);
        const float gain = sqrtf(after / (before + 1e-12f));
        const float kept = fminf(fmaxf(gain, 0.25f), 1.0f);

        rc = track_append(&b->gain, &kept, 1, reterr);
    }
    return rc;
}

int blend_run(struct blend *b, const struct track *recording, const struct track *given,
              const struct track *fed_powers, bool is_last, struct err *reterr)
{
    int rc = powers_append(&b->after, given, is_last, reterr);

    if (rc == 0)
        rc = powers_append(&b->before, recording, is_last, reterr);
    if (rc == 0)
        rc = gains_append(b, fed_powers, reterr);
    while (rc == 0 && b->network.end + CHUNK + HOPS_AHEAD <= b->after.end)
        rc = chunk_append(b, reterr);
    while (rc == 0 && is_last && b->network.end < b->after.end)
        rc = chunk_append(b, reterr);
    return rc;
}

int64_t blend_end(const struct blend *b, bool is_last)
{
    const int64_t weighted = b->network.end < b->gain.end ? b->network.end : b->gain.end;

    return is_last || weighted == 0 ? weighted : weighted - 1;
}

/* Means with the neighbours, so that the lines of hops meet. */
static void line_of(const struct track *t, int64_t hop, float line[2])
{
    const float here = *track_at(t, hop);

    line[0] = hop > t->start ? 0.5f * (*track_at(t, hop - 1) + here) : here;
    line[1] = hop + 1 < t->end ? 0.5f * (*track_at(t, hop + 1) + here) : here;
}

struct blend_line blend_line_of(const struct blend *b, int64_t hop)
{
    struct blend_line line = { { 0.0f }, { 0.0f }, { 0.0f } };

    line_of(&b->network, hop, line.network);
    line_of(&b->recording, hop, line.recording);
    line_of(&b->gain, hop, line.gain);
    return line;
}

void blend_forget(struct blend *b, int64_t hop)
{
    const int64_t heard = hop > HOPS_BEHIND ? hop - HOPS_BEHIND : 0;
    const int64_t used = hop > 0 ? hop - 1 : 0; /* blend_line_of looks one back */

    track_forget(&b->before, heard);
    track_forget(&b->after, heard);
    track_forget(&b->network, used);
    track_forget(&b->recording, used);
    track_forget(&b->gain, used);
}

void blend_release(struct blend *b)
{
    track_release(&b->before);
    track_release(&b->after);
    track_release(&b->network);
    track_release(&b->recording);
    track_release(&b->gain);
}
