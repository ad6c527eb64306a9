#include "audio/child/process.h"

#include <math.h>
#include <string.h>
#include "audio/child/engine.h"
#include "audio/child/floor.h"
#include "audio/child/loudness.h"
#include "audio/child/normalise.h"
#include "audio/child/scratch.h"
#include "audio/child/sink.h"
#include "audio/child/source.h"
#include "base/clock.h"

enum {
    PROGRESS_US = 100000,
    PERMILLE_MOST = 999,
    NORMALISE_PERMILLE = 50, /* its share of the progress */
};

struct process {
    const struct audio_request *request;
    int socket_fd;
    struct source *source;
    struct engine *engine; /* NULL: a copy */
    struct sink *sink;
    struct scratch *scratch;         /* NULL: loudness stays as it is */
    struct loudness *before, *after; /* of what is kept, of the result */
    struct floor_meter floor_in, floor_out;
    int64_t frames; /* of the recording */
    int64_t done, normalised, told_us;
};

static void tell_progress(struct process *p)
{
    struct audio_message m = { .magic = AUDIO_MAGIC,
                               .kind = AUDIO_MESSAGE_PROGRESS,
                               .info = *source_info(p->source) };
    const int64_t now_us = clock_monotonic_us();
    const int64_t rest = p->scratch ? NORMALISE_PERMILLE : 0;
    int64_t permille = 0;

    if (now_us - p->told_us < PROGRESS_US)
        return;
    p->told_us = now_us;
    if (p->frames)
        permille = (p->done * (PERMILLE_MOST - rest) + p->normalised * rest) / p->frames;
    m.permille = permille > PERMILLE_MOST ? PERMILLE_MOST : (int32_t)permille;
    (void)audio_send(p->socket_fd, &m, sizeof m, NULL, 0);
}

/* ---- a first pass: how long, and how loud the quietest parts are ---- */

static int survey(struct process *p, struct err *reterr)
{
    const AVFrame *block;
    int rc;

    floor_init(&p->floor_in, source_info(p->source)->sample_rate_hz);
    while ((rc = source_next(p->source, &block, reterr)) == 0 && block) {
        floor_add(&p->floor_in, block);
        p->frames += block->nb_samples;
    }
    return rc ? rc : source_restart(&p->source, reterr);
}

/* ---- where results go ---- */

static int sink_take(void *ctx, const AVFrame *block, struct err *reterr)
{
    struct process *p = ctx;
    int rc = loudness_add(p->after, block, reterr);

    p->normalised += block->nb_samples;
    if (rc == 0)
        rc = sink_write(p->sink, block, reterr);
    tell_progress(p);
    return rc;
}

static int result_take(struct process *p, const AVFrame *block, struct err *reterr)
{
    int rc;

    floor_add(&p->floor_out, block);
    if (!p->scratch)
        return sink_take(p, block, reterr);
    rc = loudness_add(p->before, block, reterr);
    return rc ? rc : scratch_write(p->scratch, block, reterr);
}

/* ---- the chain ---- */

static int drain(struct process *p, struct err *reterr)
{
    const AVFrame *result;
    int rc;

    while ((rc = engine_pull(p->engine, &result, reterr)) == 0 && result) {
        rc = result_take(p, result, reterr);
        if (rc)
            break;
    }
    return rc;
}

static int clean(struct process *p, struct err *reterr)
{
    const AVFrame *block;
    int rc;

    do {
        rc = source_next(p->source, &block, reterr);
        if (rc == 0 && p->engine)
            rc = engine_push(p->engine, block, reterr);
        if (rc == 0 && p->engine)
            rc = drain(p, reterr);
        if (rc == 0 && !p->engine && block)
            rc = result_take(p, block, reterr);
        if (rc == 0 && block)
            p->done += block->nb_samples;
        tell_progress(p);
    } while (rc == 0 && block);
    return rc;
}

static int parts_open(struct process *p, const struct process_files *files,
                      struct err *reterr)
{
    const struct audio_info *info = source_info(p->source);
    const AVChannelLayout *layout = source_layout(p->source);
    const int rate = info->sample_rate_hz;
    const struct sink_config sink = { .fd = files->output_fd,
                                      .format = p->request->format,
                                      .sample_rate_hz = rate,
                                      .layout = layout,
                                      .frames = p->frames,
                                      .bytes_max = p->request->output_bytes_max,
                                      .is_deep = source_is_deep(p->source),
                                      .tags = source_tags(p->source) };
    const struct engine_input input = { rate, layout,
                                        (enum audio_strength)p->request->strength };
    int rc = 0;

    if (p->request->type[0])
        rc = engine_open(p->request->type, &input, &p->engine, reterr);

    floor_init(&p->floor_out, rate);
    if (rc == 0)
        rc = sink_open(&sink, &p->sink, reterr);
    if (rc == 0)
        rc = loudness_open(rate, layout, false, &p->after, reterr);
    if (rc == 0 && p->request->loudness_normalise)
        rc = loudness_open(rate, layout, true, &p->before, reterr);
    if (rc == 0 && p->request->loudness_normalise)
        rc = scratch_open(files->scratch_fd, rate, layout, &p->scratch, reterr);
    return rc;
}

static void parts_close(struct process *p)
{
    sink_close(&p->sink);
    engine_close(&p->engine);
    source_close(&p->source);
    loudness_close(&p->before);
    loudness_close(&p->after);
    scratch_close(&p->scratch);
}

/* ---- figures ---- */

static int32_t hundredths(double value, int least)
{
    const double scaled = round(100.0 * value);

    return scaled < least                  ? least
           : scaled > AUDIO_LEVEL_MOST_CDB ? AUDIO_LEVEL_MOST_CDB
                                           : (int32_t)scaled;
}

static void figures_fill(const struct process *p, const struct sink_result *sink,
                         struct audio_message *m)
{
    const uint64_t silent = floor_silent(&p->floor_in);
    const double peak = loudness_peak(p->after);

    m->info = *source_info(p->source);
    m->info.frames = p->frames;
    m->info.duration_us = p->frames * 1000000 / m->info.sample_rate_hz;
    m->output_bytes = sink->bytes;
    m->frames_written = sink->frames;
    m->output_rate_hz = sink->sample_rate_hz;
    m->output_channels = sink->channels;
    m->peak_cdbfs = peak > 0.0 ? hundredths(20.0 * log10(peak), AUDIO_LEVEL_LEAST_CDB)
                               : AUDIO_LEVEL_LEAST_CDB;
    m->loudness_clufs = hundredths(loudness_lufs(p->after), AUDIO_LOUDNESS_LEAST_CLUFS);
    m->noise_removed_cdb = hundredths(
        floor_dbfs(&p->floor_in, silent) - floor_dbfs(&p->floor_out, silent), 0);
}

int process_run(const struct audio_request *request, const struct process_files *files,
                int socket_fd, struct audio_message *m, struct err *reterr)
{
    static struct process
        p; /* its histograms are large for a stack; a child has one task */
    struct sink_result result;
    int rc;

    p = (struct process){ .request = request, .socket_fd = socket_fd };
    rc = source_open(files->input_fd, request->duration_us_max, &p.source, reterr);
    if (rc == 0) {
        tell_progress(&p);
        rc = survey(&p, reterr);
    }
    if (rc == 0)
        rc = parts_open(&p, files, reterr);
    if (rc == 0)
        rc = clean(&p, reterr);
    if (rc == 0 && p.scratch)
        rc = normalise(p.scratch, p.before, source_info(p.source)->sample_rate_hz,
                       source_layout(p.source), sink_take, &p, reterr);
    if (rc == 0)
        rc = sink_finish(p.sink, &result, reterr);
    if (rc == 0)
        figures_fill(&p, &result, m);
    parts_close(&p);
    return rc;
}
