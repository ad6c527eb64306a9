/* Workers: threads that claim jobs, have the audio children process them, and record what
 * came of it. */
#ifndef WORKER_WORKER_H
#define WORKER_WORKER_H

#include <stdint.h>
#include "base/err.h"

struct audio_host;
struct blob_store;
struct committer;
struct exec_engines;
struct progress_board;
struct roster;
struct workers;

struct workers_config {
    struct committer *committer;
    struct blob_store *blobs;
    struct audio_host *audio;
    const struct exec_engines *engines; /* NULL: none */
    struct progress_board *board;
    struct roster *roster; /* as many workers as it has: that many jobs at a time */
    int64_t lease_us;      /* a worker that is silent for longer loses its job */
    int64_t no_space_us;   /* how long a job waits that the disk had no room for */
};

/* Everything in `config` is borrowed until workers_stop. */
MUST_CHECK int workers_start(const struct workers_config *config, struct workers **ret,
                             struct err *reterr);
/* Claims nothing more, gives running jobs `grace_us` to end, gives back what still runs.
 * Accepts NULL. */
void workers_stop(struct workers **workers, int64_t grace_us);

#endif
