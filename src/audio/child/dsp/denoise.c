#include "audio/child/dsp/denoise.h"

#include <stdlib.h>
#include <string.h>

enum { LEARN_S = 3 };

static const float RECENT_KEEP = 0.999f; /* per hop of about 10 ms */
static const float NARROW_SHARE = 1e-4f;

int denoise_init(struct denoise *d, int rate_hz, float gain_min, struct err *reterr)
{
    size_t hop;
    int rc;

    *d = (struct denoise){ .learn_count = (int64_t)LEARN_S * rate_hz };
    rc = logmmse_new(kernels_best(), rate_hz, gain_min, &d->logmmse, reterr);
    if (rc)
        return rc;
    hop = logmmse_hop(d->logmmse);
    d->silence = calloc(3 * hop, sizeof *d->silence);
    if (!d->silence) {
        denoise_release(d);
        return err_set(reterr, ERR_NO_MEMORY, "Out of memory.");
    }
    d->out = d->silence + hop;
    d->band = d->out + hop;
    return 0;
}

/* Appends the last result to both, but for what comes before the first sample. */
static int give(struct denoise *d, struct track *out, struct track *band,
                struct err *reterr)
{
    const size_t hop = logmmse_hop(d->logmmse);
    int rc;

    d->taken += (int64_t)hop;
    d->middle = RECENT_KEEP * d->middle + logmmse_power(d->logmmse, 1000.0, 3500.0);
    d->high = RECENT_KEEP * d->high + logmmse_power(d->logmmse, 4300.0, 8000.0);
    if (d->taken <= (int64_t)logmmse_delay(d->logmmse))
        return 0;
    rc = track_append(out, d->out, hop, reterr);
    if (rc == 0 && band)
        rc = track_append(band, d->band, hop, reterr);
    return rc;
}

/* The part of a hop that there is, then silence, until the results reach the end. */
static int finish(struct denoise *d, const struct track *in, struct track *out,
                  struct track *band, struct err *reterr)
{
    const size_t hop = logmmse_hop(d->logmmse);
    int rc = 0;

    while (rc == 0 && out->end < in->end) {
        const int64_t left = in->end - d->taken;

        memset(d->silence, 0, hop * sizeof *d->silence);
        if (left > 0)
            memcpy(d->silence, track_at(in, d->taken), (size_t)left * sizeof *d->silence);
        logmmse_run(d->logmmse, d->silence, d->out, band ? d->band : NULL);
        rc = give(d, out, band, reterr);
    }
    if (rc == 0)
        out->end = in->end;
    if (rc == 0 && band)
        band->end = in->end;
    return rc;
}

int denoise_run(struct denoise *d, const struct track *in, bool is_last, struct track *out,
                struct track *band, struct err *reterr)
{
    const int64_t hop = (int64_t)logmmse_hop(d->logmmse);
    int rc = 0;

    if (d->learn_count) {
        if (in->end < d->learn_count && !is_last)
            return 0;
        rc = logmmse_learn(d->logmmse, in->data, (size_t)in->end, reterr);
        d->learn_count = 0;
    }
    while (rc == 0 && in->end - d->taken >= hop) {
        logmmse_run(d->logmmse, track_at(in, d->taken), d->out, band ? d->band : NULL);
        rc = give(d, out, band, reterr);
    }
    return rc == 0 && is_last ? finish(d, in, out, band, reterr) : rc;
}

bool denoise_is_narrow(const struct denoise *d)
{
    return d->high < NARROW_SHARE * d->middle;
}

void denoise_release(struct denoise *d)
{
    logmmse_free(&d->logmmse);
    free(d->silence);
    d->silence = NULL;
}
