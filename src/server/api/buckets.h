/* Figures per hour, day or month: the query and the list that history and analytics share.
 */
#ifndef SERVER_API_BUCKETS_H
#define SERVER_API_BUCKETS_H

#include "server/api/api.h"

/* Reads start, end, interval, group_by and time_zone into an api_own()ed
 * struct usage_history_query. */
int buckets_prepare(struct http_request *req, struct http_reply *reply);
const char *buckets_interval_name(enum usage_interval interval);
/* Writes the array for an account; 0: the platform, -1: nobody. What cannot be answered is
 * a 422. */
MUST_CHECK int buckets_write(struct http_request *req, struct json *j, int64_t account_id);

#endif
