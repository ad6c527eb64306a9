/* One run of an external engine's program, from the fork to the end of the last process of
 * its group. */
#ifndef AUDIO_EXEC_RUN_H
#define AUDIO_EXEC_RUN_H

#include "audio/exec_sandbox.h"

struct exec_run {
    const char *const *words; /* ends with NULL; placeholders are filled in */
    const char *dir;          /* the working folder, HOME and TMPDIR */
    const char *in, *out;     /* of {out} or {outdir} */
    const char *strength;
    int sample_rate_hz;
    int64_t deadline_us; /* monotonic */
    /* Looked at several times a second, so that both are passed by a little before the
     * program is ended: processes and threads, and what all files in `dir` take. */
    int processes_max;
    int64_t folder_bytes_max;
    struct exec_sandbox sandbox;
    /* Called several times a second; non-zero ends the program. Lines "progress 42" on its
     * standard output set the permille. */
    int (*progress)(void *ctx, int permille);
    void *ctx;
};

/* Blocks. 0 when the program ended with status 0; else ERR_ENGINE, ERR_TIMEOUT,
 * ERR_CANCELLED with a sentence for the user, or ERR_IO. What it says on standard error
 * goes to ours. */
MUST_CHECK int exec_run(const struct exec_run *run, struct err *reterr);

#endif
