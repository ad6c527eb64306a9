#include "audio/child/normalise.h"

#include <math.h>
#include <string.h>
#include "audio/child/limiter.h"

enum { TRIALS = 3 };

static const double TARGET_LUFS = -16.0, LEAST_LUFS = -69.9, GAIN_MOST_DB = 30.0,
                    LIMITED_MOST_DB = 12.0, CLOSE_LU = 0.05;
/* A tenth below -1 dBTP: meters find peaks between samples that differ by about as much. */
static const double CEILING_DBTP = -1.1;

struct pass {
    struct scratch *kept;
    int rate;
    const AVChannelLayout *layout;
};

static double factor(double db)
{
    return pow(10.0, db / 20.0);
}

/* Gives `block` without its first *skip frames, which come off *skip. */
static int give(AVFrame *block, int64_t *skip, normalise_take *take, void *ctx,
                struct err *reterr)
{
    const int skipped = *skip < block->nb_samples ? (int)*skip : block->nb_samples;
    const int count = block->nb_samples - skipped;

    *skip -= skipped;
    if (count == 0)
        return 0;
    for (int c = 0; c < block->ch_layout.nb_channels && skipped; c++) {
        float *plane = (float *)(void *)block->extended_data[c];

        memmove(plane, plane + skipped, (size_t)count * sizeof *plane);
    }
    block->nb_samples = count;
    return take(ctx, block, reterr);
}

static int silence(const struct pass *p, int frames, AVFrame **ret)
{
    AVFrame *block = av_frame_alloc();
    int rc = block ? av_channel_layout_copy(&block->ch_layout, p->layout) : -1;

    if (rc >= 0) {
        block->format = AV_SAMPLE_FMT_FLTP;
        block->sample_rate = p->rate;
        block->nb_samples = frames;
        rc = av_frame_get_buffer(block, 0);
    }
    for (int c = 0; c < p->layout->nb_channels && rc >= 0; c++)
        memset(block->extended_data[c], 0, (size_t)frames * sizeof(float));
    if (rc < 0)
        av_frame_free(&block);
    *ret = block;
    return rc < 0 ? -1 : 0;
}

/* All that is kept through one limiter. */
static int run(const struct pass *p, double gain, double ceiling, normalise_take *take,
               void *ctx, struct err *reterr)
{
    struct limiter *limiter = NULL;
    AVFrame *block;
    int64_t skip;
    int rc = limiter_open(p->rate, p->layout->nb_channels, gain, ceiling, &limiter, reterr);

    if (rc)
        return rc;
    skip = limiter_delay(limiter);
    scratch_rewind(p->kept);
    while ((rc = scratch_read(p->kept, &block, reterr)) == 0 && block) {
        limiter_run(limiter, block);
        rc = give(block, &skip, take, ctx, reterr);
        if (rc)
            break;
    }
    if (rc == 0 && limiter_delay(limiter) > 0) {
        rc = silence(p, limiter_delay(limiter), &block);
        if (rc == 0) {
            limiter_run(limiter, block);
            rc = give(block, &skip, take, ctx, reterr);
            av_frame_free(&block);
        } else {
            rc = err_set(reterr, ERR_NO_MEMORY, "Out of memory.");
        }
    }
    limiter_close(&limiter);
    return rc;
}

static int measure(void *ctx, const AVFrame *block, struct err *reterr)
{
    return loudness_add(ctx, block, reterr);
}

/* Limiting takes loudness away: a gain that makes up for it is found by trying. */
static int gain_find(const struct pass *p, double *gain_db, double most_db,
                     struct err *reterr)
{
    double missing = CLOSE_LU;

    for (int trial = 0; trial < TRIALS && missing >= CLOSE_LU && *gain_db < most_db;
         trial++) {
        struct loudness *l = NULL;
        int rc = loudness_open(p->rate, p->layout, false, &l, reterr);

        if (rc == 0)
            rc = run(p, factor(*gain_db), factor(CEILING_DBTP), measure, l, reterr);
        if (rc == 0) {
            missing = TARGET_LUFS - loudness_lufs(l);
            *gain_db = fmin(*gain_db + missing, most_db);
        }
        loudness_close(&l);
        if (rc)
            return rc;
    }
    return 0;
}

int normalise(struct scratch *kept, const struct loudness *measured, int sample_rate_hz,
              const AVChannelLayout *layout, normalise_take *take, void *ctx,
              struct err *reterr)
{
    const struct pass p = { kept, sample_rate_hz, layout };
    const double lufs = loudness_lufs(measured);
    const double peak_db = 20.0 * log10(loudness_peak(measured) + 1e-9);
    const double most_db = fmin(GAIN_MOST_DB, CEILING_DBTP - peak_db + LIMITED_MOST_DB);
    double gain_db = fmin(TARGET_LUFS - lufs, most_db);
    bool is_limited;
    int rc = 0;

    if (lufs < LEAST_LUFS)
        gain_db = fmin(0.0, CEILING_DBTP - peak_db);
    is_limited = peak_db + gain_db > CEILING_DBTP;
    if (is_limited)
        rc = gain_find(&p, &gain_db, most_db, reterr);
    return rc ? rc
              : run(&p, factor(gain_db), is_limited ? factor(CEILING_DBTP) : 0.0, take, ctx,
                    reterr);
}
