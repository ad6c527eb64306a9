/* Condition variables with a deadline on the monotonic clock, so that a clock that is set
 * does not make anyone wait. */
#ifndef BASE_COND_H
#define BASE_COND_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* For cond_wait_until(); pthread's own calls work on it too. */
void cond_init(pthread_cond_t *cond);
/* Waits once (a wait may end without a cause); false from until_us of clock_monotonic_us()
 * on. The caller holds `lock`. */
bool cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t until_us);

#endif
