#include "server/api/api.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/log.h"
#include "server/api/cache.h"
#include "server/api/cors.h"
#include "server/api/metrics.h"
#include "server/api/problem.h"
#include "server/api/webapp.h"

enum { INVALID_BYTES_MAX = 256 << 10 };

void *api_own(struct http_request *req, size_t bytes, void (*release)(void *own))
{
    struct api_context *c = api_context_of(req);

    c->own = calloc(1, bytes);
    c->own_free = release;
    return c->own;
}

struct view api_idempotency_key(struct http_request *req)
{
    const struct view key = http_header(req, "Idempotency-Key");
    const bool is_quoted = key.len >= 2 && key.ptr[0] == '"' && key.ptr[key.len - 1] == '"';

    return is_quoted ? view_slice(key, 1, key.len - 2) : key;
}

int api_refuse(struct http_request *req, int status, const char *format, ...)
{
    va_list args;

    api_context_of(req)->status = status;
    req->err.code = ERR_INVALID;
    va_start(args, format);
    (void)vsnprintf(req->err.text, sizeof req->err.text, format, args);
    va_end(args);
    return ERR_INVALID;
}

static int may_call(struct http_request *req, enum route_auth auth)
{
    const struct principal *p = &api_context_of(req)->principal;

    if (auth == ROUTE_OPTIONAL)
        return 0;
    if (p->kind == PRINCIPAL_NONE ||
        (auth != ROUTE_IDENTIFIED && p->kind != PRINCIPAL_USER))
        return err_set(&req->err, ERR_UNAUTHENTICATED,
                       http_header(req, "Authorization").len ? "Invalid token type"
                                                             : "Not authenticated");
    if (auth == ROUTE_ADMIN && !p->is_admin)
        return err_set(&req->err, ERR_FORBIDDEN, "Admin privileges required");
    return 0;
}

/* Refused calls count too: they are calls of someone we know. */
static int call_count(struct http_request *req)
{
    struct api_context *c = api_context_of(req);
    const struct usage_subject subject = api_subject(req);

    if (c->principal.kind == PRINCIPAL_NONE || req->route->is_uncounted)
        return 0;
    c->is_identified = true;
    if (c->principal.account_id == 0) {
        const struct view agent = http_header(req, "User-Agent");

        (void)snprintf(c->user_agent, sizeof c->user_agent, "%.*s", (int)agent.len,
                       agent.ptr ? agent.ptr : "");
        req->wants_write = true; /* the account is made first: see app_write_first */
        return 0;
    }
    return usage_calls_add(api_of(req)->calls, &subject, req->now_us);
}

static int app_identify(struct http_request *req)
{
    struct api *api = api_of(req);
    char address[HTTP_ADDRESS_SIZE];
    int rc;
    const struct auth_credentials credentials = {
        .authorization = http_header(req, "Authorization"),
        .guest_id = http_header(req, "X-Guest-ID"),
        .address = address,
    };

    if (cache_identity_find(req))
        return 0;
    (void)network_client(&api->trusted_proxies, req->address,
                         http_header_list(req, "X-Forwarded-For"), address);
    rc = auth_identify(api->auth, req->db, &credentials, req->now_us,
                       &api_context_of(req)->principal, &req->err);
    if (rc == 0)
        cache_identity_keep(req);
    return rc;
}

/* Sends the request round by the committer, behind what replies have left it to do: a
 * reader of figures because they would not be true yet, all others when that grows, since
 * what is owed is never refused. */
static void late_ops_wait(struct http_request *req)
{
    const struct api *api = api_of(req);
    const int64_t most = req->route->is_uncounted ? 0 : api->options->queue_max / 4;

    if (req->route->auth != ROUTE_PUBLIC && atomic_load(&api->late_ops) > most)
        req->wants_write = true;
}

static int app_admit(struct http_request *req, struct http_reply *reply)
{
    struct api_context *c = api_context_of(req);
    int allowed, rc;

    buf_init(&c->invalid, INVALID_BYTES_MAX);
    if (!req->route)
        return cors_preflight(req, reply);
    late_ops_wait(req);
    if (req->route->auth == ROUTE_PUBLIC && req->method == HTTP_GET)
        return 0;
    rc = app_identify(req);
    if (req->route->auth == ROUTE_PUBLIC) {
        /* Network and address are known now; who it says it is does not matter here. */
        return 0;
    }
    if (rc)
        return rc;
    allowed = may_call(req, req->route->auth);
    rc = call_count(req);
    return allowed ? allowed : rc;
}

/* Between asking and its turn an admin may have lost that right to another one, who may be
 * the one whom the request is about. */
static int still_admin_check(struct http_request *req)
{
    struct user user;
    const int rc = auth_user_get(req->db, api_context_of(req)->principal.account_id, &user);

    if (rc && rc != ERR_NOT_FOUND)
        return rc;
    if (rc == ERR_NOT_FOUND || !user.is_active)
        return err_set(&req->err, ERR_UNAUTHENTICATED, "Could not validate credentials");
    return user.is_admin ? 0
                         : err_set(&req->err, ERR_FORBIDDEN, "Admin privileges required");
}

static int guest_ensure(struct http_request *req)
{
    struct api_context *c = api_context_of(req);
    struct usage_subject subject;
    int rc;

    if (!c->is_identified || c->principal.kind != PRINCIPAL_GUEST ||
        c->principal.account_id)
        return 0;
    rc = auth_guest_ensure(api_of(req)->auth, req->db, &c->principal,
                           view_of(c->user_agent), req->now_us, &req->err);
    if (rc)
        return rc;
    subject = api_subject(req);
    return usage_calls_add(api_of(req)->calls, &subject, req->now_us);
}

static int app_write_first(struct http_request *req, struct http_reply *reply)
{
    (void)reply;
    return req->route && req->route->auth == ROUTE_ADMIN && req->route->write
               ? still_admin_check(req)
               : guest_ensure(req);
}

static void app_decorate(struct http_request *req, struct http_reply *reply)
{
    if (api_context_of(req)->on_reply)
        api_context_of(req)->on_reply(req);
    http_reply_header(reply, "X-Request-ID", req->request_id);
    cors_decorate(req, reply);
}

static void app_finish(struct http_request *req, const struct http_reply *reply,
                       bool is_delivered)
{
    struct api_context *c = api_context_of(req);
    const int64_t elapsed_us = clock_monotonic_us() - req->started_monotonic_us;

    metrics_request(api_of(req)->metrics, reply->status, elapsed_us);
    if (c->on_finish)
        c->on_finish(req, reply, is_delivered);
    if (log_is_on(LOG_DEBUG) || (log_is_on(LOG_INFO) && reply->status >= 500))
        log_write(reply->status >= 500 ? LOG_INFO : LOG_DEBUG, "request",
                  LOG_STR("request_id", req->request_id),
                  LOG_STR("method", req->is_head ? "HEAD" : http_method_name(req->method)),
                  LOG_TEXT("path", req->path), LOG_INT("status", reply->status),
                  LOG_INT("elapsed_us", elapsed_us), LOG_STR("address", req->address));
    if (c->own && c->own_free)
        c->own_free(c->own);
    free(c->own);
    json_document_free(&c->document);
    buf_release(&c->invalid);
}

void api_app(struct api *api, struct http_app *ret)
{
    static const struct route *const tables[] = {
        api_routes_usage,       api_routes_audio, api_routes_auth,    api_routes_guest,
        api_routes_usage_admin, api_routes_admin, api_routes_general, api_routes_webapp,
    };

    *ret = (struct http_app){
        .tables = tables,
        .tables_count = sizeof tables / sizeof tables[0],
        .fallback = &webapp_fallback,
        .state = api,
        .context_bytes = sizeof(struct api_context),
        .admit = app_admit,
        .write_first = app_write_first,
        .fail = problem_write,
        .decorate = app_decorate,
        .finish = app_finish,
    };
}
