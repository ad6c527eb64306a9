/* Usage figures as JSON: the fields and rounding of the replaced system. */
#ifndef SERVER_API_FIGURES_H
#define SERVER_API_FIGURES_H

#include "server/api/api.h"

/* Reads an account's figures, calls not yet written included, on req->db. */
MUST_CHECK int figures_read(struct http_request *req, int64_t account_id,
                            struct usage_totals *ret);
/* Writes the members of GET /usage/me into the open object. */
MUST_CHECK int figures_write(struct http_request *req, struct json *j, int64_t account_id,
                             bool is_user);
/* {"speech_enhancement":12,...} of an account, or of the platform (0). */
MUST_CHECK int figures_types_write(struct http_request *req, struct json *j,
                                   int64_t account_id);

#endif
