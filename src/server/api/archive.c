#include "server/api/archive.h"

#include <unistd.h>
#include "base/filename.h"
#include "base/zip.h"
#include "blob/blob.h"
#include "server/api/api.h"
#include "server/api/downloads.h"
#include "server/api/job.h"
#include "server/http/disposition.h"

enum { NAME_SIZE = 256 };

struct archive {
    struct job job;
    struct job_output outputs[JOB_OUTPUTS_MAX];
    char names[JOB_OUTPUTS_MAX][NAME_SIZE];
    struct zip_file files[JOB_OUTPUTS_MAX];
    size_t outputs_count, files_count; /* files: those that are open */
    struct zip *zip;
    int64_t sent;
};

static void archive_release(void *own)
{
    struct archive *a = own;

    for (size_t i = 0; i < a->files_count; i++)
        (void)close(a->files[i].fd);
    zip_free(&a->zip);
}

/* On the loop's snapshot. */
static int archive_find(struct http_request *req, struct http_reply *reply)
{
    struct archive *a = api_context_of(req)->own;
    int rc = job_of_caller(req, &a->job);

    (void)reply;
    if (rc == 0)
        rc = job_result_check(req, &a->job);
    return rc ? rc : jobs_outputs_read(req->db, &a->job, a->outputs, &a->outputs_count);
}

int archive_prepare(struct http_request *req, struct http_reply *reply)
{
    return api_own(req, sizeof(struct archive), archive_release)
               ? http_read_now(req, reply, archive_find)
               : ERR_NO_MEMORY;
}

/* Open from here on, so that a deletion meanwhile does no harm. */
static int file_add(struct http_request *req, struct archive *a, size_t i)
{
    struct zip_file *f = &a->files[i];
    struct buf name;
    int rc = blob_open(api_of(req)->blobs, a->outputs[i].blob, &f->fd, &f->bytes,
                       &req->err);

    if (rc)
        return rc;
    a->files_count++;
    buf_init(&name, 1024);
    rc = job_output_name(&a->job, &a->outputs[i], &name);
    if (rc == 0)
        (void)filename_make(buf_view(&name), a->names[i], sizeof a->names[i]);
    buf_release(&name);
    f->name = a->names[i];
    f->modified_us = a->job.completed_us;
    return rc ? rc : zip_crc(f->fd, f->bytes, &f->crc);
}

int archive_work(struct http_request *req, struct http_reply *reply)
{
    struct archive *a = api_context_of(req)->own;
    int rc = 0;

    (void)reply;
    for (size_t i = 0; i < a->outputs_count && rc == 0; i++)
        rc = file_add(req, a, i);
    if (rc == ERR_NOT_FOUND)
        return api_refuse(req, 500, "Processed file not found");
    return rc ? rc : zip_new(a->files, a->files_count, &a->zip);
}

static int64_t archive_produce(void *ctx, struct http_request *req, char *to, size_t max)
{
    struct archive *a = ctx;
    const int64_t got = zip_read(a->zip, a->sent, to, max);

    (void)req;
    if (got > 0)
        a->sent += got;
    return got == 0 ? HTTP_STREAM_END : got;
}

static void archive_finish(struct http_request *req, const struct http_reply *reply,
                           bool is_delivered)
{
    const struct archive *a = api_context_of(req)->own;

    if (is_delivered && !req->is_head && reply->kind == HTTP_REPLY_STREAM &&
        a->sent == reply->stream_bytes)
        download_count(req, &a->job, a->sent);
}

int archive_reply(struct http_request *req, struct http_reply *reply)
{
    struct archive *a = api_context_of(req)->own;
    const struct view stem = job_name_stem(&a->job);
    struct buf name, disposition;

    reply->kind = HTTP_REPLY_STREAM;
    reply->content_type = "application/zip";
    reply->stream = (struct http_stream){ archive_produce, NULL, a };
    reply->stream_bytes = zip_bytes(a->zip);
    buf_init(&name, 1024);
    buf_init(&disposition, 4096);
    buf_add_text(&name, "processed_");
    buf_add(&name, stem.ptr, stem.len);
    buf_add_text(&name, ".zip");
    disposition_attachment(&disposition, buf_view(&name));
    if (!disposition.error)
        http_reply_header(reply, "Content-Disposition", disposition.data);
    buf_release(&name);
    buf_release(&disposition);
    http_reply_header(reply, "Cache-Control", "private");
    api_context_of(req)->on_finish = archive_finish;
    return 0;
}
