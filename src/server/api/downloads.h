/* Counting what was delivered. */
#ifndef SERVER_API_DOWNLOADS_H
#define SERVER_API_DOWNLOADS_H

#include "server/api/api.h"

/* Charges one download of a job's with the bytes that went out; nobody waits for it. To be
 * called once per request, when its last byte was sent. */
void download_count(struct http_request *req, const struct job *job, int64_t bytes);

#endif
