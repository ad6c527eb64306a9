#include "server/http/exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "server/http/loop.h"
#include "server/http/router.h"
#include "server/http/target.h"

enum {
    /* A refused body up to this size is read to its end, so that the client sees the reply
     * and the connection lives on; a larger one is answered at once and the connection
     * closed. */
    DRAIN_BYTES_MAX = 1 << 20,
    LIST_BYTES_MAX = 64 << 10, /* more than all headers may have */
};

static const struct {
    const char *name;
    enum http_method method;
} methods[] = {
    { "GET", HTTP_GET },         { "HEAD", HTTP_GET },    { "POST", HTTP_POST },
    { "PUT", HTTP_PUT },         { "PATCH", HTTP_PATCH }, { "DELETE", HTTP_DELETE },
    { "OPTIONS", HTTP_OPTIONS },
};

static enum http_method method_of(const char *name)
{
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (strcmp(methods[i].name, name) == 0)
            return methods[i].method;
    }
    return HTTP_METHOD_OTHER;
}

const char *http_method_name(enum http_method method)
{
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (methods[i].method == method)
            return methods[i].name;
    }
    return "OTHER";
}

static struct exchange *exchange_of(struct http_request *req)
{
    return (struct exchange *)(void *)req;
}

struct view http_header(struct http_request *req, const char *name)
{
    return view_of(
        MHD_lookup_connection_value(exchange_of(req)->mhd, MHD_HEADER_KIND, name));
}

struct lines {
    const char *name;
    struct buf *joined;
    size_t count;
};

static enum MHD_Result line_join(void *ctx, enum MHD_ValueKind kind, const char *name,
                                 const char *value)
{
    struct lines *l = ctx;

    (void)kind;
    if (strcasecmp(name, l->name) != 0)
        return MHD_YES;
    if (l->count++)
        buf_add_text(l->joined, ", ");
    buf_add_text(l->joined, value ? value : "");
    return MHD_YES;
}

struct view http_header_list(struct http_request *req, const char *name)
{
    struct exchange *x = exchange_of(req);
    struct lines l = { .name = name, .joined = &x->list };

    if (!http_header(req, name).ptr)
        return (struct view){ NULL, 0 };
    buf_clear(&x->list);
    (void)MHD_get_connection_values(x->mhd, MHD_HEADER_KIND, line_join, &l);
    return x->list.error ? (struct view){ NULL, 0 } : buf_view(&x->list);
}

struct view http_query(const struct http_request *req, const char *name)
{
    return form_value(&req->query, name);
}

uint64_t http_request_number(const struct http_request *req)
{
    return ((const struct exchange *)(const void *)req)->number;
}

struct db *http_snapshot(struct http_request *req)
{
    return loop_snapshot(exchange_of(req)->loop, NULL);
}

int64_t http_content_length(struct http_request *req)
{
    const struct view text = http_header(req, MHD_HTTP_HEADER_CONTENT_LENGTH);
    char *end;
    long long value;

    if (text.len == 0 || text.len > 18)
        return -1;
    value = strtoll(text.ptr, &end, 10);
    return *end == '\0' && value >= 0 ? value : -1;
}

void *exchange_begin(void *loop_context, const char *target, struct MHD_Connection *mhd)
{
    struct loop *loop = loop_context;
    const struct http_app *app = &loop->server->app;
    const size_t len = strlen(target);
    const size_t decoded_bytes = len > HTTP_TARGET_BYTES_MAX ? 0 : len + 1;
    struct exchange *x = calloc(1, sizeof *x + app->context_bytes + 2 * decoded_bytes);

    if (!x)
        return NULL;
    x->loop = loop;
    x->mhd = mhd;
    x->number = (uint64_t)loop->index << 48 | ++loop->requests;
    x->request.loop = loop->index;
    x->request.state = app->state;
    x->request.context = x->context;
    x->request.started_monotonic_us = clock_monotonic_us();
    x->reply.file_fd = -1;
    http_reply_clear(&x->reply);
    buf_init(&x->list, LIST_BYTES_MAX);
    x->decoded = (char *)x->context + app->context_bytes;
    x->target = x->decoded + decoded_bytes;
    if (decoded_bytes == 0) {
        x->rc = 414;
    } else {
        memcpy(x->target, target, decoded_bytes);
        x->request.is_readable = target_parse(target, x->decoded, &x->request);
    }
    atomic_fetch_add(&loop->running, 1);
    return x;
}

/* What the headers say about where the request ends (RFC 9112, 6.3). What a proxy in front
 * may read in another way is refused, and nothing after it is read. */
struct framing {
    int lengths, encodings, hosts;
    bool is_chunked, is_broken;
};

/* A name with a space, as before the colon, is one that others may take for another. */
static bool name_is_sound(const char *name)
{
    while (*name > ' ' && *name != 0x7f)
        name++;
    return *name == '\0';
}

static enum MHD_Result framing_count(void *ctx, enum MHD_ValueKind kind, const char *name,
                                     const char *value)
{
    struct framing *f = ctx;

    (void)kind;
    f->is_broken |= !name_is_sound(name);
    f->lengths += strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0;
    f->hosts += strcasecmp(name, MHD_HTTP_HEADER_HOST) == 0;
    if (strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0) {
        f->encodings++;
        f->is_chunked = value && strcasecmp(value, "chunked") == 0;
    }
    return MHD_YES;
}

static int framing_check(struct exchange *x, const char *version)
{
    const bool is_1_1 = strcmp(version, MHD_HTTP_VERSION_1_0) != 0;
    struct framing f = { 0 };

    (void)MHD_get_connection_values(x->mhd, MHD_HEADER_KIND, framing_count, &f);
    x->has_body = f.lengths > 0 || f.encodings > 0;
    if (f.is_broken || f.lengths + f.encodings > 1 || f.hosts > 1 ||
        (f.hosts == 0 && is_1_1) || (f.encodings && !is_1_1) ||
        (f.lengths && http_content_length(&x->request) < 0))
        return 400;
    return f.encodings && !f.is_chunked ? 501 : 0;
}

/* The client's own id when it is harmless, else one that names loop and request. */
static void request_id_set(struct exchange *x)
{
    const struct view theirs = http_header(&x->request, "X-Request-ID");

    if (theirs.len > 0 && theirs.len < HTTP_REQUEST_ID_SIZE &&
        strspn(theirs.ptr,
               "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") ==
            theirs.len)
        memcpy(x->request.request_id, theirs.ptr, theirs.len);
    else
        (void)snprintf(x->request.request_id, HTTP_REQUEST_ID_SIZE, "%s-%llx",
                       x->loop->id_prefix, (unsigned long long)x->loop->requests);
}

/* A path that fits without its last slash: 307 to there, with the query. */
static int slash_redirect(struct exchange *x)
{
    const struct view path = x->request.path;
    struct view params[HTTP_PATH_PARAMS_MAX];
    struct buf location;
    unsigned allow = 0;
    int status = 404;

    if (path.len < 2 || path.ptr[path.len - 1] != '/')
        return 404;
    (void)router_find(&x->loop->server->app, x->request.method,
                      view_slice(path, 0, path.len - 1), params, &allow);
    if (!allow)
        return 404;
    buf_init(&location, HTTP_TARGET_BYTES_MAX);
    if (target_without_slash(x->target, &location)) {
        http_reply_header(&x->reply, MHD_HTTP_HEADER_LOCATION, location.data);
        status = 307;
    }
    buf_release(&location);
    return status;
}

/* No route has this method: 405 that names those which others have, or 404. */
static int method_refuse(struct exchange *x)
{
    struct buf names;

    if (!x->allow)
        return 404;
    buf_init(&names, 256);
    for (unsigned m = 0; m < HTTP_METHOD_OTHER; m++) {
        if (x->allow & 1u << m)
            buf_addf(&names, "%s%s", names.len ? ", " : "",
                     m == HTTP_GET ? "GET, HEAD" : http_method_name((enum http_method)m));
    }
    if (!names.error)
        http_reply_header(&x->reply, MHD_HTTP_HEADER_ALLOW, names.data);
    buf_release(&names);
    return 405;
}

static int route_find(struct exchange *x)
{
    struct http_request *req = &x->request;

    if (!req->is_readable)
        return 400;
    req->route = router_find(&x->loop->server->app, req->method, req->path,
                             req->path_params, &x->allow);
    if (req->route || req->method == HTTP_OPTIONS)
        return 0;
    if (!x->allow) {
        const int rc = slash_redirect(x);

        if (rc != 404 || req->method != HTTP_GET)
            return rc;
        req->route = x->loop->server->app.fallback;
        return req->route ? 0 : 404;
    }
    return method_refuse(x);
}

static int body_bound_check(struct exchange *x)
{
    const struct route *route = x->request.route;
    const int64_t length = http_content_length(&x->request);

    if (!x->has_body || !route || route->body)
        return 0;
    return length > route->body_bytes_max ? 413 : 0;
}

static void connection_deadline(struct exchange *x, int64_t us)
{
    if (x->connection)
        x->connection->deadline_us = clock_monotonic_us() + us;
}

static void receiving_set(struct exchange *x, bool is_receiving)
{
    if (x->connection)
        x->connection->is_receiving = is_receiving;
}

/* Runs a step on the loop's snapshot. */
static int step_on_snapshot(struct exchange *x, http_step step)
{
    int rc;

    x->request.db = loop_snapshot(x->loop, &x->request.err);
    if (!x->request.db)
        return ERR_STORE;
    x->request.snapshot_version = x->loop->snapshot_version;
    rc = step(&x->request, &x->reply);
    x->request.db = NULL;
    return rc;
}

int http_read_now(struct http_request *req, struct http_reply *reply, http_step step)
{
    (void)reply;
    return step_on_snapshot(exchange_of(req), step);
}

static void headers_arrived(struct exchange *x, const char *method, const char *version)
{
    const struct http_options *options = &x->loop->server->options;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        x->mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct http_request *req = &x->request;
    const struct route *route;
    int framing;

    x->connection = info ? info->socket_context : NULL;
    if (x->connection)
        memcpy(req->address, x->connection->address, sizeof req->address);
    req->method = method_of(method);
    req->is_head = strcmp(method, "HEAD") == 0;
    req->now_us = clock_now_us();
    request_id_set(x);
    framing = framing_check(x, version);
    x->is_end_unknown = framing != 0;
    if (framing)
        x->rc = framing;
    if (x->rc == 0)
        x->rc = route_find(x);
    if (x->rc == 0)
        x->rc = body_bound_check(x);
    route = req->route;
    buf_init(&req->body,
             route && route->body_bytes_max > 0 ? (size_t)route->body_bytes_max : 0);
    connection_deadline(x, route && route->body ? options->upload_timeout_us
                                                : options->request_timeout_us);
    if (x->rc == 0)
        x->rc = step_on_snapshot(x, x->loop->server->app.admit);
    if (x->rc == 405)
        x->rc = method_refuse(x);
    if (x->rc == 0 && route && route->body && route->prepare)
        x->rc = step_on_snapshot(x, route->prepare);
    x->step = STEP_BODY;
}

/* Whether to answer before the body rather than read it to its end. */
static bool is_answered_early(struct exchange *x)
{
    const int64_t length = http_content_length(&x->request);

    return x->is_end_unknown ||
           (x->rc && x->has_body &&
            (length < 0 || length > DRAIN_BYTES_MAX ||
             http_header(&x->request, MHD_HTTP_HEADER_EXPECT).len > 0));
}

/* False: more is coming than is worth reading; end the connection. */
static bool body_arrived(struct exchange *x, const char *bytes, size_t len)
{
    const struct route *route = x->request.route;

    x->body_bytes += (int64_t)len;
    if (x->rc == 0 && route && route->body) {
        x->rc = route->body(&x->request, bytes, len);
    } else if (x->rc == 0) {
        buf_add(&x->request.body, bytes, len);
        x->rc = x->request.body.error == ERR_TOO_LARGE ? 413 : x->request.body.error;
    }
    if (x->rc && !x->is_discarding) {
        x->is_discarding = true;
        x->body_bytes = 0;
    }
    return !x->is_discarding || x->body_bytes <= 64 * (int64_t)DRAIN_BYTES_MAX;
}

static void park(struct exchange *x)
{
    atomic_fetch_add(&x->loop->parked, 1);
    MHD_suspend_connection(x->mhd);
}

static void work_run(struct pool_task *task)
{
    struct exchange *x = (struct exchange *)(void *)((char *)task -
                                                     offsetof(struct exchange, task));

    x->rc = x->request.route->work(&x->request, &x->reply);
    loop_ready(x->loop, x);
}

static struct exchange *exchange_of_write(struct http_write *write)
{
    return (struct exchange *)(void *)((char *)write - offsetof(struct exchange, write));
}

/* A request that has failed goes through the committer for write_first alone. */
static int write_run(struct http_write *write, struct db *db, struct err *reterr)
{
    struct exchange *x = exchange_of_write(write);
    const struct http_app *app = &x->loop->server->app;
    const struct route *route = x->request.route;
    int rc = 0;

    x->request.db = db;
    if (app->write_first)
        rc = app->write_first(&x->request, &x->reply);
    if (rc == 0 && x->rc == 0 && route && route->write)
        rc = route->write(&x->request, &x->reply);
    x->request.db = NULL;
    if (rc)
        (void)err_set(reterr, rc, "%s", x->request.err.text);
    return rc;
}

static void write_done(struct http_write *write, int rc, const struct err *err)
{
    struct exchange *x = exchange_of_write(write);

    x->request.is_committed = rc == 0;
    if (x->rc == 0 && rc && x->request.err.code == 0)
        x->request.err = *err;
    x->rc = x->rc ? x->rc : rc;
    loop_ready(x->loop, x);
}

static int write_submit(struct exchange *x)
{
    const struct http_app *app = &x->loop->server->app;

    x->write.run = write_run;
    x->write.done = write_done;
    return app->write(app->state, &x->write);
}

static bool write_is_due(const struct exchange *x)
{
    const struct route *route = x->request.route;

    return x->request.wants_write || (x->rc == 0 && route && route->write);
}

/* Once handed over, the request is another thread's until it is resumed, so that only a
 * failure to hand it over may be noted here. */
static bool handed_over(struct exchange *x, int rc)
{
    if (rc && x->rc == 0)
        x->rc = rc;
    return rc == 0;
}

/* Takes the next step. True when it has to be waited for. */
static bool step_take(struct exchange *x)
{
    const struct route *route = x->request.route;
    int rc;

    switch (++x->step) {
    case STEP_PREPARE:
        if (x->rc == 0 && route && route->prepare && !route->body)
            x->rc = route->prepare(&x->request, &x->reply);
        return false;
    case STEP_WORK:
        if (x->rc || !route || !route->work)
            return false;
        x->task.run = work_run;
        rc = pool_submit(x->loop->server->pool, &x->task);
        return handed_over(x, rc);
    case STEP_WRITE:
        return write_is_due(x) && handed_over(x, write_submit(x));
    case STEP_READ:
        if (x->rc == 0 && route && route->read)
            x->rc = step_on_snapshot(x, route->read);
        return false;
    default:
        return false;
    }
}

/* Runs the steps that are left, to the reply or until one has to be waited for. The request
 * is its loop's again only once it is resumed, so parking comes first. */
static enum MHD_Result steps_run(struct exchange *x)
{
    if (x->rc == 0 && atomic_load(&x->loop->server->is_cutting))
        x->rc = ERR_BUSY;
    while (x->step < STEP_REPLY) {
        if (step_take(x)) {
            park(x);
            return MHD_YES;
        }
    }
    return exchange_reply(x);
}

enum MHD_Result exchange_run(void *loop, struct MHD_Connection *mhd, const char *url,
                             const char *method, const char *version, const char *bytes,
                             size_t *bytes_count, void **context)
{
    struct exchange *x = *context;

    (void)loop;
    (void)mhd;
    (void)url;
    if (!x)
        return MHD_NO;
    if (x->step == STEP_HEADERS) {
        headers_arrived(x, method, version);
        if (!is_answered_early(x)) {
            receiving_set(x, x->has_body);
            return MHD_YES;
        }
        if (x->connection)
            x->connection->is_cut_short = true;
        return exchange_reply(x);
    }
    if (*bytes_count > 0) {
        const bool goes_on = body_arrived(x, bytes, *bytes_count);

        *bytes_count = 0;
        return goes_on ? MHD_YES : MHD_NO;
    }
    receiving_set(x, false);
    return x->step == STEP_SENDING ? MHD_YES : steps_run(x);
}

void exchange_end(void *loop_context, struct MHD_Connection *mhd, void **context,
                  enum MHD_RequestTerminationCode code)
{
    struct loop *loop = loop_context;
    struct exchange *x = *context;

    (void)mhd;
    if (!x)
        return;
    *context = NULL;
    exchange_uncork(x);
    if (x->reply.kind == HTTP_REPLY_STREAM)
        loop_stream_remove(loop, x);
    if (loop->server->app.finish)
        loop->server->app.finish(&x->request, &x->reply,
                                 code == MHD_REQUEST_TERMINATED_COMPLETED_OK &&
                                     x->step == STEP_SENDING);
    connection_deadline(x, loop->server->options.idle_timeout_us);
    receiving_set(x, false);
    http_reply_clear(&x->reply);
    buf_release(&x->reply.body);
    buf_release(&x->request.body);
    buf_release(&x->list);
    atomic_fetch_sub(&loop->running, 1);
    free(x);
}
