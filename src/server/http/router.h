/* Finding the route of a request, and checking the tables once at the start. */
#ifndef SERVER_HTTP_ROUTER_H
#define SERVER_HTTP_ROUTER_H

#include "server/http/http.h"

/* ERR_INVALID for a row without auth, without any step, or that another row shadows. */
MUST_CHECK int router_check(const struct http_app *app, struct err *reterr);

/* The row of that method and path, with the values of its {names} in `params`; NULL when
 * none fits. *ret_allow has a bit (1 << method) for each method that the path does have. */
const struct route *router_find(const struct http_app *app, enum http_method method,
                                struct view path, struct view params[HTTP_PATH_PARAMS_MAX],
                                unsigned *ret_allow);

#endif
