#include "server/http/compress.h"

#include <string.h>
#include <zlib.h>
#include "server/http/preference.h"

enum {
    BYTES_MIN = 2048, /* less fits into a packet or two anyway */
    LEVEL = 1,        /* the event loop has other things to do */
    GZIP_WINDOW_BITS = 15 + 16,
    MEMORY_LEVEL = 8,
    ROOM_PIECE_BYTES = 16 << 10,
};

static bool is_text(const char *type)
{
    return type && (strncmp(type, "text/", 5) == 0 || strstr(type, "json") != NULL);
}

static bool has_header(const struct http_reply *reply, const char *name)
{
    const struct buf *headers = &reply->headers;
    size_t at = 0;

    while (at < headers->len) {
        const char *found = headers->data + at;

        if (strcmp(found, name) == 0)
            return true;
        at += strlen(found) + 1;
        at += strlen(headers->data + at) + 1;
    }
    return false;
}

static bool deflate_all(struct view from, struct buf *to)
{
    z_stream z = { .next_in = (Bytef *)(uintptr_t)from.ptr, .avail_in = (uInt)from.len };
    unsigned char piece[ROOM_PIECE_BYTES];
    int rc = deflateInit2(&z, LEVEL, Z_DEFLATED, GZIP_WINDOW_BITS, MEMORY_LEVEL,
                          Z_DEFAULT_STRATEGY);

    if (rc != Z_OK)
        return false;
    do {
        z.next_out = piece;
        z.avail_out = sizeof piece;
        rc = deflate(&z, Z_FINISH);
        buf_add(to, piece, sizeof piece - z.avail_out);
    } while (rc == Z_OK);
    (void)deflateEnd(&z);
    return rc == Z_STREAM_END && !to->error;
}

void compress_reply(struct http_request *req, struct http_reply *reply)
{
    struct buf smaller;

    if (reply->kind != HTTP_REPLY_BUFFER || reply->body.len < BYTES_MIN ||
        !is_text(reply->content_type) || has_header(reply, "ETag") ||
        has_header(reply, "Content-Encoding"))
        return;
    http_reply_header(reply, "Vary", "Accept-Encoding");
    if (!preference_names(http_header(req, "Accept-Encoding"), "gzip"))
        return;
    buf_init(&smaller, reply->body.len - 1);
    if (deflate_all(buf_view(&reply->body), &smaller)) {
        struct buf larger = reply->body;

        reply->body = smaller;
        smaller = larger;
        http_reply_header(reply, "Content-Encoding", "gzip");
    }
    buf_release(&smaller);
}
