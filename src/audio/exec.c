#include "audio/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>
#include "audio/exec_config.h"
#include "audio/exec_folder.h"
#include "audio/exec_run.h"
#include "base/clock.h"

/* ---- a job ---- */

struct exec_job {
    const struct exec_engines *engines;
    const struct exec_engine *engine;
    struct audio_host *host;
    const struct audio_task *task;
    const struct exec_results *results;
    char dir[PATH_MAX], in[PATH_MAX + 8], out[PATH_MAX + 8]; /* out: a file or a folder */
    int from, to; /* permille that the running step goes through */
};

static int step_progress(void *ctx, int permille)
{
    const struct exec_job *j = ctx;

    if (!j->task->progress)
        return 0;
    return j->task->progress(j->task->ctx, j->from + (j->to - j->from) * permille / 1000);
}

/* Decodes the recording into the folder. */
static int input_write(struct exec_job *j, struct audio_result *ret, struct err *reterr)
{
    struct audio_task copy = { .format = "wavf32",
                               .input_fd = j->task->input_fd,
                               .duration_us = j->task->duration_us,
                               .progress = step_progress,
                               .ctx = j };
    int rc;

    copy.output_fd = open(j->in, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (copy.output_fd < 0)
        return err_set_errno(reterr, errno, "engine input");
    rc = audio_process(j->host, &copy, ret, reterr);
    (void)close(copy.output_fd);
    return rc;
}

/* A float WAV takes twice as much as the 16 bits that input_bytes counts: one file may take
 * eight times the input, and all together twice the input for each result more. */
static int program_run(struct exec_job *j, const struct audio_info *input,
                       struct err *reterr)
{
    const struct exec_limits *l = &j->engines->limits;
    const int64_t input_bytes = audio_output_bytes(input->duration_us,
                                                   input->sample_rate_hz, input->channels);
    const int64_t file_bytes = 16 * input_bytes + (1 << 24);
    const struct exec_run run = {
        .words = (const char *const *)j->engine->words,
        .dir = j->dir,
        .in = j->in,
        .out = j->out,
        .strength = audio_strengths[j->task->strength],
        .sample_rate_hz = input->sample_rate_hz,
        .deadline_us = clock_monotonic_us() + l->time_us,
        .processes_max = l->processes_max,
        .folder_bytes_max = file_bytes + (2 + 4 * j->engine->results_most) * input_bytes,
        .sandbox = { .memory_bytes = l->memory_bytes,
                     .cpu_seconds = 64 * (l->time_us / CLOCK_SECOND_US + 1),
                     .file_bytes = file_bytes,
                     .work_dir = j->dir,
                     .read_paths = j->engines->read_paths },
        .progress = step_progress,
        .ctx = j,
    };

    return exec_run(&run, reterr);
}

/* ---- results ---- */

/* Encodes one file that the program wrote. */
static int result_encode(struct exec_job *j, int fd, const char *label, struct err *reterr)
{
    struct audio_task copy = *j->task;
    struct audio_result result;
    struct audio_info info;
    int rc = audio_probe(j->host, fd, &info, reterr);

    if (rc == 0)
        rc = j->results->open(j->results->ctx, label, &copy.output_fd,
                              &copy.output_bytes_max, reterr);
    if (rc == 0) {
        copy.type = NULL;
        copy.input_fd = fd;
        copy.duration_us = info.duration_us;
        copy.progress = step_progress;
        copy.ctx = j;
        rc = audio_process(j->host, &copy, &result, reterr);
    }
    if (rc == ERR_NOT_MEDIA)
        return err_set(reterr, ERR_ENGINE, "What the engine wrote is no audio.");
    if (rc)
        return rc;
    result.noise_removed_cdb = -1;
    return j->results->done(j->results->ctx, &result, reterr);
}

/* A link would lead out of the folder, and what is no file could block. */
static int result_read(struct exec_job *j, const char *path, const char *label,
                       struct err *reterr)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    int rc;

    if (fd < 0)
        return err_set(reterr, ERR_ENGINE, "The engine wrote no result.");
    rc = result_encode(j, fd, label, reterr);
    (void)close(fd);
    return rc;
}

static int folder_read(struct exec_job *j, struct err *reterr)
{
    struct exec_file files[EXEC_RESULTS_MAX];
    const int from = j->from, span = j->to - j->from;
    char path[sizeof j->out + sizeof files[0].name];
    size_t count;
    int rc = exec_folder_results(j->out, j->engine->results_most, files, &count, reterr);

    for (size_t i = 0; rc == 0 && i < count; i++) {
        j->from = from + span * (int)i / (int)count;
        j->to = from + span * ((int)i + 1) / (int)count;
        (void)snprintf(path, sizeof path, "%s/%s", j->out, files[i].name);
        rc = result_read(j, path, files[i].label, reterr);
    }
    return rc;
}

static int job_run(struct exec_job *j, int64_t *ret_duration_us, struct err *reterr)
{
    struct audio_result input;
    int rc;

    j->from = 0, j->to = 50;
    rc = input_write(j, &input, reterr);
    j->from = 50, j->to = 950;
    if (rc == 0)
        rc = program_run(j, &input.input, reterr);
    j->from = 950, j->to = 1000;
    if (rc)
        return rc;
    *ret_duration_us = input.input.duration_us;
    return j->engine->has_folder ? folder_read(j, reterr)
                                 : result_read(j, j->out, "", reterr);
}

int exec_process(const struct exec_engines *engines, struct audio_host *host,
                 const struct audio_task *task, const struct exec_results *results,
                 struct audio_work *ret, struct err *reterr)
{
    const int64_t started_us = clock_monotonic_us();
    struct exec_job j = {
        .engines = engines, .host = host, .task = task, .results = results
    };
    int rc;

    j.engine = exec_engine_of(engines, view_of(task->type));
    if (!j.engine)
        return err_set(reterr, ERR_INVALID, "There is no processing type %s.", task->type);
    rc = exec_folder_make(engines->work_dir, j.engine->has_folder, j.dir, sizeof j.dir,
                          reterr);
    if (rc)
        return rc;
    (void)snprintf(j.in, sizeof j.in, "%s/in.wav", j.dir);
    (void)snprintf(j.out, sizeof j.out, "%s/%s", j.dir,
                   j.engine->has_folder ? "out" : "out.wav");
    rc = job_run(&j, &ret->duration_us, reterr);
    exec_folder_remove(j.dir);
    ret->processing_us = clock_monotonic_us() - started_us;
    return rc;
}
