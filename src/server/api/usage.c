/* /usage: a person's own figures, limits, history and ledger. */
#include "server/api/api.h"
#include "server/api/buckets.h"
#include "server/api/cache.h"
#include "server/api/export.h"
#include "server/api/figures.h"
#include "server/api/limits.h"
#include "server/api/problem.h"

static int usage_me(struct http_request *req, struct http_reply *reply)
{
    const struct principal *p = &api_context_of(req)->principal;
    struct cache_calls seen;
    struct json j;
    int rc;

    http_reply_json(reply, 200, &j);
    if (cache_figures_find(req, &reply->body, &seen))
        return 0;
    json_object_begin(&j);
    rc = figures_write(req, &j, p->account_id, p->kind == PRINCIPAL_USER);
    json_object_end(&j);
    if (rc == 0)
        cache_figures_keep(req, &seen, buf_view(&reply->body));
    return rc;
}

static int usage_limits(struct http_request *req, struct http_reply *reply)
{
    struct usage_limit_state states[2 * USAGE_LIMITS_MAX];
    struct json j;
    size_t count;
    int rc = limits_of_principal(req, states, &count);

    if (rc)
        return rc;
    http_reply_json(reply, 200, &j);
    limits_write(&j, states, count);
    problem_rate_limit_headers(reply, states, count, req->now_us);
    return 0;
}

static int usage_history(struct http_request *req, struct http_reply *reply)
{
    const struct api_context *c = api_context_of(req);
    const struct usage_history_query *query = c->own;
    const int64_t account_id = c->principal.account_id;
    struct json j;
    int rc;

    http_reply_json(reply, 200, &j);
    json_object_begin(&j);
    json_put_moment(&j, "start", query->start_us);
    json_put_moment(&j, "end", query->end_us);
    json_put_str(&j, "interval", buckets_interval_name(query->interval));
    json_put_str(&j, "time_zone",
                 query->time_zone ? query->time_zone : api_of(req)->options->day_zone);
    json_key(&j, "buckets");
    rc = buckets_write(req, &j, account_id ? account_id : -1);
    json_object_end(&j);
    return rc;
}

const struct route api_routes_usage[] = {
    { HTTP_GET, "/usage/me", ROUTE_IDENTIFIED, .read = usage_me, .is_uncounted = true },
    { HTTP_GET, "/usage/limits", ROUTE_IDENTIFIED, .read = usage_limits,
      .is_uncounted = true },
    { HTTP_GET, "/usage/history", ROUTE_IDENTIFIED, .prepare = buckets_prepare,
      .read = usage_history, .is_uncounted = true },
    { HTTP_GET, "/usage/export", ROUTE_IDENTIFIED, .prepare = export_prepare,
      .read = export_start, .is_uncounted = true },
    { 0 },
};
