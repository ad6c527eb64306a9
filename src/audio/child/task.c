#include "audio/child/task.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "audio/child/process.h"
#include "audio/child/sink_driver.h"
#include "audio/child/source.h"
#include "audio/child/waveform.h"
#include "base/clock.h"

static void tell(int socket_fd, const struct audio_message *message)
{
    (void)audio_send(socket_fd, message, sizeof *message, NULL, 0);
}

/* How much memory the child has does not change with what else the server does: what is not
 * enough now never will be. */
static int tell_failure(int socket_fd, struct err *err)
{
    struct audio_message m = { .magic = AUDIO_MAGIC, .kind = AUDIO_MESSAGE_FAILURE };

    if (err->code == ERR_NO_MEMORY)
        (void)err_set(err, ERR_TOO_LARGE, "The file needs more memory than it may use.");
    m.code = err->code;
    (void)snprintf(m.text, sizeof m.text, "%.*s", AUDIO_TEXT_MAX - 1, err->text);
    tell(socket_fd, &m);
    return 1;
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
        rc = source_count(s, err);
    m->info = *source_info(s);
    source_close(&s);
    return rc;
}

static int peaks(const struct audio_request *request, int input_fd, int output_fd,
                 struct audio_message *m, struct err *err)
{
    static struct waveform w; /* large for a stack; a child has one task */
    int8_t pairs[2 * AUDIO_PEAKS_MAX];
    struct source *s = NULL;
    const AVFrame *block;
    int rc = source_open(input_fd, request->duration_us_max, &s, err);

    if (rc)
        return rc;
    waveform_init(&w);
    while ((rc = source_next(s, &block, err)) == 0 && block)
        waveform_add(&w, block);
    m->info = *source_info(s);
    source_close(&s);
    if (rc)
        return rc;
    m->info.frames = w.frames;
    m->info.duration_us = w.frames * 1000000 / m->info.sample_rate_hz;
    m->buckets = waveform_write(&w, (int)request->buckets, pairs);
    rc = sink_pwrite(output_fd, pairs, 2 * (size_t)m->buckets, 0);
    return rc ? sink_write_error(rc, err) : 0;
}

int task_run(const struct audio_request *request, int socket_fd,
             const int fds[AUDIO_FDS_MAX - 1])
{
    struct audio_message m = { .magic = AUDIO_MAGIC, .kind = AUDIO_MESSAGE_RESULT };
    const int64_t started_us = clock_monotonic_us();
    const struct process_files files = { fds[0], fds[1], fds[2] };
    struct err err = { 0 };
    int rc;

    if (request->kind == AUDIO_REQUEST_PROCESS)
        rc = process_run(request, &files, socket_fd, &m, &err);
    else if (request->kind == AUDIO_REQUEST_PEAKS)
        rc = peaks(request, fds[0], fds[1], &m, &err);
    else
        rc = probe(request, fds[0], &m, &err);
    if (rc)
        return tell_failure(socket_fd, &err);
    m.processing_us = clock_monotonic_us() - started_us;
    tell(socket_fd, &m);
    return 0;
}
