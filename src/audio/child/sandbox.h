/* Shutting the door: what an audio child gives up before it looks at its input. */
#ifndef AUDIO_CHILD_SANDBOX_H
#define AUDIO_CHILD_SANDBOX_H

#include <stdint.h>
#include "base/err.h"

struct sandbox_limits {
    int64_t memory_bytes, cpu_seconds, output_bytes; /* 0: keep what there is */
};

/* Builds the system-call filter once, in the host, so that a child only has to load it. */
MUST_CHECK int sandbox_prepare(struct err *reterr);
/* Confines this process for good: rlimits, no privileges by exec, Landlock without any
 * file, then seccomp: reading and writing what is open, memory, time, and the end. A call
 * outside the list kills the process; opening files only fails, since libraries try that
 * harmlessly. */
MUST_CHECK int sandbox_enter(const struct sandbox_limits *limits, struct err *reterr);

#endif
