#include "jobs/row.h"

#include <stdio.h>
#include "base/clock.h"

static bool has_files(const struct job *job)
{
    return job->input_blob[0] || job->output_blob[0];
}

static int row_add(struct db *db, const struct job_row *row)
{
    const struct job *job = &row->job;

    return db_exec(
        db, STMT_JOB_ADD,
        DB_ARGS(DB_INT(job->account_id), DB_TEXT(job->job_id), DB_INT(job->group_id),
                DB_INT(job->status), DB_TEXT(job->processing_type),
                DB_TEXT(job->original_filename), DB_TEXT(job->format),
                DB_TEXT(job->input_blob), DB_TEXT(job->output_blob),
                DB_INT(job->input_bytes), DB_INT(job->output_bytes),
                DB_TEXT(job->input_digest), DB_TEXT(job->output_digest),
                DB_INT(job->duration_us), DB_INT(job->sample_rate_hz),
                DB_INT(job->channels), DB_INT(job->attempts), DB_TEXT(row->worker),
                DB_INT(job->lease_token), DB_INT(row->lease_expires_us),
                DB_TEXT(job->error), DB_INT(job->processing_us), DB_INT(job->created_us),
                DB_INT(job->started_us), DB_INT(job->completed_us), DB_INT(job->expires_us),
                DB_INT(has_files(job)), DB_TEXT(job->choice.output_format),
                DB_TEXT(job->choice.strength), DB_INT(job->choice.loudness_normalise)));
}

static int conflict_if_unchanged(struct db *db, int rc)
{
    return rc == 0 && db_changes(db) == 0 ? ERR_CONFLICT : rc;
}

static int row_update(struct db *db, const struct job *before, const struct job_row *row)
{
    const struct job *job = &row->job;
    int rc = db_exec(
        db, STMT_JOB_UPDATE,
        DB_ARGS(
            DB_INT(job->status), DB_TEXT(job->input_blob), DB_TEXT(job->output_blob),
            DB_INT(has_files(job)), DB_INT(job->output_bytes), DB_TEXT(job->output_digest),
            DB_INT(job->attempts), DB_TEXT(row->worker), DB_INT(job->lease_token),
            DB_INT(row->lease_expires_us), DB_TEXT(job->error), DB_INT(job->processing_us),
            DB_INT(job->started_us), DB_INT(job->completed_us), DB_INT(job->expires_us),
            DB_INT(job->levels.are_known), DB_INT(job->levels.peak_cdbfs),
            DB_INT(job->levels.loudness_clufs), DB_INT(job->levels.noise_removed_cdb),
            DB_INT(job->outputs_count), DB_INT(job->further_bytes),
            DB_INT(job->duration_us), DB_INT(before->account_id), DB_TEXT(before->job_id),
            DB_INT(before->status), DB_INT(before->lease_token)));

    return conflict_if_unchanged(db, rc);
}

static int row_remove(struct db *db, const struct job *before)
{
    int rc = db_exec(db, STMT_JOB_REMOVE,
                     DB_ARGS(DB_INT(before->account_id), DB_TEXT(before->job_id),
                             DB_INT(before->status), DB_INT(before->lease_token)));

    rc = conflict_if_unchanged(db, rc);
    return rc ? rc
              : db_exec(db, STMT_JOB_KEYS_REMOVE,
                        DB_ARGS(DB_INT(before->account_id), DB_TEXT(before->job_id)));
}

static int count_status(struct db *db, enum job_status status, int64_t delta)
{
    char name[32];

    (void)snprintf(name, sizeof name, "jobs_%s", job_status_name(status));
    return db_count_add(db, name, delta);
}

/* Counts per minute, so that the sum over a day costs the same however many jobs there are.
 */
static int arrival_count(struct db *db, int64_t created_us)
{
    const int64_t minute = created_us / CLOCK_MINUTE_US;
    int rc = db_exec(db, STMT_JOB_ARRIVAL_ADD, DB_ARGS(DB_INT(minute)));

    return rc ? rc
              : db_exec(db, STMT_JOB_ARRIVALS_TRIM,
                        DB_ARGS(DB_INT(minute - CLOCK_DAY_US / CLOCK_MINUTE_US)));
}

static int counts_change(struct db *db, const struct job *before, const struct job *after)
{
    int rc = 0;

    if (before && after && before->status == after->status)
        return 0;
    if (before)
        rc = count_status(db, before->status, -1);
    if (rc == 0 && after)
        rc = count_status(db, after->status, 1);
    if (rc == 0 && (!before || !after))
        rc = db_count_add(db, "jobs_total", after ? 1 : -1);
    if (rc == 0 && after && after->status == JOB_COMPLETED)
        rc = db_count_add(db, "jobs_completed_ever", 1);
    if (rc == 0 && after && after->status == JOB_FAILED)
        rc = db_count_add(db, "jobs_failed_ever", 1);
    if (rc == 0 && !before && after)
        rc = arrival_count(db, after->created_us);
    if (rc == 0 && before && !after)
        rc = db_exec(db, STMT_JOB_ARRIVAL_FORGET,
                     DB_ARGS(DB_INT(before->created_us / CLOCK_MINUTE_US)));
    return rc;
}

int job_state_set(struct db *db, const struct job_row *before, const struct job_row *after)
{
    int rc;

    if (!before)
        rc = row_add(db, after);
    else if (!after)
        rc = row_remove(db, &before->job);
    else
        rc = row_update(db, &before->job, after);
    return rc ? rc
              : counts_change(db, before ? &before->job : NULL, after ? &after->job : NULL);
}
