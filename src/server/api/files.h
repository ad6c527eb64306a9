/* Forgetting files whose owner or time is gone.
 *
 * The files that a write step forgets are listed with the request and removed by its read
 * step, once the write is durable. */
#ifndef SERVER_API_FILES_H
#define SERVER_API_FILES_H

#include "server/api/api.h"

/* What api_own() holds of a request that forgets files: this, or a struct that begins with
 * it. */
struct files {
    struct buf names; /* of the blobs that go, JOB_BLOB_SIZE bytes each */
    int64_t jobs;     /* seen, those without files included */
};

/* `bytes` zeroed bytes that begin with an empty struct files; NULL when memory is out. */
void *files_own(struct http_request *req, size_t bytes);
/* A prepare step that owns a struct files alone. */
int files_prepare(struct http_request *req, struct http_reply *reply);
/* Forgets all jobs of an account. */
MUST_CHECK int files_forget(struct http_request *req, int64_t account_id);
/* Forgets all jobs of a user and the user: sessions end, the ledger and every sum stay. */
MUST_CHECK int files_forget_user(struct http_request *req, int64_t user_id);
/* Expires at most `most` jobs. */
MUST_CHECK int files_expire(struct http_request *req, int64_t most, int64_t *ret_count);
/* The read step. */
int files_remove(struct http_request *req, struct http_reply *reply);

#endif
