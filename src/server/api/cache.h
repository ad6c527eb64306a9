/* What one event loop remembers between requests, valid only for the very snapshot of the
 * data it was made from: identities that were proved, jobs, and /usage/me replies. With the
 * first commit by anybody all of it is void, so a reply from here is what a fresh reading
 * would give. Each loop has one of its own: no locks. */
#ifndef SERVER_API_CACHE_H
#define SERVER_API_CACHE_H

#include "server/api/api.h"

struct cache;

/* NULL when memory is out. */
struct cache *caches_new(int loops);
void caches_free(struct cache **caches);

/* Fills the request's principal when the same credentials came from the same address before
 * and the token has not expired since. */
bool cache_identity_find(struct http_request *req);
void cache_identity_keep(struct http_request *req);

/* A job as it is in the snapshot. */
bool cache_job_find(struct http_request *req, struct view job_id, struct job *ret);
void cache_job_keep(struct http_request *req, const struct job *job);

/* An account's calls that are not in the snapshot yet, as other loops count them on. */
struct cache_calls {
    int64_t epoch, pending, last_us;
};

/* Appends the account's /usage/me body, when it was made since the last change of its
 * calls. Else *ret_seen says how many calls there are: before the body to keep is made,
 * since one that comes meanwhile may or may not be in it. On req->db. */
bool cache_figures_find(struct http_request *req, struct buf *out,
                        struct cache_calls *ret_seen);
void cache_figures_keep(struct http_request *req, const struct cache_calls *seen,
                        struct view body);

#endif
