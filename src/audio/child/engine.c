/* Engines by name, and the way of blocks through their channels. */
#include "audio/child/engine.h"

#include <libavutil/channel_layout.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "audio/audio.h"
#include "audio/child/engine_channel.h"
#include "audio/child/dsp/dtln_weights.h"

enum { STEP = 4096 };

/* 240 dB over full scale: the powers of what is louder would be no floats. */
static const float LOUDEST = 1e12f;

struct engine {
    struct channel *channels[AUDIO_CHANNELS_MAX];
    int channels_count;
    int64_t taken; /* frames given to the caller */
    bool is_ended; /* there is no more input */
    AVFrame *out;  /* its planes point into the channels' tracks */
};

static const struct {
    const char *type;
    const struct channel_kind *kind;
} kinds[] = {
    { "speech_enhancement", &channel_speech },
    { "noise_reduction", &channel_noise },
};

static const struct channel_kind *kind_of(const char *type)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].type, type) == 0)
            return kinds[i].kind;
    }
    return NULL;
}

void engine_prepare(void)
{
    dtln_weights_gather();
}

static int out_open(struct engine *e, const struct engine_input *input)
{
    e->out = av_frame_alloc();
    if (!e->out || av_channel_layout_copy(&e->out->ch_layout, input->layout) < 0)
        return ERR_NO_MEMORY;
    e->out->format = AV_SAMPLE_FMT_FLTP;
    e->out->sample_rate = input->sample_rate_hz;
    return 0;
}

int engine_open(const char *type, const struct engine_input *input, struct engine **ret,
                struct err *reterr)
{
    const struct channel_kind *kind = kind_of(type);
    const int count = input->layout->nb_channels;
    struct engine *e;
    int rc;

    if (!kind)
        return err_set(reterr, ERR_NOT_FOUND, "There is no engine for %s.", type);
    if (count < 1 || count > AUDIO_CHANNELS_MAX)
        return err_set(reterr, ERR_NOT_MEDIA, "The file has %d channels.", count);
    e = calloc(1, sizeof *e);
    rc = e ? out_open(e, input) : ERR_NO_MEMORY;
    if (rc)
        (void)err_set(reterr, rc, "Out of memory.");
    for (int c = 0; rc == 0 && c < count; c++) {
        rc = kind->open(input->sample_rate_hz, input->strength, &e->channels[c], reterr);
        e->channels_count += rc == 0;
    }
    if (rc)
        engine_close(&e);
    else
        *ret = e;
    return rc;
}

static bool are_numbers(const float *samples, int count)
{
    float sum = 0.0f;

    for (int i = 0; i < count; i++)
        sum += samples[i] * 0.0f; /* NaN and infinity times 0 are NaN */
    return !isnan(sum);
}

static void clip(float *samples, int count)
{
    for (int i = 0; i < count; i++)
        samples[i] = fminf(fmaxf(samples[i], -LOUDEST), LOUDEST);
}

/* Channels work when they have got to a multiple of STEP frames, so that the result does
 * not depend on the sizes of blocks. */
static int channel_push(struct channel *c, const float *samples, int count,
                        struct err *reterr)
{
    int rc = 0;

    if (!are_numbers(samples, count))
        return err_set(reterr, ERR_NOT_MEDIA,
                       "The recording has samples that are no numbers.");
    while (rc == 0 && count > 0) {
        const int room = STEP - (int)(c->in.end % STEP);
        const int part = count < room ? count : room;

        rc = track_append(&c->in, samples, (size_t)part, reterr);
        if (rc == 0)
            clip(track_at(&c->in, c->in.end - part), part);
        if (rc == 0 && part == room)
            rc = c->kind->advance(c, false, reterr);
        samples += part;
        count -= part;
    }
    return rc;
}

int engine_push(struct engine *e, const AVFrame *block, struct err *reterr)
{
    int rc = 0;

    e->is_ended = !block;
    for (int i = 0; block && i < e->channels_count && rc == 0; i++)
        rc = channel_push(e->channels[i],
                          (const float *)(const void *)block->extended_data[i],
                          block->nb_samples, reterr);
    return rc;
}

/* After the end: some of what channels still hold back, where all that came was taken. */
static int finish(struct engine *e, struct err *reterr)
{
    int rc = 0;

    for (int i = 0; i < e->channels_count && rc == 0; i++) {
        struct channel *c = e->channels[i];

        while (rc == 0 && c->out.end == e->taken && c->out.end < c->in.end)
            rc = c->kind->advance(c, true, reterr);
    }
    return rc;
}

int engine_pull(struct engine *e, const AVFrame **ret, struct err *reterr)
{
    const int rc = e->is_ended ? finish(e, reterr) : 0;
    int64_t end = INT64_MAX;

    if (rc)
        return rc;
    for (int i = 0; i < e->channels_count; i++) {
        struct track *out = &e->channels[i]->out;

        track_forget(out, e->taken);
        end = out->end < end ? out->end : end;
        e->out->data[i] = (uint8_t *)track_at(out, e->taken);
    }
    e->out->extended_data = e->out->data;
    e->out->nb_samples = (int)(end - e->taken);
    e->taken = end;
    *ret = e->out->nb_samples ? e->out : NULL;
    return 0;
}

static void channel_close(struct channel *c)
{
    track_release(&c->in);
    track_release(&c->out);
    c->kind->close(c);
}

void engine_close(struct engine **engine)
{
    struct engine *e = *engine;

    if (!e)
        return;
    for (int i = 0; i < e->channels_count; i++)
        channel_close(e->channels[i]);
    av_frame_free(&e->out);
    free(e);
    *engine = NULL;
}
