/* Threads that leave signals to those that expect them. */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include <pthread.h>
#include "base/err.h"

/* Starts `run(ctx)` in a thread of that name (15 bytes at most) with every signal blocked.
 * 0 or an errno; whoever gets 0 joins *ret. */
MUST_CHECK int thread_start(pthread_t *ret, const char *name, void *(*run)(void *ctx),
                            void *ctx);

#endif
