/* GET /admin/workers: what waits and what each worker is doing; see the table in admin.c.
 */
#ifndef SERVER_API_ADMIN_WORKERS_H
#define SERVER_API_ADMIN_WORKERS_H

#include "server/api/api.h"

int workers_get(struct http_request *req, struct http_reply *reply);

/* The same as figures for Prometheus: one gauge of workers by state, one of the longest
 * wait. On `db`. */
MUST_CHECK int workers_metrics(struct api *api, struct db *db, int64_t now_us,
                               struct buf *out);

#endif
