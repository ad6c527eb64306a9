#include "audio/child/scratch.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include "audio/child/sink_driver.h"

enum { BLOCK_FRAMES = 4096 };

struct scratch {
    int fd, channels;
    int64_t written, at; /* frames */
    AVFrame *block;
    float *interleaved; /* interleaved, one block */
};

int scratch_open(int fd, int sample_rate_hz, const AVChannelLayout *layout,
                 struct scratch **ret, struct err *reterr)
{
    struct scratch *s = calloc(1, sizeof *s);
    int rc = -1;

    if (!s)
        return err_set(reterr, ERR_NO_MEMORY, "Out of memory.");
    s->fd = fd;
    s->channels = layout->nb_channels;
    s->block = av_frame_alloc();
    s->interleaved = calloc((size_t)s->channels * BLOCK_FRAMES, sizeof(float));
    if (s->block && s->interleaved) {
        s->block->format = AV_SAMPLE_FMT_FLTP;
        s->block->sample_rate = sample_rate_hz;
        s->block->nb_samples = BLOCK_FRAMES;
        rc = av_channel_layout_copy(&s->block->ch_layout, layout);
    }
    if (rc >= 0)
        rc = av_frame_get_buffer(s->block, 0);
    if (rc < 0) {
        scratch_close(&s);
        return err_set(reterr, ERR_NO_MEMORY, "Out of memory.");
    }
    *ret = s;
    return 0;
}

static int64_t offset_of(const struct scratch *s, int64_t frame)
{
    return frame * s->channels * (int64_t)sizeof(float);
}

int scratch_write(struct scratch *s, const AVFrame *block, struct err *reterr)
{
    for (int from = 0; from < block->nb_samples; from += BLOCK_FRAMES) {
        const int left = block->nb_samples - from;
        const int count = left < BLOCK_FRAMES ? left : BLOCK_FRAMES;
        int rc;

        for (int c = 0; c < s->channels; c++) {
            const float *plane = (const float *)(const void *)block->extended_data[c] +
                                 from;

            for (int i = 0; i < count; i++)
                s->interleaved[i * s->channels + c] = plane[i];
        }
        rc = sink_pwrite(s->fd, s->interleaved, (size_t)offset_of(s, count),
                         offset_of(s, s->written));
        if (rc)
            return sink_write_error(rc, reterr);
        s->written += count;
    }
    return 0;
}

void scratch_rewind(struct scratch *s)
{
    s->at = 0;
}

int scratch_read(struct scratch *s, AVFrame **ret, struct err *reterr)
{
    const int64_t left = s->written - s->at;
    const int count = left < BLOCK_FRAMES ? (int)left : BLOCK_FRAMES;
    const size_t bytes = (size_t)offset_of(s, count);

    *ret = NULL;
    if (count == 0)
        return 0;
    if (pread(s->fd, s->interleaved, bytes, offset_of(s, s->at)) != (ssize_t)bytes)
        return err_set(reterr, ERR_IO, "The server could not read what it wrote.");
    for (int c = 0; c < s->channels; c++) {
        float *plane = (float *)(void *)s->block->extended_data[c];

        for (int i = 0; i < count; i++)
            plane[i] = s->interleaved[i * s->channels + c];
    }
    s->block->nb_samples = count;
    s->at += count;
    *ret = s->block;
    return 0;
}

void scratch_close(struct scratch **scratch)
{
    struct scratch *s = *scratch;

    if (!s)
        return;
    av_frame_free(&s->block);
    free(s->interleaved);
    free(s);
    *scratch = NULL;
}
