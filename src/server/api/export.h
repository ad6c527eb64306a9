/* GET /usage/export: the ledger's rows, streamed whole, in constant memory. */
#ifndef SERVER_API_EXPORT_H
#define SERVER_API_EXPORT_H

#include "server/http/http.h"

int export_prepare(struct http_request *req, struct http_reply *reply);
int export_start(struct http_request *req, struct http_reply *reply);

#endif
