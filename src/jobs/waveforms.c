#include "jobs/row.h"

int jobs_waveforms_set(struct db *db, struct view job_id, struct view original,
                       struct view result)
{
    struct job_row row;
    int rc = job_row_get(db, job_id, &row);

    if (rc || row.job.status != JOB_COMPLETED)
        return rc == ERR_NOT_FOUND ? 0 : rc;
    return db_exec(db, STMT_JOB_WAVEFORMS_ADD,
                   DB_ARGS(DB_INT(row.job.account_id), DB_VIEW(job_id), DB_VIEW(original),
                           DB_VIEW(result)));
}

int jobs_waveforms_get(struct db *db, const struct job *job, struct buf *ret_original,
                       struct buf *ret_result)
{
    const enum stmt stmt = STMT_JOB_WAVEFORMS_GET;
    int ended,
        rc = db_run(db, stmt, DB_ARGS(DB_INT(job->account_id), DB_TEXT(job->job_id)));

    if (rc == 0) {
        rc = db_next(db, stmt);
        if (rc > 0) {
            const struct view original = db_text(db, stmt, 0),
                              result = db_text(db, stmt, 1);

            buf_add(ret_original, original.ptr, original.len);
            buf_add(ret_result, result.ptr, result.len);
        }
        rc = rc == 0 ? ERR_NOT_FOUND : rc > 0 ? 0 : rc;
    }
    ended = db_done(db, stmt);
    rc = rc ? rc : ended;
    if (rc)
        return rc;
    return ret_original->error ? ret_original->error : ret_result->error;
}

int jobs_output_waveform_set(struct db *db, struct view job_id, int number,
                             struct view waveform)
{
    struct job_row row;
    int rc = job_row_get(db, job_id, &row);

    if (rc)
        return rc == ERR_NOT_FOUND ? 0 : rc;
    return db_exec(db, STMT_JOB_OUTPUT_WAVEFORM_SET,
                   DB_ARGS(DB_VIEW(waveform), DB_INT(row.job.account_id), DB_VIEW(job_id),
                           DB_INT(number)));
}

int jobs_output_waveform_get(struct db *db, const struct job *job, int number,
                             struct buf *ret)
{
    const enum stmt stmt = STMT_JOB_OUTPUT_WAVEFORM_GET;
    int ended,
        rc = db_run(db, stmt,
                    DB_ARGS(DB_INT(job->account_id), DB_TEXT(job->job_id), DB_INT(number)));

    if (rc == 0) {
        rc = db_next(db, stmt);
        if (rc > 0) {
            const struct view waveform = db_text(db, stmt, 0);

            buf_add(ret, waveform.ptr, waveform.len);
        }
        rc = rc == 0 ? ERR_NOT_FOUND : rc > 0 ? 0 : rc;
    }
    ended = db_done(db, stmt);
    rc = rc ? rc : ended;
    return rc ? rc : ret->error;
}
