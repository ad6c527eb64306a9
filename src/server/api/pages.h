/* A reply that is streamed in pages of bounded size, so that its length costs no memory. */
#ifndef SERVER_API_PAGES_H
#define SERVER_API_PAGES_H

#include "server/api/api.h"

/* First member of a malloc()ed struct that says how far the reply has come. */
struct pages {
    struct buf page;
    size_t sent; /* of the page */
    bool is_last;
    /* Writes what follows into the emptied page; nothing is fine: the loop serves others
     * before it asks again. Sets is_last with the
     * last one. `db` is a snapshot of this page alone. A negative error ends the
     * connection: the client sees that the reply is cut. */
    int (*fill)(struct pages *pages, struct http_request *req, struct db *db);
};

/* Makes ready; the page may be written to, for what is known at once. */
void pages_init(struct pages *pages, size_t page_bytes_max,
                int (*fill)(struct pages *pages, struct http_request *req, struct db *db));
/* Releases the page and frees the struct. */
void pages_free(void *pages);
/* The reply is these pages from now on, and frees them with itself. */
void pages_reply(struct http_reply *reply, struct pages *pages);

#endif
