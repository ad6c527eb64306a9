/* Limits as JSON. */
#ifndef SERVER_API_LIMITS_H
#define SERVER_API_LIMITS_H

#include "server/api/api.h"

/* The caller's limits; those of its plan while a guest has no account yet. On req->db. */
MUST_CHECK int limits_of_principal(struct http_request *req, struct usage_limit_state *ret,
                                   size_t *ret_count);
/* {files_per_day, storage_mb, processing_minutes}: the account's own, not its network's. */
void limits_write(struct json *j, const struct usage_limit_state *states, size_t count);
/* The same names, each {limit, unit, window}: what a plan allows. */
void limits_plan_write(struct json *j, const struct usage_limit_state *states,
                       size_t count);

#endif
