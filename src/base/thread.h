/* Threads that leave signals to those that expect them, and how they share the processors.
 */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include <pthread.h>
#include "base/err.h"

/* Starts `run(ctx)` in a thread of that name (15 bytes at most) with every signal blocked.
 * 0, and the caller joins *ret, or an errno, and *ret is left alone. */
MUST_CHECK int thread_start(pthread_t *ret, const char *name, void *(*run)(void *ctx),
                            void *ctx);

/* How the calling thread, and whatever it starts from now on, shares the processors with
 * others: `nicer` is added to its nice value (setpriority(2)); `turn_us` is for how long it
 * wants to go on at a time, 0 for the system's own choice. One that mostly waits and asks
 * for short turns is let on sooner when it wakes (Linux 6.12; earlier ones take nice
 * alone). Only a hint. Safe between fork and exec. */
void thread_share(int nicer, unsigned turn_us);

enum {
    SHARE_ANSWER_US = 200, /* a request's turn: about what one takes of a processor */
    SHARE_JOB_NICER = 10,  /* a job has time: whoever waits for an answer goes first */
};

#endif
