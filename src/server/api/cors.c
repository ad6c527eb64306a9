#include "server/api/cors.h"

#include <string.h>
#include "server/api/api.h"

#define METHODS "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"

/* What a page may read beside the body. */
#define EXPOSED                                                                            \
    "Content-Disposition, ETag, RateLimit, RateLimit-Policy, Retry-After, X-Request-ID"

/* Whether `item` stands in the list, which separates with commas. */
static bool list_has(const char *list, struct view item)
{
    struct view rest = view_of(list);

    while (rest.len > 0) {
        const char *comma = memchr(rest.ptr, ',', rest.len);
        struct view one = view_slice(rest, 0,
                                     comma ? (size_t)(comma - rest.ptr) : rest.len);

        rest = view_slice(rest, one.len + 1, rest.len);
        while (one.len && *one.ptr == ' ')
            one = view_slice(one, 1, one.len);
        if (one.len == item.len && memcmp(one.ptr, item.ptr, item.len) == 0)
            return true;
    }
    return false;
}

static bool origin_is_allowed(const struct http_request *req, struct view origin)
{
    const char *list = api_of(req)->options->cors_origins;

    return origin.len > 0 && (list_has(list, origin) || list_has(list, view_of("*")));
}

void cors_decorate(struct http_request *req, struct http_reply *reply)
{
    const struct view origin = http_header(req, "Origin");

    if (!origin.ptr)
        return;
    http_reply_header(reply, "Access-Control-Allow-Credentials", "true");
    if (!origin_is_allowed(req, origin))
        return;
    http_reply_header_format(reply, "Access-Control-Allow-Origin", "%.*s", (int)origin.len,
                             origin.ptr);
    http_reply_header(reply, "Access-Control-Expose-Headers", EXPOSED);
    http_reply_header(reply, "Vary", "Origin");
}

int cors_preflight(struct http_request *req, struct http_reply *reply)
{
    const struct view origin = http_header(req, "Origin");
    const struct view method = http_header(req, "Access-Control-Request-Method");
    const struct view headers = http_header(req, "Access-Control-Request-Headers");
    const char *text = "OK";

    if (!origin.ptr || !method.ptr)
        return 405;
    if (!origin_is_allowed(req, origin))
        text = "Disallowed CORS origin";
    else if (!list_has(METHODS, method))
        text = "Disallowed CORS method";
    reply->status = strcmp(text, "OK") == 0 ? 200 : 400;
    reply->content_type = "text/plain; charset=utf-8";
    buf_add_text(&reply->body, text);
    if (!origin_is_allowed(req, origin))
        http_reply_header(reply, "Vary", "Origin");
    http_reply_header(reply, "Access-Control-Allow-Methods", METHODS);
    http_reply_header(reply, "Access-Control-Max-Age", "600");
    if (headers.len)
        http_reply_header_format(reply, "Access-Control-Allow-Headers", "%.*s",
                                 (int)headers.len, headers.ptr);
    return 0;
}
