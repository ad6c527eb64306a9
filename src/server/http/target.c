#include "server/http/target.h"

#include <string.h>

/* What follows the "scheme://" of an absolute form; NULL for any other. */
static const char *authority_of(const char *target)
{
    const char *end = target + strspn(target, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                              "abcdefghijklmnopqrstuvwxyz0123456789+-.");

    return end > target && strncmp(end, "://", 3) == 0 ? end + 3 : NULL;
}

/* Splits a target as it was sent; the query has no ptr when there is none. */
static void target_split(const char *target, struct view *path, struct view *query)
{
    const char *authority = authority_of(target);
    const char *mark;

    if (authority)
        target = authority + strcspn(authority, "/?");
    *path = view_of(target);
    *query = (struct view){ NULL, 0 };
    mark = strchr(target, '?');
    if (mark) {
        path->len = (size_t)(mark - target);
        *query = view_of(mark + 1);
    }
    if (authority && path->len == 0)
        *path = view_of("/");
}

bool target_parse(const char *target, char *decoded, struct http_request *req)
{
    struct view path, query;

    target_split(target, &path, &query);
    req->path.ptr = decoded;
    return percent_decode(path, false, decoded, &req->path.len) == 0 &&
           form_parse(query, decoded + path.len, &req->query) == 0;
}

bool target_without_slash(const char *target, struct buf *out)
{
    struct view path, query;

    target_split(target, &path, &query);
    if (path.len < 2 || path.ptr[path.len - 1] != '/')
        return false;
    buf_add(out, path.ptr, path.len - 1);
    if (query.len) {
        buf_add_char(out, '?');
        buf_add(out, query.ptr, query.len);
    }
    return true;
}
