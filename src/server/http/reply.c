#include "server/http/http.h"

#include <stdarg.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/clock.h"

enum {
    DETAIL_BYTES_MAX = 4096,
    HEADERS_BYTES_USUAL = 500, /* one allocation, not four that grow */
    HEADERS_BYTES_MAX = 4 * HTTP_TARGET_BYTES_MAX,
};

void http_reply_clear(struct http_reply *reply)
{
    if (reply->kind == HTTP_REPLY_FILE && reply->file_fd >= 0)
        (void)close(reply->file_fd);
    if (reply->kind == HTTP_REPLY_STREAM && reply->stream.close)
        reply->stream.close(reply->stream.ctx);
    buf_release(&reply->body);
    buf_release(&reply->headers);
    *reply = (struct http_reply){ .status = 200,
                                  .content_type = "application/json",
                                  .file_fd = -1 };
    buf_init(&reply->body, HTTP_REPLY_BYTES_MAX);
    buf_init(&reply->headers, HEADERS_BYTES_MAX);
}

/* Takes control characters out of the buffer's end. */
static void controls_drop(struct buf *b, size_t from)
{
    size_t kept = from;

    for (size_t i = from; i < b->len; i++) {
        if ((unsigned char)b->data[i] >= 0x20 && b->data[i] != 0x7f)
            b->data[kept++] = b->data[i];
    }
    b->len = kept;
}

/* The value was added from `value_at` on to a header that began at `before`. */
static void header_end(struct buf *headers, size_t before, size_t value_at)
{
    if (headers->error || headers->len - value_at > HTTP_TARGET_BYTES_MAX)
        headers->error = ERR_TOO_LARGE;
    else
        controls_drop(headers, value_at);
    buf_add_char(headers, '\0');
    if (headers->error) { /* as if it had never been tried */
        headers->len = before;
        headers->error = 0;
    }
}

/* Returns where the value goes. */
static size_t header_begin(struct buf *headers, const char *name)
{
    if (headers->cap == 0)
        (void)buf_reserve(headers, HEADERS_BYTES_USUAL);
    buf_add(headers, name, strlen(name) + 1);
    return headers->len;
}

void http_reply_header(struct http_reply *reply, const char *name, const char *value)
{
    const size_t before = reply->headers.len;
    const size_t value_at = header_begin(&reply->headers, name);

    buf_add_text(&reply->headers, value);
    header_end(&reply->headers, before, value_at);
}

void http_reply_header_format(struct http_reply *reply, const char *name,
                              const char *format, ...)
{
    const size_t before = reply->headers.len;
    const size_t value_at = header_begin(&reply->headers, name);
    va_list args;

    va_start(args, format);
    buf_addv(&reply->headers, format, args);
    va_end(args);
    header_end(&reply->headers, before, value_at);
}

void http_reply_header_time(struct http_reply *reply, const char *name, int64_t time_us)
{
    const time_t seconds = (time_t)(time_us / CLOCK_SECOND_US);
    struct tm tm;
    char text[32];

    if (gmtime_r(&seconds, &tm) && strftime(text, sizeof text, "%a, %d %b %Y %T GMT", &tm))
        http_reply_header(reply, name, text);
}

void http_reply_json(struct http_reply *reply, int status, struct json *ret)
{
    buf_clear(&reply->body);
    reply->status = status;
    reply->content_type = "application/json";
    json_init(ret, &reply->body);
}

void http_reply_problem_json(struct http_reply *reply, int status, const char *type,
                             struct view detail_json,
                             void (*more)(struct json *j, const void *ctx), const void *ctx)
{
    struct json j;

    http_reply_json(reply, status, &j);
    reply->content_type = "application/problem+json";
    json_object_begin(&j);
    json_put_str(&j, "type", type);
    json_put_str(&j, "title", http_status_title(status));
    json_put_int(&j, "status", status);
    json_key(&j, "detail");
    json_raw(&j, detail_json);
    if (more)
        more(&j, ctx);
    json_object_end(&j);
}

void http_reply_problem(struct http_reply *reply, int status, struct view detail)
{
    struct buf quoted;
    struct json j;

    buf_init(&quoted, DETAIL_BYTES_MAX);
    json_init(&j, &quoted);
    json_text(&j, detail);
    http_reply_problem_json(reply, status, "about:blank", buf_view(&quoted), NULL, NULL);
    buf_release(&quoted);
}

const char *http_status_title(int status)
{
    static const struct {
        int status;
        const char *title;
    } titles[] = {
        { 200, "OK" },
        { 201, "Created" },
        { 206, "Partial Content" },
        { 304, "Not Modified" },
        { 307, "Temporary Redirect" },
        { 400, "Bad Request" },
        { 401, "Unauthorized" },
        { 403, "Forbidden" },
        { 404, "Not Found" },
        { 405, "Method Not Allowed" },
        { 408, "Request Timeout" },
        { 409, "Conflict" },
        { 410, "Gone" },
        { 411, "Length Required" },
        { 413, "Content Too Large" },
        { 414, "URI Too Long" },
        { 416, "Range Not Satisfiable" },
        { 422, "Unprocessable Content" },
        { 429, "Too Many Requests" },
        { 500, "Internal Server Error" },
        { 501, "Not Implemented" },
        { 503, "Service Unavailable" },
        { 507, "Insufficient Storage" },
    };

    for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++) {
        if (titles[i].status == status)
            return titles[i].title;
    }
    return "Error";
}
