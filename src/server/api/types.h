/* Processing types, ours and those of external engines; GET /audio/types. */
#ifndef SERVER_API_TYPES_H
#define SERVER_API_TYPES_H

#include "server/api/api.h"

/* Whether something does that type's work here. */
bool type_is_available(const struct api *api, struct view type);
/* The names of all that are available, with commas between. */
void types_list(const struct api *api, struct buf *out);

int types_reply(struct http_request *req, struct http_reply *reply);

#endif
