/* Counting what was delivered. Downloads of one job that wait for the same commit become
 * one ledger row with their number, so that whoever fetches a file without a pause does not
 * fill the ledger. Any thread. */
#ifndef SERVER_API_DOWNLOADS_H
#define SERVER_API_DOWNLOADS_H

#include "server/api/api.h"

/* NULL when memory is out. */
struct downloads *downloads_new(void);
/* Once nothing waits any more. */
void downloads_free(struct downloads **downloads);

/* Charges one download of a job's with the bytes that went out; nobody waits for it. To be
 * called once per request, when its last byte was sent. */
void download_count(struct http_request *req, const struct job *job, int64_t bytes);

#endif
