#include "audio/child/task.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "audio/child/engine.h"
#include "audio/child/sink.h"
#include "audio/child/source.h"
#include "audio/wav_header.h"
#include "base/clock.h"

enum {
    PROGRESS_US = 100000,
    LEVELS = 121, /* of -120 to 0 dBFS */
    QUIET_PERCENT = 10,
};

static void tell(int socket_fd, const struct audio_message *message)
{
    (void)audio_send(socket_fd, message, sizeof *message, NULL, 0);
}

static int tell_failure(int socket_fd, const struct err *err)
{
    struct audio_message m = { .magic = AUDIO_MAGIC,
                               .kind = AUDIO_MESSAGE_FAILURE,
                               .code = err->code };

    (void)snprintf(m.text, sizeof m.text, "%.*s", AUDIO_TEXT_MAX - 1, err->text);
    tell(socket_fd, &m);
    return 1;
}

void task_quick_look(const struct audio_request *request, int socket_fd, int input_fd)
{
    struct audio_message m = { .magic = AUDIO_MAGIC, .kind = AUDIO_MESSAGE_UNSURE };
    char head[WAV_HEADER_BYTES_MAX];
    const int64_t size = lseek(input_fd, 0, SEEK_END);
    const ssize_t got = pread(input_fd, head, sizeof head, 0);

    if (got > 0 && size > 0 &&
        wav_header_parse((struct view){ head, (size_t)got }, size, &m.info, NULL) == 0 &&
        m.info.duration_us <= request->duration_us_max)
        m.kind = AUDIO_MESSAGE_RESULT;
    tell(socket_fd, &m);
}

/* ---- a first pass: how long, and how loud the quietest parts are ---- */

struct survey {
    int64_t frames;
    uint64_t levels[LEVELS];
    double energy; /* of the window being summed */
    int in_window, window;
};

static void window_end(struct survey *v)
{
    const double db = 10.0 * log10(v->energy / v->in_window + 1e-12);
    const int level = db < -120.0 ? 0 : db > 0.0 ? LEVELS - 1 : (int)lrint(db) + 120;

    v->levels[level]++;
    v->energy = 0.0;
    v->in_window = 0;
}

/* False when a sample is no number. */
static bool survey_block(struct survey *v, const AVFrame *block)
{
    const int channels = block->ch_layout.nb_channels;

    for (int i = 0; i < block->nb_samples; i++) {
        double sum = 0.0;

        for (int c = 0; c < channels; c++) {
            const double x = ((const float *)(const void *)block->extended_data[c])[i];

            sum += x * x;
        }
        if (!isfinite(sum))
            return false;
        v->energy += sum / channels;
        if (++v->in_window == v->window)
            window_end(v);
    }
    v->frames += block->nb_samples;
    return true;
}

static double quiet_level(const struct survey *v)
{
    uint64_t all = 0, below = 0;

    for (int i = 0; i < LEVELS; i++)
        all += v->levels[i];
    for (int i = 0; i < LEVELS; i++) {
        below += v->levels[i];
        if (below * 100 > all * QUIET_PERCENT)
            return i - 120.0;
    }
    return -120.0;
}

static int survey_file(int fd, int64_t duration_us_max, struct survey *v, struct err *err)
{
    struct source *s = NULL;
    const AVFrame *block;
    int rc = source_open(fd, duration_us_max, &s, err);

    if (rc)
        return rc;
    v->window = source_info(s)->sample_rate_hz / 50 + 1;
    while ((rc = source_next(s, &block, err)) == 0 && block) {
        if (!survey_block(v, block)) {
            rc = err_set(err, ERR_NOT_MEDIA,
                         "The recording has samples that are no numbers.");
            break;
        }
    }
    source_close(&s);
    return rc;
}

/* ---- processing ---- */

struct chain {
    int socket_fd;
    struct source *source;
    struct engine *engine;
    struct sink *sink;
    struct survey survey;
    int64_t told_us;
};

static void tell_progress(struct chain *c, int64_t frames)
{
    struct audio_message m = { .magic = AUDIO_MAGIC, .kind = AUDIO_MESSAGE_PROGRESS };
    const int64_t now_us = clock_monotonic_us();

    if (now_us - c->told_us < PROGRESS_US)
        return;
    c->told_us = now_us;
    m.permille = c->survey.frames ? (int)(frames * 999 / c->survey.frames) : 0;
    if (m.permille > 999)
        m.permille = 999;
    tell(c->socket_fd, &m);
}

static int drain(struct chain *c, struct err *err)
{
    const AVFrame *result;
    int rc;

    while ((rc = engine_pull(c->engine, &result, err)) == 0 && result) {
        rc = sink_write(c->sink, result, err);
        if (rc)
            break;
    }
    return rc;
}

static int chain_run(struct chain *c, struct err *err)
{
    const AVFrame *block;
    int64_t frames = 0;
    int rc;

    do {
        rc = source_next(c->source, &block, err);
        if (rc == 0)
            rc = engine_push(c->engine, block, err);
        if (rc == 0)
            rc = drain(c, err);
        if (rc == 0 && block)
            frames += block->nb_samples;
        tell_progress(c, frames);
    } while (rc == 0 && block);
    return rc;
}

static int process(const struct audio_request *request, int socket_fd, int input_fd,
                   int output_fd, struct audio_message *m, struct err *err)
{
    struct chain c = { .socket_fd = socket_fd };
    struct engine_input input;
    int rc = survey_file(input_fd, request->duration_us_max, &c.survey, err);

    if (rc == 0)
        rc = source_open(input_fd, request->duration_us_max, &c.source, err);
    if (rc == 0) {
        m->info = *source_info(c.source);
        m->info.frames = c.survey.frames;
        m->info.duration_us = c.survey.frames * 1000000 / m->info.sample_rate_hz;
        input = (struct engine_input){ m->info.sample_rate_hz, source_layout(c.source),
                                       quiet_level(&c.survey),
                                       AUDIO_STRENGTH_NORMAL };
        rc = engine_open(request->type, &input, &c.engine, err);
    }
    if (rc == 0)
        rc = sink_open(output_fd, m->info.sample_rate_hz, m->info.channels, &c.sink, err);
    if (rc == 0)
        rc = chain_run(&c, err);
    if (rc == 0)
        rc = sink_finish(c.sink, &m->output_bytes, &m->frames_written, err);
    sink_close(&c.sink);
    engine_close(&c.engine);
    source_close(&c.source);
    return rc;
}

/* The first block must decode: a header is easily made up. */
static int probe(const struct audio_request *request, int input_fd, struct audio_message *m,
                 struct err *err)
{
    struct source *s = NULL;
    const AVFrame *block;
    int rc = source_open(input_fd, request->duration_us_max, &s, err);

    if (rc)
        return rc;
    rc = source_next(s, &block, err);
    if (rc == 0)
        m->info = *source_info(s);
    if (rc == 0 && m->info.duration_us == 0 && block) {
        m->info.frames = block->nb_samples;
        m->info.duration_us = (int64_t)block->nb_samples * 1000000 / m->info.sample_rate_hz;
    }
    source_close(&s);
    return rc;
}

int task_run(const struct audio_request *request, int socket_fd, int input_fd,
             int output_fd)
{
    struct audio_message m = { .magic = AUDIO_MAGIC, .kind = AUDIO_MESSAGE_RESULT };
    const int64_t started_us = clock_monotonic_us();
    struct err err = { 0 };
    const int rc = request->kind == AUDIO_REQUEST_PROBE
                       ? probe(request, input_fd, &m, &err)
                       : process(request, socket_fd, input_fd, output_fd, &m, &err);

    if (rc)
        return tell_failure(socket_fd, &err);
    m.processing_us = clock_monotonic_us() - started_us;
    tell(socket_fd, &m);
    return 0;
}
