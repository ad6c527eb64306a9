#include "server/http/router.h"

#include <string.h>

/* Takes the next segment, up to a slash, off the front: *ret_more when there was a slash.
 */
static struct view segment_take(struct view *path, bool *ret_more)
{
    const char *slash = path->len ? memchr(path->ptr, '/', path->len) : NULL;
    const size_t len = slash ? (size_t)(slash - path->ptr) : path->len;
    const struct view segment = view_slice(*path, 0, len);

    *ret_more = slash != NULL;
    *path = view_slice(*path, slash ? len + 1 : len, path->len);
    return segment;
}

static bool path_fits(const char *pattern, struct view path,
                      struct view params[HTTP_PATH_PARAMS_MAX])
{
    const char *name = strchr(pattern, '{');
    struct view rest = view_of(pattern);
    size_t found = 0;

    if (!name)
        return view_eq(path, pattern);
    if (path.len < (size_t)(name - pattern) ||
        memcmp(path.ptr, pattern, (size_t)(name - pattern)) != 0)
        return false;
    for (;;) {
        bool wants_more, has_more;
        const struct view want = segment_take(&rest, &wants_more);
        const struct view got = segment_take(&path, &has_more);

        if (want.len && want.ptr[0] == '{') {
            if (got.len == 0 || found == HTTP_PATH_PARAMS_MAX)
                return false;
            params[found++] = got;
        } else if (want.len != got.len ||
                   (got.len && memcmp(want.ptr, got.ptr, got.len) != 0)) {
            return false;
        }
        if (wants_more != has_more)
            return false;
        if (!wants_more)
            return true;
    }
}

const struct route *router_find(const struct http_app *app, enum http_method method,
                                struct view path, struct view params[HTTP_PATH_PARAMS_MAX],
                                unsigned *ret_allow)
{
    struct view found[HTTP_PATH_PARAMS_MAX] = { { NULL, 0 } };

    *ret_allow = 0;
    for (size_t t = 0; t < app->tables_count; t++) {
        for (const struct route *r = app->tables[t]; r->path; r++) {
            if (!path_fits(r->path, path, found))
                continue;
            *ret_allow |= 1u << r->method;
            if (r->method == method) {
                memcpy(params, found, sizeof found);
                return r;
            }
        }
    }
    return NULL;
}

static int route_check(const struct http_app *app, const struct route *route,
                       struct err *reterr)
{
    struct view params[HTTP_PATH_PARAMS_MAX];
    unsigned allow;

    if (route->auth == ROUTE_AUTH_UNSET)
        return err_set(reterr, ERR_INVALID, "route %s %s says not who may call it",
                       http_method_name(route->method), route->path);
    if (!route->prepare && !route->work && !route->write && !route->read)
        return err_set(reterr, ERR_INVALID, "route %s %s does nothing",
                       http_method_name(route->method), route->path);
    if (router_find(app, route->method, view_of(route->path), params, &allow) != route)
        return err_set(reterr, ERR_INVALID, "route %s %s is shadowed by an earlier one",
                       http_method_name(route->method), route->path);
    return 0;
}

int router_check(const struct http_app *app, struct err *reterr)
{
    int rc = 0;

    for (size_t t = 0; t < app->tables_count; t++) {
        for (const struct route *r = app->tables[t]; r->path && rc == 0; r++)
            rc = route_check(app, r, reterr);
    }
    return rc;
}
