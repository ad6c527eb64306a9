/* GET /audio/archive/{job_id}: all outputs of a job as one ZIP file.
 *
 * A path of its own, since it is another thing than a download of one: of another type,
 * without ranges and tags, and with a look at all files (their CRC-32) on the work pool
 * before the first byte, which a plain download must not wait for. */
#ifndef SERVER_API_ARCHIVE_H
#define SERVER_API_ARCHIVE_H

#include "server/http/http.h"

int archive_prepare(struct http_request *req, struct http_reply *reply);
int archive_work(struct http_request *req, struct http_reply *reply);
int archive_reply(struct http_request *req, struct http_reply *reply);

#endif
