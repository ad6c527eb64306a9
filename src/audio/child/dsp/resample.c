#include "audio/child/dsp/resample.h"

#include <libavutil/channel_layout.h>
#include <libavutil/opt.h>
#include <libswresample/swresample.h>
#include <stdlib.h>

enum { BLOCK = 4096 };

struct resampler {
    SwrContext *swr; /* NULL: equal rates */
    float block[BLOCK];
};

static int swr_open(struct resampler *r, int from_hz, int to_hz)
{
    AVChannelLayout mono = AV_CHANNEL_LAYOUT_MONO;
    int rc = swr_alloc_set_opts2(&r->swr, &mono, AV_SAMPLE_FMT_FLTP, to_hz, &mono,
                                 AV_SAMPLE_FMT_FLTP, from_hz, 0, NULL);

    if (rc >= 0)
        rc = av_opt_set_int(r->swr, "filter_size", 64, 0);
    if (rc >= 0)
        rc = av_opt_set_double(r->swr, "cutoff", 0.97, 0);
    return rc < 0 ? rc : swr_init(r->swr);
}

int resampler_new(int from_hz, int to_hz, struct resampler **ret, struct err *reterr)
{
    struct resampler *r = calloc(1, sizeof *r);

    if (!r || (from_hz != to_hz && swr_open(r, from_hz, to_hz) < 0)) {
        resampler_free(&r);
        return err_set(reterr, ERR_NO_MEMORY, "Out of memory.");
    }
    *ret = r;
    return 0;
}

/* Up to BLOCK samples; NULL: the end. */
static int block_run(struct resampler *r, const float *samples, size_t count,
                     struct track *out, struct err *reterr)
{
    const uint8_t *in = (const uint8_t *)(const void *)samples;
    uint8_t *to = (uint8_t *)r->block;
    int left = (int)count;

    for (;;) {
        const int got = swr_convert(r->swr, &to, BLOCK, samples ? &in : NULL, left);
        int rc;

        if (got < 0)
            return err_set(reterr, ERR_INTERNAL, "The sample rate could not be changed.");
        left = 0; /* what was not used yet is kept inside */
        rc = track_append(out, r->block, (size_t)got, reterr);
        if (rc || got < BLOCK)
            return rc;
    }
}

/* In blocks: swresample keeps, for good, room for twice the most that it was given. */
int resampler_run(struct resampler *r, const float *samples, size_t count,
                  struct track *out, struct err *reterr)
{
    int rc = 0;

    if (!r->swr)
        return samples ? track_append(out, samples, count, reterr) : 0;
    if (!samples)
        return block_run(r, NULL, 0, out, reterr);
    for (size_t at = 0; at < count && rc == 0; at += BLOCK)
        rc = block_run(r, samples + at, count - at < BLOCK ? count - at : BLOCK, out,
                       reterr);
    return rc;
}

void resampler_free(struct resampler **resampler)
{
    if (!*resampler)
        return;
    swr_free(&(*resampler)->swr);
    free(*resampler);
    *resampler = NULL;
}
