/* The steps of /admin/users, and forgetting files whose owner or time is gone. */
#ifndef SERVER_API_ADMIN_USERS_H
#define SERVER_API_ADMIN_USERS_H

#include "server/api/api.h"

enum { ADMIN_BODY_BYTES_MAX = 64 << 10 };

int users_prepare(struct http_request *req, struct http_reply *reply);
int users_list(struct http_request *req, struct http_reply *reply);
int user_create_prepare(struct http_request *req, struct http_reply *reply);
int user_create_work(struct http_request *req, struct http_reply *reply);
int user_create_write(struct http_request *req, struct http_reply *reply);
int user_prepare(struct http_request *req, struct http_reply *reply);
int user_get(struct http_request *req, struct http_reply *reply);
int user_patch_prepare(struct http_request *req, struct http_reply *reply);
int user_patch_write(struct http_request *req, struct http_reply *reply);
int user_delete(struct http_request *req, struct http_reply *reply);
int user_password_prepare(struct http_request *req, struct http_reply *reply);
int user_password_work(struct http_request *req, struct http_reply *reply);
int user_password_write(struct http_request *req, struct http_reply *reply);
int user_verify(struct http_request *req, struct http_reply *reply);
int user_activate(struct http_request *req, struct http_reply *reply);
int user_deactivate(struct http_request *req, struct http_reply *reply);

/* The files that a write step forgets are listed with the request and removed by its read
 * step, once the write is durable. */
int files_prepare(struct http_request *req, struct http_reply *reply);
/* Forgets all jobs of an account. */
MUST_CHECK int files_forget(struct http_request *req, int64_t account_id);
/* Expires at most `most` jobs. */
MUST_CHECK int files_expire(struct http_request *req, int64_t most, int64_t *ret_count);
int files_remove(struct http_request *req, struct http_reply *reply);

#endif
