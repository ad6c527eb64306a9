/* The application behind the routes: what all handlers share. Handlers know the request,
 * the modules below, and this; no SQL and no HTTP library. */
#ifndef SERVER_API_API_H
#define SERVER_API_API_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "auth/auth.h"
#include "auth/network.h"
#include "base/options.h"
#include "jobs/jobs.h"
#include "server/http/http.h"
#include "whazz/usage.h"

enum { MEBIBYTE = 1 << 20 }; /* the "MB" of replies */

struct audio_host;
struct exec_engines;
struct blob_store;
struct downloads;
struct metrics;
struct progress_board;
struct roster;
struct running;

/* Work for the committer that no request waits for, such as counting a download. */
struct api_op {
    int (*apply)(struct db *db, void *ctx, struct err *reterr);
    void (*done)(void *ctx, int rc, const struct err *err); /* frees ctx */
    void *ctx;
    bool is_owed; /* of what has happened: taken even when the queue is full, so that the
                     submitter bounds how many there are */
};

struct api {
    const struct options *options;
    struct network_ranges trusted_proxies;
    struct auth *auth;
    struct blob_store *blobs;
    struct audio_host *audio;
    struct exec_engines *engines;
    struct progress_board *board;
    struct roster *roster;
    struct running *running;
    struct downloads *downloads;
    struct usage_calls *calls;
    struct metrics *metrics;
    struct cache *caches;       /* one per event loop */
    struct http_server *server; /* set once it runs */
    /* The server's: queues an operation for the committer, or returns ERR_BUSY. */
    int (*submit)(struct api *api, const struct api_op *op);
    /* The server's: whether the last commit worked. */
    int (*store_health)(struct api *api, struct err *reterr);
    void *server_state;
    /* Operations of replies already sent that are not durable yet: a reader of figures
     * waits for them, so that a figure is true at the moment of the reply. */
    atomic_int late_ops;
};

/* One request's part of the application. */
struct api_context {
    struct principal principal;
    bool is_identified;             /* counts as an API call of the principal's */
    int status;                     /* of the refusal; 0: from the error code */
    struct usage_refusal refusal;   /* of ERR_LIMIT */
    struct buf invalid;             /* 422: the list of {type, loc, msg, input, ctx} */
    struct json_document *document; /* the body's, when it is JSON */
    char user_agent[256];           /* cut; of guests */
    void *own;                      /* the handler's, freed with own_free */
    void (*own_free)(void *own);
    /* Once, before the reply is sent; not when the client went away before. */
    void (*on_reply)(struct http_request *req);
    /* Once, after the last byte or when the client went away. */
    void (*on_finish)(struct http_request *req, const struct http_reply *reply,
                      bool is_delivered);
};

static inline struct api *api_of(const struct http_request *req)
{
    return req->state;
}

static inline struct api_context *api_context_of(const struct http_request *req)
{
    return req->context;
}

static inline struct usage_subject api_subject(const struct http_request *req)
{
    const struct principal *p = &api_context_of(req)->principal;

    return (struct usage_subject){ p->account_id, p->group_id };
}

/* `bytes` zeroed bytes that live as long as the request; NULL when memory is out. `release`
 * (may be NULL) is called with them before they are freed. Once per request. */
void *api_own(struct http_request *req, size_t bytes, void (*release)(void *own));

/* The Idempotency-Key header; ptr NULL when absent. A structured-field string is quoted;
 * bare ones are taken too. Event loop only. */
struct view api_idempotency_key(struct http_request *req);

/* Ends the request with that status and text; returns the code to return from a step. */
int api_refuse(struct http_request *req, int status, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* The hooks of struct http_app, over `api`; the database's part is the server's to fill in.
 */
void api_app(struct api *api, struct http_app *ret);

/* The tables, one per resource; each ends with a row whose path is NULL. */
extern const struct route api_routes_general[], api_routes_auth[], api_routes_guest[],
    api_routes_audio[], api_routes_usage[], api_routes_usage_admin[], api_routes_admin[];

#endif
