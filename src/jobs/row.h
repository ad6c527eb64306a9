/* The stored job, its one writer and its charges: what the files of this folder share.
 * Inside the caller's write transaction. */
#ifndef JOBS_ROW_H
#define JOBS_ROW_H

#include "jobs/jobs.h"
#include "store/db.h"

enum { JOB_WORKER_MAX = 63 };

struct job_row {
    struct job job;
    char worker[JOB_WORKER_MAX + 1]; /* the last to claim it */
    int64_t lease_expires_us;
};

/* Reads the current row of a statement that selects the columns of job_get. */
void job_row_read(struct db *db, enum stmt stmt, struct job_row *ret);
/* ERR_NOT_FOUND. */
MUST_CHECK int job_row_get(struct db *db, struct view job_id, struct job_row *ret);
/* The job whose id is the first column of `stmt`'s first row: ERR_NOT_FOUND without one. */
MUST_CHECK int job_row_find(struct db *db, enum stmt stmt, const struct db_arg *args,
                            size_t args_count, struct job_row *ret);
/* The job as `job`'s holder claimed it, and whether its account is open: ERR_CONFLICT when
 * that lease is not the current one. */
MUST_CHECK int job_row_leased(struct db *db, const struct job *job, struct job_row *ret,
                              bool *ret_is_open);
/* Copies, cut before a character that does not fit whole. */
void job_text_copy(char *to, size_t size, struct view from);

/* The one function that changes a job, and with it the counts. `before` NULL: a new job;
 * `after` NULL: the row goes. ERR_CONFLICT when status or lease are not those of `before`
 * any more. */
MUST_CHECK int job_state_set(struct db *db, const struct job_row *before,
                             const struct job_row *after);

/* What every ledger row of the job carries. Borrows from `job`. */
struct usage_event job_event(const struct job *job, int64_t now_us);
/* Until when holds last while the job is worked on until `busy_until_us`. */
int64_t job_holds_expiry(const struct job *job, int64_t busy_until_us);
MUST_CHECK int job_account_is_open(struct db *db, int64_t account_id, bool *ret);

/* Charges a failure and marks the job. */
MUST_CHECK int job_fail(struct db *db, const struct job_row *row, const char *error,
                        int64_t processing_us, int64_t now_us);
/* Ends a job whose account is closed: no charge is taken; the files, outputs of the outcome
 * included, wait for the next jobs_expire, which removes all. `outcome` may be NULL. */
MUST_CHECK int job_abandon(struct db *db, const struct job_row *row,
                           const struct job_outcome *outcome, int64_t now_us);
/* Ends what is held, takes the stored bytes back and leaves the job without files in state
 * `to`, or removes the row when `forget`. *ret: the job as it is now, with the blob names
 * that it had; *ret_blobs: all of its blobs. */
MUST_CHECK int job_files_drop(struct db *db, const struct job_row *row, enum job_status to,
                              bool forget, int64_t now_us, struct job *ret,
                              struct job_blobs *ret_blobs);

/* ---- outputs ---- */

bool job_outputs_are_valid(const struct job_outcome *outcome);
/* Puts a completed outcome's outputs into the row to be (not stored yet), and those of
 * several into rows of their own. *ret_bytes: of all. */
MUST_CHECK int job_outputs_add(struct db *db, struct job_row *row,
                               const struct job_outcome *outcome, int64_t *ret_bytes);
/* Forgets the rows of the outputs; *ret: the blobs of the job, input included. */
MUST_CHECK int job_outputs_forget(struct db *db, const struct job *job,
                                  struct job_blobs *ret);

#endif
