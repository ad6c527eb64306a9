#include "server/api/job.h"

#include "audio/audio.h"
#include "base/log.h"
#include "blob/blob.h"
#include "jobs/progress.h"
#include "server/api/people.h"

int job_of_caller(struct http_request *req, struct job *ret)
{
    const struct principal *p = &api_context_of(req)->principal;
    const int rc = jobs_get(req->db, req->path_params[0], ret);

    if (rc == ERR_NOT_FOUND)
        return err_set(&req->err, rc, "Job not found");
    if (rc)
        return rc;
    if (!p->is_admin && (p->account_id == 0 || p->account_id != ret->account_id))
        return err_set(&req->err, ERR_FORBIDDEN, "Not authorized to access this job");
    return 0;
}

int job_result_check(struct http_request *req, const struct job *job)
{
    if (job->status == JOB_EXPIRED)
        return err_set(&req->err, ERR_GONE, "The file has expired");
    if (job->status != JOB_COMPLETED)
        return api_refuse(req, 400, "Job not completed: %s", job_status_name(job->status));
    return 0;
}

static double percent_of(struct http_request *req, const struct job *job)
{
    struct progress progress;

    if (job->status == JOB_COMPLETED)
        return 100.0;
    if (job->status == JOB_PROCESSING &&
        progress_read(api_of(req)->board, view_of(job->job_id), &progress))
        return progress.permille / 10.0;
    return 0.0;
}

/* Hundredths as a number; null when not known or when there is none, as of silence. */
static void level_put(struct json *j, const char *name, const struct job *job, int value,
                      int none)
{
    if (job->levels.are_known && value > none)
        json_put_double(j, name, value / 100.0);
    else
        json_put_null(j, name);
}

static void choice_and_levels_write(struct json *j, const struct job *job)
{
    json_put_double(j, "duration", (double)job->duration_us / 1e6);
    json_put_str(j, "output_format", job->choice.output_format);
    json_put_str(j, "strength", job->choice.strength);
    json_put_bool(j, "loudness_normalised", job->choice.loudness_normalise);
    level_put(j, "peak_dbfs", job, job->levels.peak_cdbfs, AUDIO_LEVEL_LEAST_CDB);
    level_put(j, "loudness_lufs", job, job->levels.loudness_clufs,
              AUDIO_LOUDNESS_LEAST_CLUFS);
    level_put(j, "noise_removed_db", job, job->levels.noise_removed_cdb, -1);
}

void job_status_write(struct http_request *req, struct json *j, const struct job *job)
{
    json_object_begin(j);
    json_put_str(j, "job_id", job->job_id);
    json_put_str(j, "status", job_status_name(job->status));
    json_put_double(j, "progress", percent_of(req, job));
    json_put_str(j, "filename",
                 job->input_blob[0] ? job->input_blob : job->original_filename);
    json_put_str(j, "original_filename", job->original_filename);
    json_put_str(j, "processing_type", job->processing_type);
    json_put_str(j, "error_message", job->error[0] ? job->error : NULL);
    json_put_time(j, "created_at", job->created_us);
    json_put_time(j, "started_at", job->started_us);
    json_put_time(j, "completed_at", job->completed_us);
    json_put_time(j, "expires_at", job->expires_us);
    json_put_bool(j, "output_available",
                  job->status == JOB_COMPLETED && job->output_blob[0] != '\0');
    choice_and_levels_write(j, job);
    json_object_end(j);
}

void job_deleted_reply(struct http_reply *reply, const struct job *job)
{
    people_message(reply, "Job %s deleted successfully", job->job_id);
}

void job_files_remove(struct http_request *req, const struct job *job)
{
    const char *const blobs[] = { job->input_blob, job->output_blob };
    struct err err;

    for (size_t i = 0; i < 2; i++) {
        if (blobs[i][0] && blob_remove(api_of(req)->blobs, blobs[i], &err) != 0)
            log_write(LOG_WARNING, "file_not_removed", LOG_STR("blob", blobs[i]),
                      LOG_STR("error", err.text));
    }
}
