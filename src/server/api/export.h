/* GET /usage/export: the ledger's rows, streamed whole, in constant memory. */
#ifndef SERVER_API_EXPORT_H
#define SERVER_API_EXPORT_H

#include "server/http/http.h"
#include "whazz/usage.h"

enum { EXPORT_PAGE_ROWS = 200, EXPORT_PAGE_BYTES_MAX = 256 << 10 };

int export_prepare(struct http_request *req, struct http_reply *reply);
int export_start(struct http_request *req, struct http_reply *reply);
/* One row as the JSON forms have it. */
void export_row_json(struct buf *out, const struct usage_row *row);

#endif
