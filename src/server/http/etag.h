/* Entity tags (RFC 9110, section 8.8.3). Any thread. */
#ifndef SERVER_HTTP_ETAG_H
#define SERVER_HTTP_ETAG_H

#include <stdbool.h>
#include "base/view.h"

/* Whether an If-None-Match field names `etag` (with its quotes, W/ allowed), by weak
 * comparison: then GET and HEAD answer 304. "*" names every tag. An absent field names
 * none; a malformed one counts up to its fault. */
bool etag_list_names(struct view if_none_match, struct view etag);

#endif
