/* gzip of text replies (RFC 9110, 8.4.1), for clients that take it. Inside server/http
 * only. */
#ifndef SERVER_HTTP_COMPRESS_H
#define SERVER_HTTP_COMPRESS_H

#include "server/http/http.h"

/* Compresses a reply's buffer when it is text of some length, carries no validator or
 * encoding of its own, and becomes smaller; the reply then says so. Leaves it alone
 * otherwise, also when memory is out. */
void compress_reply(struct http_request *req, struct http_reply *reply);

#endif
