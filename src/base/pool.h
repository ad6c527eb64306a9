/* A few threads that take tasks from one bounded queue: for what must not hold up an event
 * loop (password hashes, fsync, waiting for the audio child). */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include <stddef.h>
#include "base/err.h"

struct pool;

struct pool_task {
    void (*run)(struct pool_task *task); /* on a pool thread; `task` may be freed in it */
    struct pool_task *next;              /* the pool's, while queued */
};

/* Starts `threads` threads named `name` (at most 15 characters) over a queue of
 * `tasks_max`. */
MUST_CHECK int pool_start(const char *name, int threads, size_t tasks_max,
                          struct pool **ret, struct err *reterr);
/* Queues a task, which the caller owns and keeps alive until run() is called. ERR_BUSY when
 * the queue is full or the pool is stopping. Any thread. */
MUST_CHECK int pool_submit(struct pool *p, struct pool_task *task);
/* Runs what is queued, joins the threads, frees. Accepts NULL. */
void pool_stop(struct pool **p);

#endif
