/* The steps of /admin/users. */
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

#endif
