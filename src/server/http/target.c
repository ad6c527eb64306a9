#include "server/http/target.h"

#include <string.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decodes `from` to *to, which moves behind what was written. False for what may not be. */
static bool decode(struct view from, bool is_form, char **to, struct view *ret)
{
    char *const start = *to;

    for (size_t i = 0; i < from.len; i++) {
        unsigned char c = (unsigned char)from.ptr[i];

        if (c == '%') {
            const int high = i + 2 < from.len ? hex_digit(from.ptr[i + 1]) : -1;
            const int low = high < 0 ? -1 : hex_digit(from.ptr[i + 2]);

            if (low < 0)
                return false;
            c = (unsigned char)(high << 4 | low);
            i += 2;
        } else if (c == '+' && is_form) {
            c = ' ';
        }
        if (c < 0x20 || c == 0x7f)
            return false;
        *(*to)++ = (char)c;
    }
    *ret = (struct view){ start, (size_t)(*to - start) };
    *(*to)++ = '\0';
    return true;
}

static struct view take_until(struct view *from, char end)
{
    const char *found = from->len ? memchr(from->ptr, end, from->len) : NULL;
    const size_t len = found ? (size_t)(found - from->ptr) : from->len;
    const struct view taken = view_slice(*from, 0, len);

    *from = view_slice(*from, found ? len + 1 : len, from->len);
    return taken;
}

static bool query_parse(struct view query, char **to, struct http_request *req)
{
    while (query.len > 0) {
        struct view value = take_until(&query, '&');
        const struct view name = take_until(&value, '=');
        struct http_pair *pair = &req->query[req->query_count];

        if (name.len == 0)
            continue;
        if (req->query_count == HTTP_QUERY_MAX || !decode(name, true, to, &pair->name) ||
            !decode(value, true, to, &pair->value))
            return false;
        req->query_count++;
    }
    return true;
}

bool target_parse(const char *target, char *decoded, struct http_request *req)
{
    struct view rest = view_of(target), path;
    const char *host = strstr(target, "://");

    if (target[0] != '/' && host) {
        const char *slash = strchr(host + 3, '/');

        rest = view_of(slash ? slash : "/");
    }
    path = take_until(&rest, '?');
    req->query_count = 0;
    return decode(path, false, &decoded, &req->path) && query_parse(rest, &decoded, req);
}
