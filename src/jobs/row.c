#include "jobs/row.h"

#include <string.h>

static const char *const status_names[JOB_STATUS_COUNT] = {
    "pending", "processing", "completed", "failed", "cancelled", "expired",
};

const char *job_status_name(enum job_status status)
{
    return (unsigned)status < JOB_STATUS_COUNT ? status_names[status] : "unknown";
}

bool job_status_of(struct view name, enum job_status *ret)
{
    for (int i = 0; i < JOB_STATUS_COUNT; i++) {
        if (view_eq(name, status_names[i])) {
            *ret = (enum job_status)i;
            return true;
        }
    }
    return false;
}

void job_text_copy(char *to, size_t size, struct view from)
{
    size_t len = from.len;

    if (len >= size) {
        len = size - 1;
        while (len > 0 && ((unsigned char)from.ptr[len] & 0xc0) == 0x80)
            len--;
    }
    if (len > 0)
        memcpy(to, from.ptr, len);
    to[len] = '\0';
}

#define READ_TEXT(member_, column_)                                                        \
    job_text_copy((member_), sizeof(member_), db_text(db, stmt, (column_)))

void job_row_read(struct db *db, enum stmt stmt, struct job_row *ret)
{
    struct job *job = &ret->job;

    *ret = (struct job_row){ 0 };
    job->account_id = db_int(db, stmt, 0);
    READ_TEXT(job->job_id, 1);
    job->group_id = db_int(db, stmt, 2);
    job->status = (enum job_status)db_int(db, stmt, 3);
    READ_TEXT(job->processing_type, 4);
    READ_TEXT(job->original_filename, 5);
    READ_TEXT(job->format, 6);
    READ_TEXT(job->input_blob, 7);
    READ_TEXT(job->output_blob, 8);
    job->input_bytes = db_int(db, stmt, 9);
    job->output_bytes = db_int(db, stmt, 10);
    READ_TEXT(job->input_digest, 11);
    READ_TEXT(job->output_digest, 12);
    job->duration_us = db_int(db, stmt, 13);
    job->sample_rate_hz = (int)db_int(db, stmt, 14);
    job->channels = (int)db_int(db, stmt, 15);
    job->attempts = (int)db_int(db, stmt, 16);
    READ_TEXT(ret->worker, 17);
    job->lease_token = db_int(db, stmt, 18);
    ret->lease_expires_us = db_int(db, stmt, 19);
    READ_TEXT(job->error, 20);
    job->processing_us = db_int(db, stmt, 21);
    job->created_us = db_int(db, stmt, 22);
    job->started_us = db_int(db, stmt, 23);
    job->completed_us = db_int(db, stmt, 24);
    job->expires_us = db_int(db, stmt, 25);
    READ_TEXT(job->choice.output_format, 26);
    READ_TEXT(job->choice.strength, 27);
    job->choice.loudness_normalise = db_int(db, stmt, 28) != 0;
    job->levels = (struct job_levels){ .are_known = db_int(db, stmt, 29) != 0,
                                       .peak_cdbfs = (int)db_int(db, stmt, 30),
                                       .loudness_clufs = (int)db_int(db, stmt, 31),
                                       .noise_removed_cdb = (int)db_int(db, stmt, 32) };
    job->outputs_count = (int)db_int(db, stmt, 33);
    job->further_bytes = db_int(db, stmt, 34);
}

int job_row_get(struct db *db, struct view job_id, struct job_row *ret)
{
    int ended, rc = db_run(db, STMT_JOB_GET, DB_ARGS(DB_VIEW(job_id)));

    if (rc == 0) {
        rc = db_next(db, STMT_JOB_GET);
        if (rc > 0)
            job_row_read(db, STMT_JOB_GET, ret);
        rc = rc == 0 ? ERR_NOT_FOUND : rc > 0 ? 0 : rc;
    }
    ended = db_done(db, STMT_JOB_GET);
    return rc ? rc : ended;
}

int job_row_find(struct db *db, enum stmt stmt, const struct db_arg *args,
                 size_t args_count, struct job_row *ret)
{
    char job_id[UUID_TEXT_SIZE];
    int ended, rc = db_run(db, stmt, args, args_count);

    if (rc == 0) {
        rc = db_next(db, stmt);
        if (rc > 0)
            job_text_copy(job_id, sizeof job_id, db_text(db, stmt, 0));
        rc = rc == 0 ? ERR_NOT_FOUND : rc > 0 ? 0 : rc;
    }
    ended = db_done(db, stmt);
    rc = rc ? rc : ended;
    return rc ? rc : job_row_get(db, view_of(job_id), ret);
}

int job_row_leased(struct db *db, const struct job *job, struct job_row *ret,
                   bool *ret_is_open)
{
    int rc = job_row_get(db, view_of(job->job_id), ret);

    if (rc)
        return rc == ERR_NOT_FOUND ? ERR_CONFLICT : rc;
    return ret->job.status == JOB_PROCESSING && job->lease_token != 0 &&
                   ret->job.lease_token == job->lease_token
               ? job_account_is_open(db, ret->job.account_id, ret_is_open)
               : ERR_CONFLICT;
}
