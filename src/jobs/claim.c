#include "jobs/row.h"

static const char LOST[] =
    "Processing was interrupted three times and was given up. The file "
    "may be damaged: please try another one.";

/* Random, so that no token of a job is ever used twice, whatever happens to its row. */
static int64_t token_make(void)
{
    int64_t token;

    do {
        random_bytes(&token, sizeof token);
        token &= INT64_MAX;
    } while (token == 0);
    return token;
}

static int row_claim(struct db *db, const struct job_row *row, const char *worker,
                     int64_t now_us, int64_t lease_us, struct job *ret)
{
    struct job_row after = *row;
    int rc;

    after.job.status = JOB_PROCESSING;
    after.job.attempts++;
    after.job.lease_token = token_make();
    after.job.started_us = now_us;
    after.lease_expires_us = now_us + lease_us;
    job_text_copy(after.worker, sizeof after.worker, view_of(worker));
    rc = job_state_set(db, row, &after);
    if (rc == 0)
        rc = usage_holds_extend(db, row->job.account_id, row->job.job_id,
                                job_holds_expiry(&row->job, after.lease_expires_us));
    if (rc == 0)
        *ret = after.job;
    return rc;
}

int jobs_claim(struct db *db, const char *worker, int64_t now_us, int64_t lease_us,
               struct job *ret)
{
    struct job_row row;
    bool is_open;
    int rc = 0;

    while (rc == 0) {
        rc = job_row_find(db, STMT_JOBS_NEXT_LOST, DB_ARGS(DB_INT(now_us)), &row);
        if (rc == ERR_NOT_FOUND)
            rc = job_row_find(db, STMT_JOBS_NEXT_PENDING, DB_ARGS(DB_INT(now_us)), &row);
        if (rc == 0)
            rc = job_account_is_open(db, row.job.account_id, &is_open);
        if (rc)
            return rc;
        if (!is_open)
            rc = job_abandon(db, &row, NULL, now_us);
        else if (row.job.attempts >= JOB_ATTEMPTS_MAX)
            rc = job_fail(db, &row, LOST, 0, now_us);
        else
            return row_claim(db, &row, worker, now_us, lease_us, ret);
    }
    return rc;
}

int jobs_renew(struct db *db, const struct job *job, int64_t now_us, int64_t lease_us)
{
    struct job_row row, after;
    bool is_open = false;
    int rc = job_row_leased(db, job, &row, &is_open);

    if (rc == 0 && !is_open)
        rc = ERR_CONFLICT;
    if (rc)
        return rc;
    after = row;
    after.lease_expires_us = now_us + lease_us;
    rc = job_state_set(db, &row, &after);
    return rc ? rc
              : usage_holds_extend(db, row.job.account_id, row.job.job_id,
                                   job_holds_expiry(&row.job, after.lease_expires_us));
}

/* Pending again, not to be claimed before `from_us`: that is where a pending job has its
 * lease's end. */
static int row_return(struct db *db, const struct job_row *row, bool counts_as_attempt,
                      int64_t from_us)
{
    struct job_row after = *row;

    after.job.status = JOB_PENDING;
    after.job.lease_token = 0;
    after.job.started_us = 0;
    after.lease_expires_us = from_us;
    if (!counts_as_attempt)
        after.job.attempts--;
    return job_state_set(db, row, &after);
}

int jobs_put_off(struct db *db, const struct job *job, int64_t until_us, int64_t now_us)
{
    struct job_row row;
    bool is_open = false;
    const int rc = job_row_leased(db, job, &row, &is_open);

    if (rc)
        return rc;
    return is_open ? row_return(db, &row, false, until_us)
                   : job_abandon(db, &row, NULL, now_us);
}

int jobs_give_back(struct db *db, const struct job *job, const char *reason,
                   bool counts_as_attempt, int64_t now_us)
{
    struct job_row row;
    bool is_open = false;
    const int rc = job_row_leased(db, job, &row, &is_open);

    if (rc)
        return rc;
    if (!is_open)
        return job_abandon(db, &row, NULL, now_us);
    if (counts_as_attempt && row.job.attempts >= JOB_ATTEMPTS_MAX)
        return job_fail(db, &row, reason, 0, now_us);
    return row_return(db, &row, counts_as_attempt, 0);
}
