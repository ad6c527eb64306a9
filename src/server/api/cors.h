/* Cross-origin requests (Fetch standard), answered as the replaced system does. */
#ifndef SERVER_API_CORS_H
#define SERVER_API_CORS_H

#include "server/http/http.h"

/* The reply to a preflight; 405 for any other OPTIONS, which the transport refuses. */
int cors_preflight(struct http_request *req, struct http_reply *reply);
/* Adds what a browser needs to hand the reply to an allowed origin's page. */
void cors_decorate(struct http_request *req, struct http_reply *reply);

#endif
