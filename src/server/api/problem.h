/* Error codes as replies: the one table from codes to statuses. */
#ifndef SERVER_API_PROBLEM_H
#define SERVER_API_PROBLEM_H

#include "server/api/api.h"

/* The fail() of struct http_app. */
void problem_write(struct http_request *req, struct http_reply *reply, int code);

/* RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers-10). */
void problem_rate_limit_headers(struct http_reply *reply,
                                const struct usage_limit_state *limits, size_t count,
                                int64_t now_us);

/* "files_per_day", "storage_mb", "processing_minutes", or these with "network_" before
 * them. */
const char *problem_policy_name(const struct usage_limit_state *limit);
/* What a passed limit says to a person: "Daily upload limit of 5 files reached". */
void problem_limit_message(const struct usage_limit_state *limit, char *to, size_t size);

#endif
