/* A transport without sockets: it stands in for server/http/exchange.c and loop.c, so that
 * steps of routes can be called one by one. One request at a time. */
#ifndef TESTS_UNIT_HTTP_FAKE_H
#define TESTS_UNIT_HTTP_FAKE_H

#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "server/api/api.h"
#include "server/http/http.h"

#define NOW ((int64_t)1795489766879675) /* 2026-11-24 */

struct fake_header {
    const char *name, *value;
};

struct fake {
    struct http_request req;
    struct http_reply reply;
    struct api_context context;
    struct api api;
    struct options options;
    struct fake_header headers[8];
    struct db *db; /* the loop's snapshot */
    char query[512];
};

static inline struct fake *fake_of(struct http_request *req)
{
    return (struct fake *)(void *)req; /* its first member */
}

struct view http_header(struct http_request *req, const char *name)
{
    const struct fake_header *h = fake_of(req)->headers;

    for (; h->name; h++) {
        if (strcasecmp(h->name, name) == 0)
            return view_of(h->value);
    }
    return (struct view){ NULL, 0 };
}

/* Here a name has one line. */
struct view http_header_list(struct http_request *req, const char *name)
{
    return http_header(req, name);
}

struct view http_query(const struct http_request *req, const char *name)
{
    return form_value(&req->query, name);
}

const char *http_method_name(enum http_method method)
{
    return method == HTTP_GET ? "GET" : "POST";
}

struct db *http_snapshot(struct http_request *req)
{
    return fake_of(req)->db;
}

int http_read_now(struct http_request *req, struct http_reply *reply, http_step step)
{
    int rc;

    req->db = fake_of(req)->db;
    rc = step(req, reply);
    req->db = NULL;
    return rc;
}

int64_t http_content_length(struct http_request *req)
{
    return (int64_t)req->body.len;
}

uint64_t http_request_number(const struct http_request *req)
{
    (void)req;
    return 1;
}

void http_wake(struct http_server *server, uint64_t request_number)
{
    (void)server;
    (void)request_number;
}

/* ---- the request ---- */

static inline void fake_begin(struct fake *f)
{
    memset(&f->context, 0, sizeof f->context);
    memset(&f->req, 0, sizeof f->req);
    f->req.state = &f->api;
    f->req.context = &f->context;
    f->req.now_us = NOW;
    f->req.snapshot_version = 1;
    f->req.path = view_of("/test");
    f->api.options = &f->options;
    f->reply.file_fd = -1;
    http_reply_clear(&f->reply);
    buf_init(&f->context.invalid, 256 << 10);
    buf_init(&f->req.body, 1 << 20);
    (void)strcpy(f->req.request_id, "r-1");
    (void)strcpy(f->req.address, "203.0.113.9");
}

static inline void fake_end(struct fake *f)
{
    if (f->context.own && f->context.own_free)
        f->context.own_free(f->context.own);
    free(f->context.own);
    json_document_free(&f->context.document);
    buf_release(&f->context.invalid);
    buf_release(&f->req.body);
    http_reply_clear(&f->reply);
}

static inline void fake_body(struct fake *f, const char *text)
{
    json_document_free(&f->context.document);
    buf_clear(&f->req.body);
    buf_clear(&f->context.invalid);
    buf_add_text(&f->req.body, text);
}

static inline void fake_query(struct fake *f, const char *text)
{
    buf_clear(&f->context.invalid);
    assert_int_equal(form_parse(view_of(text), f->query, &f->req.query), 0);
}

/* The value of one of the reply's headers; NULL when it has none. */
static inline const char *fake_reply_header(const struct fake *f, const char *name)
{
    const char *at = f->reply.headers.data, *end = at ? at + f->reply.headers.len : NULL;

    while (at < end) {
        const char *value = at + strlen(at) + 1;

        if (strcasecmp(at, name) == 0)
            return value;
        at = value + strlen(value) + 1;
    }
    return NULL;
}

#endif
