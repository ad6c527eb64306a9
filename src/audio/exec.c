#include "audio/exec.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "audio/exec_run.h"
#include "audio/exec_sandbox.h"
#include "base/clock.h"

enum { TYPE_BYTES_MAX = 31, PATHS_MAX = 48 };

struct exec_engine {
    char *type;
    char *words[EXEC_WORDS_MAX + 1]; /* ends with NULL */
};

struct exec_engines {
    char *spec, *paths; /* cut up in place */
    char *work_dir;
    struct exec_limits limits;
    struct exec_engine list[EXEC_ENGINES_MAX];
    size_t count;
    char *programs[EXEC_ENGINES_MAX]; /* the folders that they are in */
    const char *read_paths[PATHS_MAX + EXEC_ENGINES_MAX + 1];
    size_t read_paths_count;
};

static const char FOLDER[] = "engine-";

/* What programs and interpreters need; nothing of it is a secret. */
static const char *const system_paths[] = {
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/alternatives",
    "/etc/localtime",
    "/dev/urandom",
    "/dev/zero",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/stat",
    "/sys/devices/system/cpu",
};

/* ---- folders ---- */

static void folder_remove(const char *path)
{
    DIR *dir = opendir(path);
    const struct dirent *entry;

    while (dir && (entry = readdir(dir)))
        (void)unlinkat(dirfd(dir), entry->d_name, 0);
    if (dir)
        (void)closedir(dir);
    (void)rmdir(path);
}

static void leftovers_remove(const char *work_dir)
{
    DIR *dir = opendir(work_dir);
    const struct dirent *entry;
    char path[PATH_MAX];

    while (dir && (entry = readdir(dir))) {
        if (strncmp(entry->d_name, FOLDER, sizeof FOLDER - 1) == 0 &&
            snprintf(path, sizeof path, "%s/%s", work_dir, entry->d_name) <
                (int)sizeof path)
            folder_remove(path);
    }
    if (dir)
        (void)closedir(dir);
}

/* ---- reading the option ---- */

static bool type_is_valid(const char *type)
{
    const size_t len = strlen(type);

    return len > 0 && len <= TYPE_BYTES_MAX &&
           strspn(type, "abcdefghijklmnopqrstuvwxyz0123456789_") == len;
}

static bool is_inside(const char *path, const char *folder)
{
    const size_t len = strlen(folder);

    return strcmp(folder, "/") == 0 ||
           (strncmp(path, folder, len) == 0 && (path[len] == '/' || path[len] == '\0'));
}

/* The path is the caller's until exec_engines_free. */
static int path_add(struct exec_engines *e, const char *path, struct err *reterr)
{
    char *real = realpath(path, NULL);
    bool holds_jobs;

    if (!real)
        return 0; /* what is not there cannot be read */
    holds_jobs = is_inside(e->work_dir, real);
    free(real);
    if (holds_jobs)
        return err_set(reterr, ERR_INVALID,
                       "engines may not read %.100s, which holds the data folder", path);
    if (e->read_paths_count == PATHS_MAX + EXEC_ENGINES_MAX)
        return err_set(reterr, ERR_INVALID, "more than %d paths for engines", PATHS_MAX);
    e->read_paths[e->read_paths_count++] = path;
    return 0;
}

static int command_read(struct exec_engines *e, struct exec_engine *engine, char *command,
                        struct err *reterr)
{
    char *state, *slash, **folder = &e->programs[e->count];
    bool has_out = false;
    size_t n = 0;

    for (char *w = strtok_r(command, " \t", &state); w; w = strtok_r(NULL, " \t", &state)) {
        if (n == EXEC_WORDS_MAX)
            return err_set(reterr, ERR_INVALID, "%s: more than %d words", engine->type,
                           EXEC_WORDS_MAX);
        has_out = has_out || strstr(w, "{out}");
        engine->words[n++] = w;
    }
    if (n == 0 || engine->words[0][0] != '/')
        return err_set(reterr, ERR_INVALID, "%s: a command begins with an absolute path",
                       engine->type);
    if (!has_out)
        return err_set(reterr, ERR_INVALID, "%s: the command has no {out}", engine->type);
    if (access(engine->words[0], X_OK) != 0)
        return err_set(reterr, ERR_INVALID, "%s: %.100s: %s", engine->type,
                       engine->words[0], strerror(errno));
    *folder = strdup(engine->words[0]);
    if (!*folder)
        return err_set(reterr, ERR_NO_MEMORY, "engines");
    slash = strrchr(*folder, '/');
    slash[slash == *folder] = '\0';
    return path_add(e, *folder, reterr);
}

static int engine_read(struct exec_engines *e, char *text, struct err *reterr)
{
    struct exec_engine *engine = &e->list[e->count];
    char *equals;
    int rc;

    text += strspn(text, " \t");
    if (!*text)
        return 0;
    equals = strchr(text, '=');
    if (!equals || e->count == EXEC_ENGINES_MAX)
        return err_set(reterr, ERR_INVALID, "not TYPE=COMMAND; TYPE=COMMAND, %d at most",
                       EXEC_ENGINES_MAX);
    *equals = '\0';
    if (!type_is_valid(text) || exec_engines_serve(e, view_of(text)))
        return err_set(reterr, ERR_INVALID,
                       "a type is named once, in 1 to %d of a-z, 0-9 and _",
                       TYPE_BYTES_MAX);
    engine->type = text;
    rc = command_read(e, engine, equals + 1, reterr);
    e->count++;
    return rc;
}

static int spec_read(struct exec_engines *e, struct err *reterr)
{
    char *state;
    int rc = 0;

    for (char *t = strtok_r(e->spec, ";\n", &state); t && rc == 0;
         t = strtok_r(NULL, ";\n", &state))
        rc = engine_read(e, t, reterr);
    if (rc || e->count == 0)
        return rc;
    for (size_t i = 0; i < sizeof system_paths / sizeof system_paths[0] && rc == 0; i++)
        rc = path_add(e, system_paths[i], reterr);
    for (char *t = strtok_r(e->paths, ",", &state); t && rc == 0;
         t = strtok_r(NULL, ",", &state))
        rc = path_add(e, t + strspn(t, " "), reterr);
    return rc ? rc : exec_sandbox_check(reterr);
}

int exec_engines_new(const char *spec, const struct exec_limits *limits,
                     struct exec_engines **ret, struct err *reterr)
{
    struct exec_engines *e = calloc(1, sizeof *e);
    int rc = 0;

    if (!e)
        return err_set(reterr, ERR_NO_MEMORY, "engines");
    e->limits = *limits;
    e->spec = strdup(spec);
    e->paths = strdup(limits->read_paths ? limits->read_paths : "");
    e->work_dir = realpath(limits->work_dir, NULL);
    if (!e->work_dir)
        rc = err_set_errno(reterr, errno, "the engines' folder");
    else if (!e->spec || !e->paths)
        rc = err_set(reterr, ERR_NO_MEMORY, "engines");
    if (rc == 0)
        rc = spec_read(e, reterr);
    if (rc == 0)
        leftovers_remove(e->work_dir);
    if (rc)
        exec_engines_free(&e);
    *ret = e;
    return rc;
}

void exec_engines_free(struct exec_engines **engines)
{
    struct exec_engines *e = *engines;

    if (!e)
        return;
    for (size_t i = 0; i < EXEC_ENGINES_MAX; i++)
        free(e->programs[i]);
    free(e->spec);
    free(e->paths);
    free(e->work_dir);
    free(e);
    *engines = NULL;
}

const char *exec_engines_type(const struct exec_engines *engines, size_t i)
{
    return i < engines->count ? engines->list[i].type : NULL;
}

static const struct exec_engine *engine_of(const struct exec_engines *e, struct view type)
{
    for (size_t i = 0; i < e->count; i++) {
        if (view_eq(type, e->list[i].type))
            return &e->list[i];
    }
    return NULL;
}

bool exec_engines_serve(const struct exec_engines *engines, struct view type)
{
    return engines && engine_of(engines, type) != NULL;
}

/* ---- a job ---- */

struct exec_job {
    const struct exec_engines *engines;
    const struct exec_engine *engine;
    struct audio_host *host;
    const struct audio_task *task;
    char dir[PATH_MAX], in[PATH_MAX + 8], out[PATH_MAX + 8];
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

static int program_run(struct exec_job *j, const struct audio_info *input,
                       struct err *reterr)
{
    const struct exec_limits *l = &j->engines->limits;
    const int64_t input_bytes = audio_output_bytes(input->duration_us,
                                                   input->sample_rate_hz, input->channels);
    const struct exec_run run = {
        .words = (const char *const *)j->engine->words,
        .dir = j->dir,
        .in = j->in,
        .out = j->out,
        .sample_rate_hz = input->sample_rate_hz,
        .deadline_us = clock_monotonic_us() + l->time_us,
        .sandbox = { .memory_bytes = l->memory_bytes,
                     .cpu_seconds = 64 * (l->time_us / CLOCK_SECOND_US + 1),
                     .file_bytes = 16 * input_bytes + (1 << 24),
                     .work_dir = j->dir,
                     .read_paths = j->engines->read_paths },
        .progress = step_progress,
        .ctx = j,
    };

    return exec_run(&run, reterr);
}

/* Encodes what the program wrote; a link would lead out of the folder. */
static int output_read(struct exec_job *j, struct audio_result *ret, struct err *reterr)
{
    struct audio_task copy = *j->task;
    struct audio_info info;
    int rc;

    copy.input_fd = open(j->out, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (copy.input_fd < 0)
        return err_set(reterr, ERR_IO, "The engine wrote no result.");
    rc = audio_probe(j->host, copy.input_fd, &info, reterr);
    if (rc == 0) {
        copy.type = NULL;
        copy.duration_us = info.duration_us;
        copy.progress = step_progress;
        copy.ctx = j;
        rc = audio_process(j->host, &copy, ret, reterr);
    }
    if (rc == ERR_NOT_MEDIA)
        rc = err_set(reterr, ERR_IO, "What the engine wrote is no audio.");
    (void)close(copy.input_fd);
    return rc;
}

static int job_run(struct exec_job *j, struct audio_result *ret, struct err *reterr)
{
    const int64_t started_us = clock_monotonic_us();
    struct audio_result input, result;
    int rc;

    j->from = 0, j->to = 50;
    rc = input_write(j, &input, reterr);
    j->from = 50, j->to = 950;
    if (rc == 0)
        rc = program_run(j, &input.input, reterr);
    j->from = 950, j->to = 1000;
    if (rc == 0)
        rc = output_read(j, &result, reterr);
    if (rc)
        return rc;
    result.input = input.input;
    result.noise_removed_cdb = -1;
    result.processing_us = clock_monotonic_us() - started_us;
    *ret = result;
    return 0;
}

int exec_process(const struct exec_engines *engines, struct audio_host *host,
                 const struct audio_task *task, struct audio_result *ret,
                 struct err *reterr)
{
    struct exec_job j = { .engines = engines, .host = host, .task = task };
    int rc;

    j.engine = engine_of(engines, view_of(task->type));
    if (!j.engine)
        return err_set(reterr, ERR_INVALID, "There is no processing type %s.", task->type);
    if (snprintf(j.dir, sizeof j.dir, "%s/%sXXXXXX", engines->work_dir, FOLDER) >=
            (int)sizeof j.dir ||
        !mkdtemp(j.dir))
        return err_set_errno(reterr, errno, "engine folder");
    (void)snprintf(j.in, sizeof j.in, "%s/in.wav", j.dir);
    (void)snprintf(j.out, sizeof j.out, "%s/out.wav", j.dir);
    rc = job_run(&j, ret, reterr);
    folder_remove(j.dir);
    return rc;
}
