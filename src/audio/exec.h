/* External engines: programs of other people that do a processing type's work, started for
 * each job without a shell and confined (exec_sandbox.h).
 *
 * The recording is decoded to a 32-bit float WAV by the sandboxed audio child, the program
 * turns it into another file or a folder of them, and the child looks at each, as
 * distrustful as of any upload, and encodes it. Program and files share a private folder
 * that goes with the job. Any thread, at the same time. */
#ifndef AUDIO_EXEC_H
#define AUDIO_EXEC_H

#include "audio/audio.h"

struct exec_engines;

struct exec_limits {
    int64_t memory_bytes;   /* address space of each process of an engine */
    int64_t time_us;        /* of one job's run */
    int processes_max;      /* processes and threads of one job at a time */
    const char *work_dir;   /* borrowed at exec_engines_new; job folders are made in it */
    const char *read_paths; /* comma separated: more that engines may read; may be NULL */
};

enum {
    EXEC_ENGINES_MAX = 16,
    EXEC_WORDS_MAX = 32,
    EXEC_RESULTS_MAX = 16, /* of one job */
    EXEC_LABEL_SIZE = 96,  /* what one of several results is called, with its NUL */
};

/* Whether `spec` is well formed: "TYPE=COMMAND; TYPE=COMMAND". A command is words with
 * spaces between (no quoting), the first an absolute path; {in}, {rate} and {strength}
 * stand for the file, its sample rate and the strength asked for, and either {out} for the
 * result or {outdir} for the folder of up to EXEC_RESULTS_MAX of them, {outdir:N} of up to
 * N. Also removes what jobs of an earlier process left in work_dir. ERR_INVALID with the
 * reason, also for a program that cannot be executed, and where a readable folder holds
 * work_dir. An empty spec makes an empty set. */
MUST_CHECK int exec_engines_new(const char *spec, const struct exec_limits *limits,
                                struct exec_engines **ret, struct err *reterr);
void exec_engines_free(struct exec_engines **engines); /* accepts NULL */

/* The types served, by number; NULL past the last. */
const char *exec_engines_type(const struct exec_engines *engines, size_t i);
/* Engines NULL: there are none. */
bool exec_engines_serve(const struct exec_engines *engines, struct view type);

/* The most results that a job of the type has: 1 without an engine that gives a folder. */
int exec_engines_results_most(const struct exec_engines *engines, struct view type);

/* Where results go, one after the other, on the calling thread. */
struct exec_results {
    /* A place for the result called `label`, "" for an only one: an empty file, borrowed,
     * and the bytes that it may take (0: 4 GiB). */
    int (*open)(void *ctx, const char *label, int *ret_fd, int64_t *ret_bytes_max,
                struct err *reterr);
    /* It is written. Levels, length and bytes are its own; the noise removed is not known
     * (-1). */
    int (*done)(void *ctx, const struct audio_result *result, struct err *reterr);
    void *ctx;
};

/* audio_process by the external engine of task->type, whose output_fd is not used: each
 * result is stored as the task says, by itself. ERR_ENGINE when the program failed,
 * ERR_TIMEOUT, ERR_CANCELLED, and all errors of audio_process and of `results`. */
MUST_CHECK int exec_process(const struct exec_engines *engines, struct audio_host *host,
                            const struct audio_task *task,
                            const struct exec_results *results, struct audio_work *ret,
                            struct err *reterr);

#endif
