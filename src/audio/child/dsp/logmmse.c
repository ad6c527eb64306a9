#include "audio/child/dsp/logmmse.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "audio/child/dsp/fft.h"
#include "audio/child/dsp/select.h"
#include "audio/child/dsp/unsteady.h"

/* Time constants in seconds of what is smoothed from frame to frame. */
static const double NOISE_S = 0.072, PRESENCE_S = 0.152;
/* Less than the usual 0.98, which is for frames further apart: consonants begin faster. */
static const float PRIOR_KEEP = 0.94f, PRIOR_MIN = 0.003162278f; /* -25 dB */
static const double WINDOW_S = 0.030, QUANTILE = 0.2;
static const double RUMBLE_HZ = 50.0, SPEECH_HZ = 90.0;

struct logmmse {
    const struct kernels *k;
    struct fft *fft;
    size_t window, hop, bins, bins_padded;
    double bin_hz;
    struct gain_rule rule;
    struct unsteady unsteady; /* no bins: nothing is spared */
    float *memory;            /* one allocation, of the parts below */
    float *shape, *samples, *added, *added_band, *frame, *spectrum, *cut, *power;
    float *noise, *presence, *clean, *gain;
};

/* Shares the allocation out; with `memory` NULL only counts. */
static size_t parts_place(struct logmmse *l, float *memory)
{
    struct {
        float **part;
        size_t count;
    } parts[] = {
        { &l->shape, l->window },      { &l->samples, l->window },
        { &l->added, l->window },      { &l->added_band, l->window },
        { &l->frame, l->window },      { &l->spectrum, l->window + 2 },
        { &l->cut, l->window + 2 },    { &l->power, l->bins_padded },
        { &l->noise, l->bins_padded }, { &l->presence, l->bins_padded },
        { &l->clean, l->bins_padded }, { &l->gain, l->bins_padded },
    };
    size_t at = 0;

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (memory)
            *parts[i].part = memory + at;
        at += parts[i].count;
    }
    return at;
}

static void rule_fill(struct logmmse *l, int rate_hz, float gain_min)
{
    const double hop_s = (double)l->hop / rate_hz;

    l->rule = (struct gain_rule){
        .power = l->power,
        .noise = l->noise,
        .presence = l->presence,
        .clean = l->clean,
        .gain = l->gain,
        .noise_keep = (float)exp(-hop_s / NOISE_S),
        .presence_keep = (float)exp(-hop_s / PRESENCE_S),
        .prior_keep = PRIOR_KEEP,
        .prior_min = PRIOR_MIN,
        .gain_min = gain_min,
    };
}

int logmmse_new(const struct kernels *kernels, int rate_hz, float gain_min,
                struct logmmse **ret, struct err *reterr)
{
    struct logmmse *l = calloc(1, sizeof *l);
    int rc;

    if (!l)
        return err_set(reterr, ERR_NO_MEMORY, "Out of memory.");
    l->k = kernels;
    for (l->window = 64; (double)l->window < WINDOW_S * rate_hz;)
        l->window *= 2;
    l->hop = l->window / 4;
    l->bins = l->window / 2 + 1;
    l->bins_padded = (l->bins + 15) / 16 * 16;
    l->memory = calloc(parts_place(l, NULL), sizeof *l->memory);
    rc = l->memory ? fft_new(l->window, &l->fft, reterr)
                   : err_set(reterr, ERR_NO_MEMORY, "Out of memory.");
    if (rc) {
        logmmse_free(&l);
        return rc;
    }
    (void)parts_place(l, l->memory);
    l->bin_hz = (double)rate_hz / (double)l->window;
    rule_fill(l, rate_hz, gain_min);
    /* Squared and overlapped four times, a root of Hann sums to 2: half of it is here. */
    for (size_t i = 0; i < l->window; i++)
        l->shape[i] = (float)(sin(M_PI * ((double)i + 0.5) / (double)l->window) /
                              sqrt(2.0));
    *ret = l;
    return 0;
}

int logmmse_spare_unsteady(struct logmmse *l, float share_most, struct err *reterr)
{
    const double hop_s = (double)l->hop / (l->bin_hz * (double)l->window);

    unsteady_release(&l->unsteady);
    return unsteady_init(&l->unsteady, l->bins, l->bin_hz, hop_s, share_most, reterr);
}

size_t logmmse_hop(const struct logmmse *l)
{
    return l->hop;
}

size_t logmmse_delay(const struct logmmse *l)
{
    return l->window - l->hop;
}

/* l->power of the window at `samples`. */
static void analyse(struct logmmse *l, const float *samples)
{
    for (size_t i = 0; i < l->window; i++)
        l->frame[i] = samples[i] * l->shape[i];
    fft_forward(l->fft, l->frame, l->spectrum);
    for (size_t i = 0; i < l->bins; i++)
        l->power[i] = l->spectrum[2 * i] * l->spectrum[2 * i] +
                      l->spectrum[2 * i + 1] * l->spectrum[2 * i + 1];
}

int logmmse_learn(struct logmmse *l, const float *samples, size_t count, struct err *reterr)
{
    const size_t frames = count < l->window ? 0 : (count - l->window) / l->hop + 1;
    float *powers = frames ? malloc(frames * l->bins * sizeof *powers) : NULL;
    /* Of exponentially distributed power, the quantile is this share of the mean. */
    const float share = (float)-log(1.0 - QUANTILE);
    const size_t rank = (size_t)(QUANTILE * (double)frames);

    if (frames && !powers)
        return err_set(reterr, ERR_NO_MEMORY, "Out of memory.");
    for (size_t t = 0; t < frames; t++) {
        analyse(l, samples + t * l->hop);
        for (size_t i = 0; i < l->bins; i++)
            powers[i * frames + t] = l->power[i];
    }
    for (size_t i = 0; i < l->bins && frames; i++) {
        l->noise[i] = select_rank(powers + i * frames, frames, rank) / share;
        l->presence[i] = 0.5f;
    }
    free(powers);
    return 0;
}

/* Spectrum -> samples, overlapped onto `added`, whose first hop is then complete. */
static void synthesise(struct logmmse *l, const float *spectrum, float *added, float *out)
{
    fft_inverse(l->fft, spectrum, l->frame);
    for (size_t i = 0; i < l->window; i++)
        added[i] += l->frame[i] * l->shape[i];
    memcpy(out, added, l->hop * sizeof *out);
    memmove(added, added + l->hop, (l->window - l->hop) * sizeof *added);
    memset(added + l->window - l->hop, 0, l->hop * sizeof *added);
}

static void speech_band_cut(struct logmmse *l)
{
    memcpy(l->cut, l->spectrum, 2 * l->bins * sizeof *l->cut);
    for (size_t i = 0; i < l->bins && (double)i * l->bin_hz < SPEECH_HZ; i++) {
        const double share = ((double)i * l->bin_hz - RUMBLE_HZ) / (SPEECH_HZ - RUMBLE_HZ);

        l->cut[2 * i] *= (float)fmax(share, 0.0);
        l->cut[2 * i + 1] *= (float)fmax(share, 0.0);
    }
}

void logmmse_run(struct logmmse *l, const float *in, float *out, float *speech_band)
{
    memmove(l->samples, l->samples + l->hop, (l->window - l->hop) * sizeof *l->samples);
    memcpy(l->samples + l->window - l->hop, in, l->hop * sizeof *in);
    analyse(l, l->samples);
    if (speech_band) {
        speech_band_cut(l);
        synthesise(l, l->cut, l->added_band, speech_band);
    }
    l->k->gain(&l->rule, l->bins_padded);
    if (l->unsteady.bins)
        unsteady_spare(&l->unsteady, l->noise, l->gain);
    for (size_t i = 0; i < l->bins; i++) {
        l->spectrum[2 * i] *= l->gain[i];
        l->spectrum[2 * i + 1] *= l->gain[i];
    }
    synthesise(l, l->spectrum, l->added, out);
}

float logmmse_power(const struct logmmse *l, double low_hz, double high_hz)
{
    float sum = 0.0f;

    for (size_t i = (size_t)(low_hz / l->bin_hz); i < l->bins; i++) {
        if ((double)i * l->bin_hz >= high_hz)
            break;
        sum += l->power[i];
    }
    return sum;
}

void logmmse_free(struct logmmse **logmmse)
{
    struct logmmse *l = *logmmse;

    if (!l)
        return;
    fft_free(&l->fft);
    unsteady_release(&l->unsteady);
    free(l->memory);
    free(l);
    *logmmse = NULL;
}
