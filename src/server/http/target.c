#include "server/http/target.h"

#include <string.h>

bool target_parse(const char *target, char *decoded, struct http_request *req)
{
    const char *host = target[0] == '/' ? NULL : strstr(target, "://");
    struct view path, query = { NULL, 0 };
    const char *mark;

    if (host) {
        target = strchr(host + 3, '/');
        target = target ? target : "/";
    }
    path = view_of(target);
    mark = strchr(target, '?');
    if (mark) {
        path.len = (size_t)(mark - target);
        query = view_of(mark + 1);
    }
    req->path.ptr = decoded;
    return percent_decode(path, false, decoded, &req->path.len) == 0 &&
           form_parse(query, decoded + path.len, &req->query) == 0;
}
