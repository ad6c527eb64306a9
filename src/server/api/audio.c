/* /audio: jobs of the caller's, and their files. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "blob/blob.h"
#include "jobs/progress.h"
#include "server/api/api.h"
#include "server/api/archive.h"
#include "server/api/downloads.h"
#include "server/api/events.h"
#include "server/api/job.h"
#include "server/api/peaks.h"
#include "server/api/types.h"
#include "server/api/upload.h"
#include "server/api/validate.h"
#include "server/http/disposition.h"
#include "server/http/etag.h"
#include "server/http/range.h"

static int audio_status(struct http_request *req, struct http_reply *reply)
{
    struct job job;
    struct json j;
    const int rc = job_of_caller(req, &job);

    if (rc)
        return rc;
    http_reply_json(reply, 200, &j);
    job_status_write(req, &j, &job);
    return 0;
}

static int list_row(void *ctx, const struct job *job)
{
    struct job_page *page = ctx;

    if (page->count++ < page->limit)
        job_status_write(page->req, page->j, job);
    if (page->count == page->limit)
        memcpy(page->last, job->job_id, sizeof page->last);
    return 0;
}

static int list_prepare(struct http_request *req, struct http_reply *reply)
{
    int64_t *limit = api_own(req, sizeof *limit, NULL);

    (void)reply;
    if (!limit)
        return ERR_NO_MEMORY;
    *limit = 50;
    validate_query_int(req, "limit", 1, 100, limit);
    return validate_result(req);
}

static int audio_jobs(struct http_request *req, struct http_reply *reply)
{
    const struct api_context *c = api_context_of(req);
    const int64_t limit = *(const int64_t *)c->own;
    struct json j;
    struct job_page page = { .req = req, .j = &j, .limit = limit };
    const struct job_filter filter = {
        .account_id = c->principal.account_id ? c->principal.account_id : -1,
        .status = -1,
        .before_job = http_query(req, "cursor"),
        .limit = limit + 1,
    };
    int rc;

    http_reply_json(reply, 200, &j);
    json_object_begin(&j);
    json_key(&j, "jobs");
    json_array_begin(&j);
    rc = jobs_list(req->db, &filter, list_row, &page);
    json_array_end(&j);
    if (page.count > limit)
        json_put_str(&j, "next_cursor", page.last);
    else
        json_put_null(&j, "next_cursor");
    json_object_end(&j);
    if (page.count > limit)
        http_reply_header_format(reply, "Link",
                                 "</audio/jobs?limit=%lld&cursor=%s>; rel=\"next\"",
                                 (long long)limit, page.last);
    if (rc == ERR_INVALID)
        validate_add(req, "value_error", "query", "cursor",
                     "Value error, not a cursor of this list", NULL);
    return rc;
}

/* ---- files ---- */

static int file_ranges(struct http_request *req, struct http_reply *reply, struct view etag)
{
    const struct view field = range_if_range_holds(http_header(req, "If-Range"), etag)
                                  ? http_header(req, "Range")
                                  : (struct view){ NULL, 0 };
    char text[RANGE_TEXT_SIZE];
    const int64_t size = reply->file_bytes;
    struct range range;

    switch (range_parse(field, size, &range)) {
    case RANGE_WHOLE:
        return 0;
    case RANGE_SLICE:
        reply->status = 206;
        reply->file_offset = range.first_bytes;
        reply->file_bytes = range.len_bytes;
        range_format(range, size, text);
        http_reply_header(reply, "Content-Range", text);
        return 0;
    case RANGE_UNSATISFIABLE:
        break;
    }
    range_format_unsatisfied(size, text);
    http_reply_header(reply, "Content-Range", text);
    return api_refuse(req, 416, "The file has %lld bytes", (long long)size);
}

struct stored_file {
    const char *blob, *digest;
    struct view name; /* the client's */
    int64_t made_us;
};

static void disposition_add(struct http_reply *reply, struct view filename)
{
    struct buf disposition;

    buf_init(&disposition, 4096);
    disposition_attachment(&disposition, filename);
    if (!disposition.error)
        http_reply_header(reply, "Content-Disposition", disposition.data);
    buf_release(&disposition);
}

/* Opens a job's blob as the reply, with name, tag and ranges. */
static int file_reply(struct http_request *req, struct http_reply *reply,
                      const struct stored_file *file)
{
    char etag[80];
    int rc = blob_open(api_of(req)->blobs, file->blob, &reply->file_fd, &reply->file_bytes,
                       &req->err);

    if (rc)
        return rc;
    reply->kind = HTTP_REPLY_FILE;
    (void)snprintf(etag, sizeof etag, "\"%.32s\"", file->digest);
    http_reply_header(reply, "ETag", etag);
    http_reply_header_time(reply, "Last-Modified", file->made_us);
    http_reply_header(reply, "Accept-Ranges", "bytes");
    http_reply_header(reply, "Cache-Control", "private");
    if (etag_list_names(http_header(req, "If-None-Match"), view_of(etag))) {
        (void)close(reply->file_fd);
        reply->file_fd = -1;
        reply->kind = HTTP_REPLY_BUFFER;
        reply->status = 304;
        return 0;
    }
    rc = file_ranges(req, reply, view_of(etag));
    if (rc == 0)
        disposition_add(reply, file->name);
    return rc;
}

struct download {
    struct job job;
    int64_t size;
};

/* Counts a request that delivered the file's last byte, whole or as a range. */
static void download_finish(struct http_request *req, const struct http_reply *reply,
                            bool is_delivered)
{
    const struct download *d = api_context_of(req)->own;

    if (is_delivered && !req->is_head && reply->kind == HTTP_REPLY_FILE &&
        reply->file_offset + reply->file_bytes == d->size)
        download_count(req, &d->job, reply->file_bytes);
}

static int audio_download(struct http_request *req, struct http_reply *reply)
{
    struct download *d = api_own(req, sizeof *d, NULL);
    struct job_output output;
    const char *dot;
    struct buf name;
    int number, rc = d ? job_of_caller(req, &d->job) : ERR_NO_MEMORY;

    if (rc == 0)
        rc = job_result_check(req, &d->job);
    if (rc == 0)
        rc = job_output_of(req, &d->job, &number, &output);
    if (rc)
        return rc;
    buf_init(&name, 1024);
    rc = job_output_name(&d->job, &output, &name);
    if (rc == 0)
        rc = file_reply(req, reply,
                        &(struct stored_file){ output.blob, output.digest, buf_view(&name),
                                               d->job.completed_us });
    buf_release(&name);
    if (rc == ERR_NOT_FOUND)
        return api_refuse(req, 500, "Processed file not found");
    d->size = output.bytes;
    dot = strrchr(output.blob, '.');
    reply->content_type = job_content_type(dot ? dot + 1 : "");
    if (rc == 0)
        api_context_of(req)->on_finish = download_finish;
    return rc;
}

static int audio_original(struct http_request *req, struct http_reply *reply)
{
    struct job job;
    int rc = job_of_caller(req, &job);

    if (rc)
        return rc;
    if (job.status == JOB_EXPIRED || !job.input_blob[0])
        return err_set(&req->err, ERR_GONE, "The file has expired");
    rc = file_reply(req, reply,
                    &(struct stored_file){ job.input_blob, job.input_digest,
                                           view_of(job.original_filename),
                                           job.created_us });
    reply->content_type = job_content_type(job.format);
    return rc == ERR_NOT_FOUND ? api_refuse(req, 500, "Original file not found") : rc;
}

/* ---- deleting ---- */

static int delete_write(struct http_request *req, struct http_reply *reply)
{
    struct job_deletion *d = api_own(req, sizeof *d, NULL);
    int rc = d ? job_of_caller_write(req, &d->job) : ERR_NO_MEMORY;

    if (rc == 0)
        rc = jobs_delete(req->db, view_of(d->job.job_id), true, req->now_us, &d->job,
                         &d->blobs);
    if (rc == 0)
        job_deleted_reply(reply, &d->job);
    return rc;
}

const struct route api_routes_audio[] = {
    { HTTP_POST, "/audio/upload", ROUTE_IDENTIFIED, .prepare = upload_prepare,
      .body = upload_body, .work = upload_work, .write = upload_write,
      .read = upload_reply },
    { HTTP_GET, "/audio/status/{job_id}", ROUTE_IDENTIFIED, .read = audio_status },
    { HTTP_GET, "/audio/events/{job_id}", ROUTE_IDENTIFIED, .read = events_start },
    { HTTP_GET, "/audio/jobs", ROUTE_IDENTIFIED, .prepare = list_prepare,
      .read = audio_jobs },
    { HTTP_GET, "/audio/download/{job_id}", ROUTE_IDENTIFIED, .read = audio_download },
    { HTTP_GET, "/audio/archive/{job_id}", ROUTE_IDENTIFIED, .prepare = archive_prepare,
      .work = archive_work, .read = archive_reply },
    { HTTP_GET, "/audio/peaks/{job_id}", ROUTE_IDENTIFIED, .prepare = peaks_prepare,
      .work = peaks_work, .read = peaks_reply },
    { HTTP_GET, "/audio/types", ROUTE_PUBLIC, .read = types_reply },
    { HTTP_GET, "/audio/original/{job_id}", ROUTE_IDENTIFIED, .read = audio_original },
    { HTTP_DELETE, "/audio/jobs/{job_id}", ROUTE_IDENTIFIED, .write = delete_write,
      .read = job_deletion_read },
    { 0 },
};
