/* What confines an external engine. All of it happens in the forked child, so every
 * function here but exec_sandbox_check makes only calls that are safe there. */
#ifndef AUDIO_EXEC_SANDBOX_H
#define AUDIO_EXEC_SANDBOX_H

#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

struct exec_sandbox {
    int64_t memory_bytes;          /* address space of each of its processes */
    int64_t cpu_seconds;           /* of each of its processes */
    int64_t file_bytes;            /* of each file that it writes */
    const char *work_dir;          /* the one folder that it may write, files only */
    const char *const *read_paths; /* what it may read and execute; ends with NULL */
};

/* Whether this kernel can keep an engine from other files: ERR_INVALID with a sentence. */
MUST_CHECK int exec_sandbox_check(struct err *reterr);

/* Confines the calling process for good: limits, no files but those named, no network, no
 * signals to and no look at processes of others, no process group of its own. 0 or -1.
 * *ret_forks_fd: a listener that has to allow each fork (exec_forks.h), or -1 where there
 * can be none, since what runs us has one already. */
MUST_CHECK int exec_sandbox_enter(const struct exec_sandbox *s, int *ret_forks_fd);

#endif
