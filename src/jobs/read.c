#include "jobs/row.h"

#include "base/clock.h"

int jobs_get(struct db *db, struct view job_id, struct job *ret)
{
    struct job_row row;
    int rc = job_row_get(db, job_id, &row);

    if (rc == 0)
        *ret = row.job;
    return rc;
}

static int list(struct db *db, enum stmt stmt, const struct db_arg *args, size_t args_count,
                int (*row)(void *ctx, const struct job *job), void *ctx)
{
    int ended, rc = db_run(db, stmt, args, args_count);

    while (rc == 0) {
        const int got = db_next(db, stmt);
        struct job_row read;

        if (got <= 0) {
            rc = got;
            break;
        }
        job_row_read(db, stmt, &read);
        rc = row(ctx, &read.job);
    }
    ended = db_done(db, stmt);
    return rc ? rc : ended;
}

int jobs_list(struct db *db, const struct job_filter *filter,
              int (*row)(void *ctx, const struct job *job), void *ctx)
{
    struct job_row cursor = { .job = { .created_us = INT64_MAX } };
    struct db_arg time, id;
    int rc;

    if (filter->before_job.ptr) {
        rc = job_row_get(db, filter->before_job, &cursor);
        if (rc == 0 && filter->account_id && cursor.job.account_id != filter->account_id)
            rc = ERR_NOT_FOUND;
        if (rc)
            return rc == ERR_NOT_FOUND ? ERR_INVALID : rc;
    }
    time = DB_INT(cursor.job.created_us);
    id = DB_TEXT(cursor.job.job_id);
    if (filter->account_id)
        return list(db, STMT_JOBS_LIST_ACCOUNT,
                    DB_ARGS(DB_INT(filter->account_id), DB_INT(filter->status), time, id,
                            DB_INT(filter->limit), DB_INT(filter->skip)),
                    row, ctx);
    if (filter->status >= 0)
        return list(db, STMT_JOBS_LIST_STATUS,
                    DB_ARGS(DB_INT(filter->status), time, id, DB_INT(filter->limit),
                            DB_INT(filter->skip)),
                    row, ctx);
    return list(db, STMT_JOBS_LIST_ALL,
                DB_ARGS(time, id, DB_INT(filter->limit), DB_INT(filter->skip)), row, ctx);
}

int jobs_owns_blob(struct db *db, struct view blob, bool *ret)
{
    int64_t count = 0;
    int rc = db_get_int(db, STMT_JOBS_OWNS_BLOB, DB_ARGS(DB_VIEW(blob)), &count);

    if (rc == 0)
        *ret = count > 0;
    return rc;
}

static int count_read(struct db *db, const char *name, int64_t *ret)
{
    int rc = db_get_int(db, STMT_COUNT_READ, DB_ARGS(DB_TEXT(name)), ret);

    return rc == ERR_NOT_FOUND ? 0 : rc;
}

int jobs_counts_read(struct db *db, int64_t now_us, struct job_counts *ret)
{
    static const char *const names[JOB_STATUS_COUNT] = {
        "jobs_pending", "jobs_processing", "jobs_completed",
        "jobs_failed",  "jobs_cancelled",  "jobs_expired",
    };
    struct job_counts counts = { 0 };
    int rc = count_read(db, "jobs_total", &counts.total);

    for (int i = 0; i < JOB_STATUS_COUNT && rc == 0; i++)
        rc = count_read(db, names[i], &counts.by_status[i]);
    if (rc == 0)
        rc = count_read(db, "jobs_completed_ever", &counts.completed_ever);
    if (rc == 0)
        rc = count_read(db, "jobs_failed_ever", &counts.failed_ever);
    if (rc == 0)
        rc = db_get_int(db, STMT_JOB_ARRIVALS_SINCE,
                        DB_ARGS(DB_INT((now_us - CLOCK_DAY_US) / CLOCK_MINUTE_US)),
                        &counts.new_last_24h);
    if (rc == 0)
        *ret = counts;
    return rc;
}

int jobs_waiting_since(struct db *db, int64_t *ret_us)
{
    return db_get_int(db, STMT_JOBS_WAITING_SINCE, NULL, 0, ret_us);
}
