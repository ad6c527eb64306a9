/* External engines: programs of other people that do a processing type's work, started for
 * each job without a shell and confined (exec_sandbox.h).
 *
 * The recording is decoded to a 32-bit float WAV by the sandboxed audio child, the program
 * turns one file into another, and the child looks at what came out, as distrustful as of
 * any upload, and encodes it. Program and files share a private folder that goes with the
 * job. Any thread, at the same time. */
#ifndef AUDIO_EXEC_H
#define AUDIO_EXEC_H

#include "audio/audio.h"

struct exec_engines;

struct exec_limits {
    int64_t memory_bytes;   /* address space of each process of an engine */
    int64_t time_us;        /* of one job's run */
    const char *work_dir;   /* borrowed at exec_engines_new; job folders are made in it */
    const char *read_paths; /* comma separated: more that engines may read; may be NULL */
};

enum { EXEC_ENGINES_MAX = 16, EXEC_WORDS_MAX = 32 };

/* Whether `spec` is well formed: "TYPE=COMMAND; TYPE=COMMAND". A command is words with
 * spaces between (no quoting), the first an absolute path; {in}, {out} and {rate} stand for
 * the files and the sample rate. Also removes what jobs of an earlier process left in
 * work_dir. ERR_INVALID with the reason, also for a program that cannot be executed, and
 * where a readable folder holds work_dir. An empty spec makes an empty set. */
MUST_CHECK int exec_engines_new(const char *spec, const struct exec_limits *limits,
                                struct exec_engines **ret, struct err *reterr);
void exec_engines_free(struct exec_engines **engines); /* accepts NULL */

/* The types served, by number; NULL past the last. */
const char *exec_engines_type(const struct exec_engines *engines, size_t i);
/* Engines NULL: there are none. */
bool exec_engines_serve(const struct exec_engines *engines, struct view type);

/* audio_process by the external engine of task->type. Of the result, the noise removed is
 * not known (-1); processing time is that of all steps. ERR_IO when the program failed,
 * ERR_TIMEOUT, ERR_CANCELLED, and all errors of audio_process. */
MUST_CHECK int exec_process(const struct exec_engines *engines, struct audio_host *host,
                            const struct audio_task *task, struct audio_result *ret,
                            struct err *reterr);

#endif
