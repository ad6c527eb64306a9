#include "server/api/job.h"

#include <string.h>
#include "audio/audio.h"
#include "base/filename.h"
#include "base/log.h"
#include "blob/blob.h"
#include "jobs/progress.h"
#include "server/api/cache.h"
#include "server/api/people.h"
#include "server/api/validate.h"

/* With a label the whole name stays below the 255 bytes that file systems take. */
enum { STEM_BYTES_MAX = 140 };

static int caller_check(struct http_request *req, int rc, const struct job *ret)
{
    const struct principal *p = &api_context_of(req)->principal;

    if (rc == ERR_NOT_FOUND)
        return err_set(&req->err, rc, "Job not found");
    if (rc)
        return rc;
    if (!p->is_admin && (p->account_id == 0 || p->account_id != ret->account_id))
        return err_set(&req->err, ERR_FORBIDDEN, "Not authorized to access this job");
    return 0;
}

int job_of_caller_write(struct http_request *req, struct job *ret)
{
    return caller_check(req, jobs_get(req->db, req->path_params[0], ret), ret);
}

int job_of_caller(struct http_request *req, struct job *ret)
{
    int rc = 0;

    if (!cache_job_find(req, req->path_params[0], ret)) {
        rc = jobs_get(req->db, req->path_params[0], ret);
        if (rc == 0)
            cache_job_keep(req, ret);
    }
    return caller_check(req, rc, ret);
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
static void level_put(struct json *j, const char *name, const struct job_levels *levels,
                      int value, int none)
{
    if (levels->are_known && value > none)
        json_put_double(j, name, value / 100.0);
    else
        json_put_null(j, name);
}

static void levels_write(struct json *j, const struct job_levels *levels)
{
    level_put(j, "peak_dbfs", levels, levels->peak_cdbfs, AUDIO_LEVEL_LEAST_CDB);
    level_put(j, "loudness_lufs", levels, levels->loudness_clufs,
              AUDIO_LOUDNESS_LEAST_CLUFS);
}

static void choice_and_levels_write(struct json *j, const struct job *job)
{
    json_put_double(j, "duration", (double)job->duration_us / 1e6);
    json_put_str(j, "output_format", job->choice.output_format);
    json_put_str(j, "strength", job->choice.strength);
    json_put_bool(j, "loudness_normalised", job->choice.loudness_normalise);
    levels_write(j, &job->levels);
    level_put(j, "noise_removed_db", &job->levels, job->levels.noise_removed_cdb, -1);
}

/* What cannot be read is left out: the rest of the status still holds. */
static void outputs_write(struct http_request *req, struct json *j, const struct job *job)
{
    struct job_output outputs[JOB_OUTPUTS_MAX];
    size_t count = 0;
    struct buf name;

    json_key(j, "outputs");
    json_array_begin(j);
    if (job->status == JOB_COMPLETED &&
        jobs_outputs_read(req->db, job, outputs, &count) != 0)
        count = 0;
    buf_init(&name, 1024);
    for (size_t i = 0; i < count; i++) {
        buf_clear(&name);
        if (job_output_name(job, &outputs[i], &name) != 0)
            continue;
        json_object_begin(j);
        json_put_int(j, "index", (int64_t)i);
        json_put_str(j, "name", name.data);
        json_put_str(j, "label", outputs[i].label[0] ? outputs[i].label : NULL);
        json_put_int(j, "size_bytes", outputs[i].bytes);
        json_put_double(j, "duration", (double)outputs[i].duration_us / 1e6);
        levels_write(j, &outputs[i].levels);
        json_object_end(j);
    }
    buf_release(&name);
    json_array_end(j);
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
    outputs_write(req, j, job);
    json_object_end(j);
}

void job_deleted_reply(struct http_reply *reply, const struct job *job)
{
    people_message(reply, "Job %s deleted successfully", job->job_id);
}

void job_files_remove(struct http_request *req, const struct job_blobs *blobs)
{
    struct err err;

    for (size_t i = 0; i < blobs->count; i++) {
        if (blob_remove(api_of(req)->blobs, blobs->names[i], &err) != 0)
            log_write(LOG_WARNING, "file_not_removed", LOG_STR("blob", blobs->names[i]),
                      LOG_STR("error", err.text));
    }
}

/* ---- outputs ---- */

int job_deletion_read(struct http_request *req, struct http_reply *reply)
{
    const struct job_deletion *d = api_context_of(req)->own;
    const struct progress over = { .permille = 1000, .is_over = true };

    (void)reply;
    progress_report(api_of(req)->board, view_of(d->job.job_id), over);
    job_files_remove(req, &d->blobs);
    return 0;
}

struct view job_name_stem(const struct job *job)
{
    const char *dot = strrchr(job->original_filename, '.');
    const struct view whole = view_of(job->original_filename);

    return dot ? view_slice(whole, 0, (size_t)(dot - whole.ptr)) : whole;
}

int job_output_name(const struct job *job, const struct job_output *output, struct buf *out)
{
    const struct audio_format *format = audio_format_find(
        view_of(job->choice.output_format));
    const struct view stem = job_name_stem(job);

    if (!format)
        return ERR_CORRUPT; /* of a format unknown here */
    buf_add_text(out, "processed_");
    if (output->label[0]) {
        char fit[STEM_BYTES_MAX + 1];

        (void)filename_make(stem, fit, sizeof fit);
        buf_addf(out, "%s_%s", fit, output->label);
    } else {
        buf_add(out, stem.ptr, stem.len);
    }
    buf_addf(out, ".%s", format->extension);
    return out->error;
}

int job_output_of(struct http_request *req, const struct job *job, int *ret_number,
                  struct job_output *ret)
{
    struct job_output outputs[JOB_OUTPUTS_MAX];
    int64_t number = 0;
    size_t count = 0;
    int rc;

    validate_query_int(req, "output", 0, JOB_OUTPUTS_MAX - 1, &number);
    rc = validate_result(req);
    if (rc == 0)
        rc = jobs_outputs_read(req->db, job, outputs, &count);
    if (rc)
        return rc;
    if ((size_t)number >= count)
        return err_set(&req->err, ERR_NOT_FOUND, "The job has no output %d", (int)number);
    *ret_number = (int)number;
    *ret = outputs[number];
    return 0;
}

const char *job_content_type(const char *extension)
{
    static const char *const types[][2] = { { "wav", "audio/x-wav" },
                                            { "mp3", "audio/mpeg" },
                                            { "flac", "audio/x-flac" },
                                            { "m4a", "audio/mp4" },
                                            { "ogg", "audio/ogg" } };

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(types[i][0], extension) == 0)
            return types[i][1];
    }
    return "application/octet-stream";
}
