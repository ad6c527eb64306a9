/* The steps of what people do with their own account: a new password, its end, their data.
 */
#ifndef SERVER_API_ACCOUNT_H
#define SERVER_API_ACCOUNT_H

#include "server/http/http.h"

/* POST /auth/password */
int account_password_prepare(struct http_request *req, struct http_reply *reply);
int account_password_write(struct http_request *req, struct http_reply *reply);
/* DELETE /auth/me; files_remove is its read step */
int account_delete_prepare(struct http_request *req, struct http_reply *reply);
int account_delete_write(struct http_request *req, struct http_reply *reply);
/* Of both: judges the password, hashes the new one. */
int account_work(struct http_request *req, struct http_reply *reply);

/* GET /auth/me/data: all that is kept about the caller, user or guest, streamed. */
int account_data_prepare(struct http_request *req, struct http_reply *reply);
int account_data(struct http_request *req, struct http_reply *reply);

#endif
