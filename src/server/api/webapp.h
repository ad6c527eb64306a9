/* The web app and the API's pages, out of the binary. */
#ifndef SERVER_API_WEBAPP_H
#define SERVER_API_WEBAPP_H

#include "server/http/http.h"

/* The embedded file of the request's own path: with its tag, packed where the client
 * takes it, kept for good by browsers where the name holds a hash. 404: there is none. */
int webapp_file(struct http_request *req, struct http_reply *reply);

/* Whether the client is a browser that navigates: it names text/html in Accept. */
bool webapp_is_wanted(struct http_request *req);

/* The app's front page, with the headers that confine it. 404 in a build without the web
 * app. */
int webapp_index(struct http_request *req, struct http_reply *reply);

/* Takes GET requests of paths that no row has: the app to browsers, 404 to others. */
extern const struct route webapp_fallback;

extern const struct route api_routes_webapp[];

#endif
