/* GET /audio/types: what can be asked for. */
#ifndef SERVER_API_TYPES_H
#define SERVER_API_TYPES_H

#include "server/http/http.h"

int types_reply(struct http_request *req, struct http_reply *reply);

#endif
