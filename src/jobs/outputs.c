#include "jobs/row.h"

#include <string.h>

static bool is_valid(const struct job_output *output, bool is_one_of_several)
{
    return output->blob[0] && memchr(output->blob, '\0', sizeof output->blob) &&
           memchr(output->label, '\0', sizeof output->label) &&
           memchr(output->digest, '\0', sizeof output->digest) && output->bytes >= 0 &&
           output->duration_us >= 0 && (output->label[0] || !is_one_of_several);
}

bool job_outputs_are_valid(const struct job_outcome *outcome)
{
    int64_t sum = 0;

    if (outcome->outputs_count < 1 || outcome->outputs_count > JOB_OUTPUTS_MAX)
        return false;
    for (size_t i = 0; i < outcome->outputs_count; i++) {
        if (!is_valid(&outcome->outputs[i], outcome->outputs_count > 1) ||
            __builtin_add_overflow(sum, outcome->outputs[i].bytes, &sum))
            return false;
    }
    return true;
}

static int row_add(struct db *db, const struct job *job, size_t number,
                   const struct job_output *output)
{
    return db_exec(db, STMT_JOB_OUTPUT_ADD,
                   DB_ARGS(DB_INT(job->account_id), DB_TEXT(job->job_id), DB_INT(number),
                           DB_TEXT(output->label), DB_TEXT(output->blob),
                           DB_INT(output->bytes), DB_TEXT(output->digest),
                           DB_INT(output->duration_us), DB_INT(output->levels.peak_cdbfs),
                           DB_INT(output->levels.loudness_clufs)));
}

int job_outputs_add(struct db *db, struct job_row *row, const struct job_outcome *outcome,
                    int64_t *ret_bytes)
{
    const struct job_output *first = &outcome->outputs[0];
    struct job *job = &row->job;
    int rc = 0;

    job->outputs_count = first->label[0] ? (int)outcome->outputs_count : 0;
    job->output_bytes = first->bytes;
    job->levels = first->levels;
    job_text_copy(job->output_blob, sizeof job->output_blob, view_of(first->blob));
    job_text_copy(job->output_digest, sizeof job->output_digest, view_of(first->digest));
    job->further_bytes = 0;
    for (size_t i = 1; i < outcome->outputs_count; i++)
        job->further_bytes += outcome->outputs[i].bytes;
    for (int i = 0; i < job->outputs_count && rc == 0; i++)
        rc = row_add(db, job, (size_t)i, &outcome->outputs[i]);
    *ret_bytes = job->output_bytes + job->further_bytes;
    return rc;
}

/* ---- reading ---- */

static void output_read(struct db *db, enum stmt stmt, struct job_output *ret)
{
    *ret = (struct job_output){ .bytes = db_int(db, stmt, 2),
                                .duration_us = db_int(db, stmt, 4),
                                .levels = { .are_known = true,
                                            .peak_cdbfs = (int)db_int(db, stmt, 5),
                                            .loudness_clufs = (int)db_int(db, stmt, 6),
                                            .noise_removed_cdb = -1 } };
    job_text_copy(ret->label, sizeof ret->label, db_text(db, stmt, 0));
    job_text_copy(ret->blob, sizeof ret->blob, db_text(db, stmt, 1));
    job_text_copy(ret->digest, sizeof ret->digest, db_text(db, stmt, 3));
}

static int rows_read(struct db *db, const struct job *job,
                     struct job_output ret[JOB_OUTPUTS_MAX], size_t *ret_count)
{
    const enum stmt stmt = STMT_JOB_OUTPUTS_GET;
    size_t count = 0;
    int ended,
        rc = db_run(db, stmt, DB_ARGS(DB_INT(job->account_id), DB_TEXT(job->job_id)));

    while (rc == 0 && count < JOB_OUTPUTS_MAX) {
        const int got = db_next(db, stmt);

        if (got <= 0) {
            rc = got;
            break;
        }
        output_read(db, stmt, &ret[count++]);
    }
    ended = db_done(db, stmt);
    rc = rc ? rc : ended;
    if (rc == 0)
        *ret_count = count;
    return rc;
}

int jobs_outputs_read(struct db *db, const struct job *job,
                      struct job_output ret[JOB_OUTPUTS_MAX], size_t *ret_count)
{
    *ret_count = 0;
    if (!job->output_blob[0])
        return 0;
    if (job->outputs_count)
        return rows_read(db, job, ret, ret_count);
    *ret = (struct job_output){ .bytes = job->output_bytes,
                                .duration_us = job->duration_us,
                                .levels = job->levels };
    memcpy(ret->blob, job->output_blob, sizeof ret->blob);
    memcpy(ret->digest, job->output_digest, sizeof ret->digest);
    *ret_count = 1;
    return 0;
}

int job_outputs_forget(struct db *db, const struct job *job, struct job_blobs *ret)
{
    struct job_output outputs[JOB_OUTPUTS_MAX];
    struct job_blobs blobs = { .count = 0 };
    size_t count;
    int rc = jobs_outputs_read(db, job, outputs, &count);

    if (rc)
        return rc;
    if (job->input_blob[0])
        memcpy(blobs.names[blobs.count++], job->input_blob, JOB_BLOB_SIZE);
    for (size_t i = 0; i < count; i++)
        memcpy(blobs.names[blobs.count++], outputs[i].blob, JOB_BLOB_SIZE);
    *ret = blobs;
    return job->outputs_count == 0
               ? 0
               : db_exec(db, STMT_JOB_OUTPUTS_REMOVE,
                         DB_ARGS(DB_INT(job->account_id), DB_TEXT(job->job_id)));
}
