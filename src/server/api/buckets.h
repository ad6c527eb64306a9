/* Figures per hour, day or month: the query and the list that history and analytics share.
 */
#ifndef SERVER_API_BUCKETS_H
#define SERVER_API_BUCKETS_H

#include "server/api/api.h"

struct buckets_query {
    enum usage_interval interval;
    bool by_type;
    int64_t start_us, end_us;
};

/* Reads start, end, interval, group_by and time_zone into an api_own()ed query. */
int buckets_prepare(struct http_request *req, struct http_reply *reply);
const char *buckets_interval_name(enum usage_interval interval);
/* Writes the array for an account; 0: the platform, -1: nobody. */
MUST_CHECK int buckets_write(struct http_request *req, struct json *j,
                             const struct buckets_query *query, int64_t account_id);

#endif
