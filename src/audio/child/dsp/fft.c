#include "audio/child/dsp/fft.h"

#include <libavutil/mem.h>
#include <libavutil/tx.h>
#include <stdlib.h>
#include <string.h>

struct fft {
    AVTXContext *forward, *inverse;
    av_tx_fn run_forward, run_inverse;
    size_t count;
    float *in, *out; /* aligned as av_tx wants; it may also spoil its input */
};

int fft_new(size_t count, struct fft **ret, struct err *reterr)
{
    struct fft *f = calloc(1, sizeof *f);
    const float one = 1.0f, share = 1.0f / (float)count;
    int rc = -1;

    if (f) {
        f->count = count;
        f->in = av_malloc((count + 2) * sizeof *f->in);
        f->out = av_malloc((count + 2) * sizeof *f->out);
    }
    if (f && f->in && f->out)
        rc = av_tx_init(&f->forward, &f->run_forward, AV_TX_FLOAT_RDFT, 0, (int)count, &one,
                        0);
    if (rc >= 0)
        rc = av_tx_init(&f->inverse, &f->run_inverse, AV_TX_FLOAT_RDFT, 1, (int)count,
                        &share, 0);
    if (rc < 0) {
        fft_free(&f);
        return err_set(reterr, ERR_NO_MEMORY, "Out of memory.");
    }
    *ret = f;
    return 0;
}

void fft_forward(struct fft *f, const float *samples, float *spectrum)
{
    memcpy(f->in, samples, f->count * sizeof *samples);
    f->run_forward(f->forward, f->out, f->in, sizeof(float));
    /* av_tx leaves what must be zero as it was. */
    f->out[1] = f->out[f->count + 1] = 0.0f;
    memcpy(spectrum, f->out, (f->count + 2) * sizeof *spectrum);
}

void fft_inverse(struct fft *f, const float *spectrum, float *samples)
{
    memcpy(f->in, spectrum, (f->count + 2) * sizeof *spectrum);
    f->run_inverse(f->inverse, f->out, f->in, 2 * sizeof(float));
    memcpy(samples, f->out, f->count * sizeof *samples);
}

void fft_free(struct fft **fft)
{
    struct fft *f = *fft;

    if (!f)
        return;
    av_tx_uninit(&f->forward);
    av_tx_uninit(&f->inverse);
    av_freep(&f->in);
    av_freep(&f->out);
    free(f);
    *fft = NULL;
}
