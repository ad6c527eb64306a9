#include "server/http/target.h"

#include <string.h>

/* What follows the "scheme://" of an absolute form; NULL for any other. */
static const char *authority_of(const char *target)
{
    const char *end = target + strspn(target, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                              "abcdefghijklmnopqrstuvwxyz0123456789+-.");

    return end > target && strncmp(end, "://", 3) == 0 ? end + 3 : NULL;
}

bool target_parse(const char *target, char *decoded, struct http_request *req)
{
    const char *authority = authority_of(target);
    struct view path, query = { NULL, 0 };
    const char *mark;

    if (authority)
        target = authority + strcspn(authority, "/?");
    path = view_of(target);
    mark = strchr(target, '?');
    if (mark) {
        path.len = (size_t)(mark - target);
        query = view_of(mark + 1);
    }
    if (authority && path.len == 0)
        path = view_of("/");
    req->path.ptr = decoded;
    return percent_decode(path, false, decoded, &req->path.len) == 0 &&
           form_parse(query, decoded + path.len, &req->query) == 0;
}
