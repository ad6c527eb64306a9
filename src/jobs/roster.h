/* What each worker is doing: kept in memory, since it is worth nothing after a restart. The
 * workers report; the admin's page and /metrics read. Any thread. */
#ifndef JOBS_ROSTER_H
#define JOBS_ROSTER_H

#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "base/uuid.h"

struct roster;

enum roster_end {
    ROSTER_RETURNED, /* given back, or lost to another: no outcome by this worker */
    ROSTER_COMPLETED,
    ROSTER_FAILED,
    ROSTER_ENDS,
};

struct roster_worker {
    char job_id[UUID_TEXT_SIZE]; /* in hand; empty: none */
    int64_t since_us;            /* when it took the job, or ended its last one */
    int64_t busy_us;             /* with jobs, the one in hand too */
    int64_t ended[ROSTER_ENDS];
};

/* `workers` of them, idle since `now_us`. */
MUST_CHECK int roster_new(int workers, int64_t now_us, struct roster **ret);
/* Accepts NULL. */
void roster_free(struct roster **roster);

/* Worker `number`, from 0, took a job, and later ended it. */
void roster_begin(struct roster *roster, int number, const char *job_id, int64_t now_us);
void roster_end(struct roster *roster, int number, enum roster_end end, int64_t now_us);

int roster_count(const struct roster *roster);
/* When roster_new was called. */
int64_t roster_started_us(const struct roster *roster);
/* A copy; `number` is below the count. */
struct roster_worker roster_read(struct roster *roster, int number, int64_t now_us);

#endif
