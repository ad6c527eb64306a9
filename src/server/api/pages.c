#include "server/api/pages.h"

#include <stdlib.h>
#include <string.h>

void pages_init(struct pages *pages, size_t page_bytes_max,
                int (*fill)(struct pages *pages, struct http_request *req, struct db *db))
{
    buf_init(&pages->page, page_bytes_max);
    pages->sent = 0;
    pages->is_last = false;
    pages->fill = fill;
}

void pages_free(void *pages)
{
    struct pages *p = pages;

    buf_release(&p->page);
    free(p);
}

static int64_t pages_produce(void *ctx, struct http_request *req, char *to, size_t max)
{
    struct pages *p = ctx;
    size_t len = p->page.len - p->sent;

    if (len == 0) {
        struct db *db = p->is_last ? NULL : http_snapshot(req);

        if (p->is_last)
            return HTTP_STREAM_END;
        if (!db)
            return ERR_STORE;
        buf_clear(&p->page);
        p->sent = 0;
        if (p->fill(p, req, db) != 0 || p->page.error)
            return ERR_STORE;
        len = p->page.len;
        if (len == 0 && p->is_last)
            return HTTP_STREAM_END;
        if (len == 0) /* others' turn */
            http_wake(api_of(req)->server, http_request_number(req));
    }
    if (len > max)
        len = max;
    memcpy(to, p->page.data + p->sent, len);
    p->sent += len;
    return (int64_t)len;
}

void pages_reply(struct http_reply *reply, struct pages *pages)
{
    reply->kind = HTTP_REPLY_STREAM;
    reply->stream = (struct http_stream){ pages_produce, pages_free, pages };
}
