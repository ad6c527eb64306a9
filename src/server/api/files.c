#include "server/api/files.h"

#include <string.h>
#include "server/api/job.h"

static void files_release(void *own)
{
    buf_release(&((struct files *)own)->names);
}

void *files_own(struct http_request *req, size_t bytes)
{
    struct files *f = api_own(req, bytes, files_release);

    if (f)
        buf_init(&f->names, 64 << 20);
    return f;
}

int files_prepare(struct http_request *req, struct http_reply *reply)
{
    (void)reply;
    return files_own(req, sizeof(struct files)) ? 0 : ERR_NO_MEMORY;
}

static int file_note(void *ctx, const struct job *job, const struct job_blobs *blobs)
{
    struct files *f = ctx;

    (void)job;
    f->jobs++;
    buf_add(&f->names, blobs->names, blobs->count * JOB_BLOB_SIZE);
    return f->names.error;
}

int files_forget(struct http_request *req, int64_t account_id)
{
    enum { MOST = 500 };
    struct files *f = api_context_of(req)->own;
    int64_t before;
    int rc;

    do {
        before = f->jobs;
        rc = jobs_delete_all(req->db, account_id, MOST, req->now_us, file_note, f);
    } while (rc == 0 && f->jobs - before == MOST);
    return rc;
}

int files_forget_user(struct http_request *req, int64_t user_id)
{
    const int rc = files_forget(req, user_id);

    return rc ? rc : auth_user_delete(req->db, user_id, req->now_us);
}

int files_expire(struct http_request *req, int64_t most, int64_t *ret_count)
{
    struct files *f = api_context_of(req)->own;
    const int rc = jobs_expire(req->db, req->now_us, most, file_note, f);

    *ret_count = f->jobs;
    return rc;
}

int files_remove(struct http_request *req, struct http_reply *reply)
{
    const struct files *f = api_context_of(req)->own;
    struct job_blobs one = { .count = 1 };

    (void)reply;
    for (size_t at = 0; at + JOB_BLOB_SIZE <= f->names.len; at += JOB_BLOB_SIZE) {
        memcpy(one.names[0], f->names.data + at, JOB_BLOB_SIZE);
        job_files_remove(req, &one);
    }
    return 0;
}
