/* A request target, and the router with what came out of it. */
#include <stdint.h>
#include <stdlib.h>
#include "server/http/router.h"
#include "server/http/target.h"

static int step(struct http_request *req, struct http_reply *reply)
{
    (void)req;
    (void)reply;
    return 0;
}

static const struct route routes[] = {
    { .method = HTTP_GET, .path = "/", .auth = ROUTE_PUBLIC, .read = step },
    { .method = HTTP_GET, .path = "/a/{id}", .auth = ROUTE_PUBLIC, .read = step },
    { .method = HTTP_GET, .path = "/a/{id}/b/{name}", .auth = ROUTE_PUBLIC, .read = step },
    { 0 },
};

static void check_within(struct view part, const char *from, size_t room)
{
    if (part.len && (part.ptr < from || part.ptr + part.len > from + room))
        abort();
}

static void route(struct http_request *req, size_t room)
{
    const struct route *const tables[] = { routes };
    const struct http_app app = { .tables = tables, .tables_count = 1 };
    struct view params[HTTP_PATH_PARAMS_MAX] = { { NULL, 0 } };
    unsigned allow;
    const struct route *r = router_find(&app, HTTP_GET, req->path, params, &allow);

    if ((r != NULL) != (allow == 1u << HTTP_GET))
        abort();
    for (size_t i = 0; r && i < HTTP_PATH_PARAMS_MAX; i++) {
        check_within(params[i], req->path.ptr, room);
        if (params[i].len && memchr(params[i].ptr, '/', params[i].len))
            abort();
    }
}

/* One slash goes at a time, and nothing else changes. */
static void redirect(const char *target)
{
    struct buf once, twice;

    buf_init(&once, 1 << 20);
    buf_init(&twice, 1 << 20);
    if (target_without_slash(target, &once)) {
        if (once.len == 0 || once.len >= strlen(target))
            abort();
        if (target_without_slash(once.data, &twice) && twice.len >= once.len)
            abort();
    }
    buf_release(&once);
    buf_release(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char *target = malloc(len + 1), *decoded = malloc(len + 1);
    struct http_request req = { 0 };

    if (!target || !decoded)
        abort();
    memcpy(target, data, len);
    target[len] = '\0';
    if (target_parse(target, decoded, &req)) {
        check_within(req.path, decoded, len + 1);
        for (size_t i = 0; i < req.query.count; i++)
            check_within(req.query.params[i].value, decoded, len + 1);
        route(&req, len + 1);
    }
    redirect(target);
    free(target);
    free(decoded);
    return 0;
}
