/* One request on its way through its route's steps. Inside server/http only; everything
 * here is its loop's thread's, but for exchange_ready(). */
#ifndef SERVER_HTTP_EXCHANGE_H
#define SERVER_HTTP_EXCHANGE_H

#include <microhttpd.h>
#include <stdatomic.h>
#include "base/pool.h"
#include "server/http/http.h"

struct loop;

enum exchange_step {
    STEP_HEADERS,
    STEP_BODY,
    STEP_PREPARE,
    STEP_WORK,
    STEP_WRITE,
    STEP_READ,
    STEP_REPLY,
    STEP_SENDING,
};

/* A connection: how long it may take for what it is doing now. */
struct connection {
    struct loop *loop;
    struct MHD_Connection *mhd;
    int64_t deadline_us; /* monotonic */
    char address[HTTP_ADDRESS_SIZE];
    bool is_cut_short; /* answered before the body's end: it is to linger */
    bool is_receiving; /* of its request, part of the body is still to come */
    struct connection *previous, *next; /* of the loop */
};

struct exchange {
    struct http_request request; /* first: handlers know only this */
    struct http_reply reply;
    struct loop *loop;
    struct connection *connection;
    struct MHD_Connection *mhd;
    enum exchange_step step;
    int rc; /* the first error; positive: an HTTP status of the transport's own */
    bool has_body, is_discarding, is_stream_waiting, is_corked;
    bool is_end_unknown; /* by its headers the request may end in more than one place */
    bool is_woken;       /* under the loop's lock */
    unsigned allow;      /* the methods that the path has, bits 1 << enum http_method */
    int64_t body_bytes;
    uint64_t number;
    struct buf list; /* of http_header_list */
    char *decoded;   /* the target's text, behind the context */
    char *target;    /* as it was sent, behind that */
    struct pool_task task;
    struct http_write write;
    struct exchange *next_ready; /* under the loop's lock */
    struct exchange *previous_stream, *next_stream;
    max_align_t context[]; /* the application's, then the decoded target */
};

/* Called by libmicrohttpd when a request line has arrived; NULL when memory is out. */
void *exchange_begin(void *loop, const char *target, struct MHD_Connection *mhd);
/* Called by libmicrohttpd: first with the headers, then with each piece of the body, then
 * without bytes, and again after each time that the request was parked. */
enum MHD_Result exchange_run(void *loop, struct MHD_Connection *mhd, const char *url,
                             const char *method, const char *version, const char *bytes,
                             size_t *bytes_count, void **context);
void exchange_end(void *loop, struct MHD_Connection *mhd, void **context,
                  enum MHD_RequestTerminationCode code);

/* Hands a reply over to libmicrohttpd. */
enum MHD_Result exchange_reply(struct exchange *x);
/* Sends what was held back for a fuller packet: once the reply is over. */
void exchange_uncork(struct exchange *x);

#endif
