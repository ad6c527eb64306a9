#include "jobs/row.h"

/* A closed account's job has nobody left to be shown to, so its row goes with its files. */
int jobs_expire(struct db *db, int64_t now_us, int64_t most, jobs_gone_row *row, void *ctx)
{
    struct job_row due;
    struct job_blobs blobs;
    struct job gone;
    bool is_open;
    int rc = 0;

    for (int64_t i = 0; i < most && rc == 0; i++) {
        rc = job_row_find(db, STMT_JOBS_NEXT_DUE, DB_ARGS(DB_INT(now_us)), &due);
        if (rc == ERR_NOT_FOUND)
            return 0;
        if (rc == 0)
            rc = job_account_is_open(db, due.job.account_id, &is_open);
        if (rc == 0)
            rc = job_files_drop(db, &due, JOB_EXPIRED, !is_open, now_us, &gone, &blobs);
        if (rc == 0)
            rc = row(ctx, &gone, &blobs);
    }
    return rc;
}
