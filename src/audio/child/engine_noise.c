/* noise_reduction: log-MMSE at the recording's own rate. */
#include <stdlib.h>
#include "audio/child/dsp/denoise.h"
#include "audio/child/engine_channel.h"

struct noise_channel {
    struct channel base;
    struct denoise denoise;
};

static float gain_min(enum audio_strength strength)
{
    switch (strength) {
    case AUDIO_STRENGTH_LIGHT:
        return 0.398f; /* -8 dB */
    case AUDIO_STRENGTH_STRONG:
        return 0.0891f; /* -21 dB */
    default:
        return 0.178f; /* -15 dB */
    }
}

/* What is taken for noise in babble and music is in part speech: most of it stays. */
static float spared_most(enum audio_strength strength)
{
    return strength == AUDIO_STRENGTH_STRONG ? 0.35f : 0.65f;
}

static int noise_open(int rate_hz, enum audio_strength strength, struct channel **ret,
                      struct err *reterr)
{
    struct noise_channel *n = calloc(1, sizeof *n);
    int rc = n ? denoise_init(&n->denoise, rate_hz, gain_min(strength), reterr)
               : err_set(reterr, ERR_NO_MEMORY, "Out of memory.");

    if (rc == 0) {
        rc = logmmse_spare_unsteady(n->denoise.logmmse, spared_most(strength), reterr);
        if (rc)
            denoise_release(&n->denoise);
    }
    if (rc) {
        free(n);
        return rc;
    }
    n->base.kind = &channel_noise;
    *ret = &n->base;
    return 0;
}

static int noise_advance(struct channel *c, bool is_last, struct err *reterr)
{
    struct noise_channel *n = (struct noise_channel *)c;
    const int rc = denoise_run(&n->denoise, &c->in, is_last, &c->out, NULL, reterr);

    track_forget(&c->in, n->denoise.taken < c->in.end ? n->denoise.taken : c->in.end);
    return rc;
}

static void noise_close(struct channel *c)
{
    struct noise_channel *n = (struct noise_channel *)c;

    denoise_release(&n->denoise);
    free(n);
}

const struct channel_kind channel_noise = { noise_open, noise_advance, noise_close };
