/* What one event loop remembers between requests, valid only for the very snapshot of the
 * data it was made from: identities that were proved, and /usage/me replies. With the first
 * commit by anybody all of it is void, so a reply from here is what a fresh reading would
 * give. Each loop has one of its own: no locks. */
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

/* Appends the account's /usage/me body, when it was made since the last change of its
 * calls. */
bool cache_figures_find(struct http_request *req, struct buf *out);
void cache_figures_keep(struct http_request *req, struct view body);

#endif
