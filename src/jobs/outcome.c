#include "jobs/row.h"

#include "jobs/meters.h"

static int complete(struct db *db, const struct job_row *row,
                    const struct job_outcome *outcome, int64_t now_us)
{
    const struct usage_event event = job_event(&row->job, now_us);
    struct usage_amount used[] = {
        { METER_PROCESSING_TIME, outcome->processing_us },
        { METER_FILES_PROCESSED, 1 },
        { METER_OUTPUT_BYTES, 0 },
        { METER_STORED_BYTES, 0 },
    };
    struct job_row after = *row;
    struct job *job = &after.job;
    int64_t bytes = 0;
    int rc = job_outputs_add(db, &after, outcome, &bytes);

    used[2].amount = used[3].amount = bytes;
    if (rc == 0)
        rc = usage_settle(db, &event, used, 4);

    job->status = JOB_COMPLETED;
    job->lease_token = 0;
    job->processing_us = outcome->processing_us;
    if (outcome->duration_us > 0)
        job->duration_us = outcome->duration_us;
    job->completed_us = now_us;
    return rc ? rc : job_state_set(db, row, &after);
}

int jobs_finish(struct db *db, const struct job *job, const struct job_outcome *outcome,
                int64_t now_us)
{
    struct job_row row;
    bool is_open = false;
    int rc;

    if (outcome->processing_us < 0 ||
        (outcome->completed && !job_outputs_are_valid(outcome)))
        return ERR_INVALID;
    rc = job_row_leased(db, job, &row, &is_open);
    if (rc)
        return rc;
    if (!is_open)
        return job_abandon(db, &row, outcome->completed ? outcome : NULL, now_us);
    if (!outcome->completed)
        return job_fail(db, &row, outcome->error, outcome->processing_us, now_us);
    return complete(db, &row, outcome, now_us);
}
