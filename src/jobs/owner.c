#include "jobs/row.h"

#include "jobs/meters.h"

/* Whose the job is now; left alone when there is none any more. */
static int owner_read(struct db *db, struct view job_id, struct usage_subject *owner)
{
    int ended, rc = db_run(db, STMT_JOB_OWNER, DB_ARGS(DB_VIEW(job_id)));

    if (rc == 0)
        rc = db_next(db, STMT_JOB_OWNER);
    if (rc > 0)
        *owner = (struct usage_subject){ db_int(db, STMT_JOB_OWNER, 0),
                                         db_int(db, STMT_JOB_OWNER, 1) };
    ended = db_done(db, STMT_JOB_OWNER);
    return rc < 0 ? rc : ended;
}

int jobs_downloaded(struct db *db, const struct job *job, int64_t count, int64_t bytes,
                    int64_t now_us)
{
    const struct usage_amount amounts[] = { { METER_FILES_DOWNLOADED, count },
                                            { METER_DOWNLOADED_BYTES, bytes } };
    struct usage_event event = job_event(job, now_us);
    int rc = owner_read(db, view_of(job->job_id), &event.subject);

    if (rc == 0)
        rc = usage_charge(db, &event, amounts, 2);
    return rc == ERR_NOT_FOUND ? 0 : rc;
}

static enum job_status status_without_files(enum job_status status)
{
    switch (status) {
    case JOB_PENDING:
    case JOB_PROCESSING:
    case JOB_CANCELLED:
        return JOB_CANCELLED;
    default:
        return JOB_EXPIRED;
    }
}

int jobs_delete(struct db *db, struct view job_id, bool forget, int64_t now_us,
                struct job *ret, struct job_blobs *ret_blobs)
{
    struct job_row row;
    int rc = job_row_get(db, job_id, &row);

    return rc ? rc
              : job_files_drop(db, &row, status_without_files(row.job.status), forget,
                               now_us, ret, ret_blobs);
}

int jobs_move(struct db *db, int64_t from_account_id, int64_t to_account_id)
{
    const struct db_arg from = DB_INT(from_account_id), to = DB_INT(to_account_id);
    int rc = db_exec(db, STMT_JOBS_MOVE, DB_ARGS(to, from));

    if (rc == 0)
        rc = db_exec(db, STMT_JOB_WAVEFORMS_MOVE, DB_ARGS(to, from));
    if (rc == 0)
        rc = db_exec(db, STMT_JOB_OUTPUTS_MOVE, DB_ARGS(to, from));
    /* Where both used one key, the new owner's own first use stands. */
    if (rc == 0)
        rc = db_exec(db, STMT_JOB_KEYS_DROP_TAKEN, DB_ARGS(from, to));
    return rc ? rc : db_exec(db, STMT_JOB_KEYS_MOVE, DB_ARGS(to, from));
}

int jobs_delete_all(struct db *db, int64_t account_id, int64_t most, int64_t now_us,
                    jobs_gone_row *row, void *ctx)
{
    struct job_row next;
    struct job_blobs blobs;
    struct job gone;
    int rc = 0;

    for (int64_t i = 0; i < most && rc == 0; i++) {
        rc = job_row_find(db, STMT_JOBS_NEXT_OF_ACCOUNT, DB_ARGS(DB_INT(account_id)),
                          &next);
        if (rc == ERR_NOT_FOUND)
            return 0;
        if (rc == 0)
            rc = job_files_drop(db, &next, status_without_files(next.job.status), true,
                                now_us, &gone, &blobs);
        if (rc == 0)
            rc = row(ctx, &gone, &blobs);
    }
    return rc;
}
