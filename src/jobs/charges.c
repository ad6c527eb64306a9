#include "jobs/row.h"

#include "base/clock.h"
#include "jobs/meters.h"
#include "usage/ledger.h"

struct usage_event job_event(const struct job *job, int64_t now_us)
{
    return (struct usage_event){ .subject = { job->account_id, job->group_id },
                                 .type = job->processing_type,
                                 .ref = job->job_id,
                                 .now_us = now_us };
}

/* The margin is for the janitor, who releases the holds of a job past its time. */
int64_t job_holds_expiry(const struct job *job, int64_t busy_until_us)
{
    const int64_t last_us = job->expires_us > busy_until_us ? job->expires_us
                                                            : busy_until_us;

    return last_us + CLOCK_HOUR_US;
}

int job_account_is_open(struct db *db, int64_t account_id, bool *ret)
{
    int rc = ledger_account_check(db, account_id);

    if (rc && rc != ERR_NOT_FOUND)
        return rc;
    *ret = rc == 0;
    return 0;
}

int job_fail(struct db *db, const struct job_row *row, const char *error,
             int64_t processing_us, int64_t now_us)
{
    const struct usage_event event = job_event(&row->job, now_us);
    const struct usage_amount used[] = { { METER_PROCESSING_TIME, processing_us },
                                         { METER_FILES_FAILED, 1 } };
    struct job_row after = *row;
    int rc = usage_settle(db, &event, used, 2);

    after.job.status = JOB_FAILED;
    after.job.lease_token = 0;
    after.job.processing_us = processing_us;
    after.job.completed_us = now_us;
    job_text_copy(after.job.error, sizeof after.job.error,
                  view_of(error && error[0] ? error : "Processing failed."));
    return rc ? rc : job_state_set(db, row, &after);
}

int job_abandon(struct db *db, const struct job_row *row, const struct job_outcome *outcome,
                int64_t now_us)
{
    const struct usage_event event = job_event(&row->job, now_us);
    struct job_row after = *row;
    int64_t bytes;
    int rc = usage_release(db, &event);

    if (rc == 0 && outcome)
        rc = job_outputs_add(db, &after, outcome, &bytes);
    after.job.output_bytes = after.job.further_bytes = 0;
    after.job.status = JOB_CANCELLED;
    after.job.lease_token = 0;
    after.job.completed_us = now_us;
    after.job.expires_us = now_us;
    return rc ? rc : job_state_set(db, row, &after);
}

static int64_t stored_bytes(const struct job *job)
{
    return (job->input_blob[0] ? job->input_bytes : 0) +
           (job->output_blob[0] ? job->output_bytes + job->further_bytes : 0);
}

int job_files_drop(struct db *db, const struct job_row *row, enum job_status to,
                   bool forget, int64_t now_us, struct job *ret,
                   struct job_blobs *ret_blobs)
{
    const struct usage_event event = job_event(&row->job, now_us);
    const struct usage_amount gone = { METER_STORED_BYTES, -stored_bytes(&row->job) };
    struct job_row after = *row;
    int rc = usage_release(db, &event);

    if (rc == 0)
        rc = usage_charge(db, &event, &gone, 1);
    if (rc == ERR_NOT_FOUND)
        rc = 0; /* a closed account's figures stand as they are */
    after.job.status = to;
    after.job.lease_token = 0;
    after.job.input_blob[0] = after.job.output_blob[0] = '\0';
    if (to == JOB_CANCELLED && after.job.completed_us == 0)
        after.job.completed_us = now_us;
    if (rc == 0)
        rc = db_exec(db, STMT_JOB_WAVEFORMS_REMOVE,
                     DB_ARGS(DB_INT(row->job.account_id), DB_TEXT(row->job.job_id)));
    if (rc == 0)
        rc = job_outputs_forget(db, &row->job, ret_blobs);
    if (rc == 0)
        rc = job_state_set(db, row, forget ? NULL : &after);
    if (rc)
        return rc;
    *ret = after.job;
    job_text_copy(ret->input_blob, sizeof ret->input_blob, view_of(row->job.input_blob));
    job_text_copy(ret->output_blob, sizeof ret->output_blob, view_of(row->job.output_blob));
    return 0;
}
