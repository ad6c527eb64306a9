/* POST /audio/upload, from the first byte to the accepted job. */
#ifndef SERVER_API_UPLOAD_H
#define SERVER_API_UPLOAD_H

#include "server/http/http.h"

int upload_prepare(struct http_request *req, struct http_reply *reply);
int upload_body(struct http_request *req, const char *bytes, size_t len);
int upload_work(struct http_request *req, struct http_reply *reply);
int upload_write(struct http_request *req, struct http_reply *reply);
int upload_reply(struct http_request *req, struct http_reply *reply);

#endif
