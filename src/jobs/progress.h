/* Live progress of running jobs: kept in memory, since it changes many times a second and
 * is worth nothing after a restart. The worker reports; status replies and event streams
 * read. Whoever else ends a job reports that, and the worker, which finds the job gone from
 * the board, asks the store. Any thread. */
#ifndef JOBS_PROGRESS_H
#define JOBS_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "base/view.h"

struct progress_board;

struct progress {
    int permille; /* 0 to 1000 */
    bool is_over; /* the job has an outcome: read it from the store */
};

/* Called on the reporting thread; must not block. */
typedef void (*progress_listener)(void *ctx);

MUST_CHECK int progress_board_new(struct progress_board **ret);
void progress_board_free(struct progress_board **board);

/* Reports, and wakes the job's listeners. Calls for a job with is_over forget its entry. */
void progress_report(struct progress_board *board, struct view job_id,
                     struct progress progress);
/* False when nothing is known: the job does not run here. */
bool progress_read(struct progress_board *board, struct view job_id, struct progress *ret);

/* Has `listener` called with every report for the job, until progress_unlisten with the id.
 * ERR_BUSY past a bound on listeners. */
MUST_CHECK int progress_listen(struct progress_board *board, struct view job_id,
                               progress_listener listener, void *ctx,
                               int64_t *ret_listener_id);
void progress_unlisten(struct progress_board *board, int64_t listener_id);

/* A job became ready to be claimed: wakes workers that wait. */
void progress_work_ready(struct progress_board *board);
/* Waits until work is ready or `timeout_us` passes. */
void progress_work_wait(struct progress_board *board, int64_t timeout_us);

#endif
