/* Engines made of libavfilter's FFT denoiser. */
#include "audio/child/engine.h"

#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <libavutil/channel_layout.h>
#include <libavutil/opt.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct engine {
    AVFilterGraph *graph;
    AVFilterContext *source, *sink;
    AVFrame *in, *out;
    int rate;
    AVChannelLayout layout;
    int64_t delay;   /* frames by which the filters are late */
    int64_t to_skip; /* of them, not yet dropped */
    int64_t pushed, pulled;
    bool is_ended;
};

static double clamp(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

/* afftdn wants the floor a little below the noise's RMS: 3.5 dB gave the best SI-SDR on
 * speech with white noise at 5 and 10 dB. Each pass is late by two of its hops of rate/80
 * frames. */
static int chain_of(const char *type, const struct engine_input *input, char *chain,
                    size_t size, int64_t *ret_delay)
{
    const double floor_db = clamp(input->noise_floor_dbfs - 3.5, -80.0, -20.0);
    const int64_t pass_delay = 2 * (int64_t)(input->sample_rate_hz / 80);

    if (strcmp(type, "noise_reduction") == 0) {
        (void)snprintf(chain, size, "afftdn=nr=20:nf=%.1f", floor_db);
        *ret_delay = pass_delay;
        return 0;
    }
    if (strcmp(type, "speech_enhancement") == 0) {
        (void)snprintf(chain, size, "afftdn=nr=12:nf=%.1f,afftdn=nr=12:nf=%.1f", floor_db,
                       clamp(floor_db - 6.0, -80.0, -20.0));
        *ret_delay = 2 * pass_delay;
        return 0;
    }
    return ERR_NOT_FOUND;
}

static int graph_build(struct engine *e, const char *chain)
{
    AVFilterInOut *inputs = avfilter_inout_alloc(), *outputs = avfilter_inout_alloc();
    char layout[64], arguments[192];
    int rc;

    e->graph = avfilter_graph_alloc();
    if (!e->graph || !inputs || !outputs)
        rc = AVERROR(ENOMEM);
    else
        rc = av_channel_layout_describe(&e->layout, layout, sizeof layout);
    if (rc >= 0) {
        e->graph->nb_threads = 1;
        (void)snprintf(arguments, sizeof arguments,
                       "sample_rate=%d:sample_fmt=fltp:channel_layout=%s:time_base=1/%d",
                       e->rate, layout, e->rate);
        rc = avfilter_graph_create_filter(&e->source, avfilter_get_by_name("abuffer"), "in",
                                          arguments, NULL, e->graph);
    }
    if (rc >= 0)
        rc = avfilter_graph_create_filter(&e->sink, avfilter_get_by_name("abuffersink"),
                                          "out", NULL, NULL, e->graph);
    if (rc >= 0) {
        *outputs = (AVFilterInOut){ av_strdup("in"), e->source, 0, NULL };
        *inputs = (AVFilterInOut){ av_strdup("out"), e->sink, 0, NULL };
        rc = avfilter_graph_parse_ptr(e->graph, chain, &inputs, &outputs, NULL);
    }
    if (rc >= 0)
        rc = avfilter_graph_config(e->graph, NULL);
    avfilter_inout_free(&inputs);
    avfilter_inout_free(&outputs);
    return rc;
}

static int engine_error(struct err *reterr, int rc)
{
    return err_set(reterr, rc == AVERROR(ENOMEM) ? ERR_NO_MEMORY : ERR_INTERNAL,
                   "The recording could not be processed (%s).", av_err2str(rc));
}

int engine_open(const char *type, const struct engine_input *input, struct engine **ret,
                struct err *reterr)
{
    struct engine *e = calloc(1, sizeof *e);
    char chain[160];
    int rc;

    if (!e)
        return engine_error(reterr, AVERROR(ENOMEM));
    if (chain_of(type, input, chain, sizeof chain, &e->delay) != 0) {
        free(e);
        return err_set(reterr, ERR_NOT_FOUND, "There is no engine for %s.", type);
    }
    e->rate = input->sample_rate_hz;
    e->to_skip = e->delay;
    e->in = av_frame_alloc();
    e->out = av_frame_alloc();
    rc = e->in && e->out ? av_channel_layout_copy(&e->layout, input->layout)
                         : AVERROR(ENOMEM);
    if (rc >= 0)
        rc = graph_build(e, chain);
    if (rc < 0) {
        engine_close(&e);
        return engine_error(reterr, rc);
    }
    *ret = e;
    return 0;
}

static int feed(struct engine *e, const AVFrame *block)
{
    int rc = av_frame_ref(e->in, block);

    if (rc < 0)
        return rc;
    e->in->pts = e->pushed;
    e->pushed += block->nb_samples;
    return av_buffersrc_add_frame(e->source, e->in);
}

/* What is late comes out only when as much is put in behind it. */
static int feed_silence(struct engine *e)
{
    AVFrame *silence = av_frame_alloc();
    int rc = silence ? av_channel_layout_copy(&silence->ch_layout, &e->layout)
                     : AVERROR(ENOMEM);

    if (rc >= 0) {
        silence->format = AV_SAMPLE_FMT_FLTP;
        silence->sample_rate = e->rate;
        silence->nb_samples = (int)(e->delay * 2);
        rc = av_frame_get_buffer(silence, 0);
    }
    for (int c = 0; rc >= 0 && c < e->layout.nb_channels; c++)
        memset(silence->extended_data[c], 0, (size_t)silence->nb_samples * sizeof(float));
    if (rc >= 0)
        rc = feed(e, silence);
    if (rc >= 0)
        e->pushed -= silence->nb_samples;
    av_frame_free(&silence);
    return rc < 0 ? rc : av_buffersrc_add_frame(e->source, NULL);
}

int engine_push(struct engine *e, const AVFrame *block, struct err *reterr)
{
    const int rc = block ? feed(e, block) : feed_silence(e);

    e->is_ended |= !block;
    return rc < 0 ? engine_error(reterr, rc) : 0;
}

/* Drops `count` frames at the front of the block in hand. */
static void block_drop(AVFrame *block, int count)
{
    for (int c = 0; c < block->ch_layout.nb_channels; c++)
        block->extended_data[c] += (size_t)count * sizeof(float);
    block->nb_samples -= count;
}

int engine_pull(struct engine *e, const AVFrame **ret, struct err *reterr)
{
    *ret = NULL;
    for (;;) {
        int rc, skipped;

        av_frame_unref(e->out);
        rc = av_buffersink_get_frame(e->sink, e->out);
        if (rc == AVERROR(EAGAIN) || rc == AVERROR_EOF)
            return 0;
        if (rc < 0)
            return engine_error(reterr, rc);
        skipped = e->to_skip < e->out->nb_samples ? (int)e->to_skip : e->out->nb_samples;
        e->to_skip -= skipped;
        block_drop(e->out, skipped);
        if (e->is_ended && e->pulled + e->out->nb_samples > e->pushed)
            e->out->nb_samples = (int)(e->pushed - e->pulled);
        if (e->out->nb_samples == 0)
            continue;
        e->pulled += e->out->nb_samples;
        *ret = e->out;
        return 0;
    }
}

void engine_close(struct engine **engine)
{
    struct engine *e = *engine;

    if (!e)
        return;
    avfilter_graph_free(&e->graph);
    av_frame_free(&e->in);
    av_frame_free(&e->out);
    av_channel_layout_uninit(&e->layout);
    free(e);
    *engine = NULL;
}
