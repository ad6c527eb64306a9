/* What /metrics tells of the process itself: counters that any thread may raise. */
#ifndef SERVER_API_METRICS_H
#define SERVER_API_METRICS_H

#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"

struct metrics;

/* NULL when memory is out. */
struct metrics *metrics_new(void);
void metrics_free(struct metrics **metrics);

/* One request that was answered with `status` after `elapsed_us`. */
void metrics_request(struct metrics *m, int status, int64_t elapsed_us);
void metrics_quota_decision(struct metrics *m, bool is_guest, bool is_admitted);

/* Appends all of it in Prometheus' text format (version 0.0.4). */
void metrics_write(struct metrics *m, struct buf *out);

#endif
