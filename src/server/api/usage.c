/* /usage: a person's own figures, limits, history and ledger. */
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "jobs/meters.h"
#include "server/api/api.h"
#include "server/api/export.h"
#include "server/api/figures.h"
#include "server/api/limits.h"
#include "server/api/problem.h"
#include "server/api/validate.h"

enum { BUCKETS_MAX = 2000 };

static int usage_me(struct http_request *req, struct http_reply *reply)
{
    const struct principal *p = &api_context_of(req)->principal;
    struct json j;
    int rc;

    http_reply_json(reply, 200, &j);
    json_object_begin(&j);
    rc = figures_write(req, &j, p->account_id, p->kind == PRINCIPAL_USER);
    json_object_end(&j);
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

struct history {
    enum usage_interval interval;
    bool by_type;
    int64_t start_us, end_us;
    struct json j;
};

static const char *const intervals[] = { "hour", "day", "month" };

static int history_prepare(struct http_request *req, struct http_reply *reply)
{
    struct history *h = api_own(req, sizeof *h, NULL);
    const struct view interval = http_query(req, "interval");
    const struct view group_by = http_query(req, "group_by");
    const struct view zone = http_query(req, "time_zone");

    (void)reply;
    if (!h)
        return ERR_NO_MEMORY;
    h->interval = USAGE_DAY;
    for (int i = 0; i < 3; i++) {
        if (view_eq(interval, intervals[i]))
            h->interval = (enum usage_interval)i;
    }
    if (interval.ptr && !view_eq(interval, intervals[h->interval]))
        validate_add_text(req, "enum", "query", "interval",
                          "Input should be 'hour', 'day' or 'month'", interval,
                          (struct view){ NULL, 0 });
    h->by_type = view_eq(group_by, "processing_type");
    if (group_by.ptr && !h->by_type)
        validate_add_text(req, "enum", "query", "group_by",
                          "Input should be 'processing_type'", group_by,
                          (struct view){ NULL, 0 });
    if (zone.ptr && !view_eq(zone, api_of(req)->options->day_zone))
        validate_add_text(req, "enum", "query", "time_zone",
                          "Days begin in the service's own time zone; leave time_zone out",
                          zone, (struct view){ NULL, 0 });
    h->end_us = req->now_us + 1;
    validate_query_time(req, "end", &h->end_us);
    h->start_us = h->end_us -
                  (h->interval == USAGE_HOUR ? CLOCK_DAY_US : 30 * CLOCK_DAY_US);
    validate_query_time(req, "start", &h->start_us);
    return validate_result(req);
}

static int bucket_write(void *ctx, const struct usage_bucket *b)
{
    struct history *h = ctx;
    struct json *j = &h->j;

    json_object_begin(j);
    json_put_time(j, "start", b->start_us);
    json_put_time(j, "end", b->end_us);
    if (h->by_type)
        json_put_str(j, "processing_type", b->type);
    for (int m = 0; m < METERS_COUNT; m++) {
        if (m != METER_PROCESSING_TIME)
            json_put_int(j, meters[m].name, b->sums[m]);
    }
    json_put_double(j, "processing_seconds", (double)b->sums[METER_PROCESSING_TIME] / 1e6);
    json_object_end(j);
    return 0;
}

static int usage_history(struct http_request *req, struct http_reply *reply)
{
    struct api_context *c = api_context_of(req);
    struct history *h = c->own;
    int rc;

    http_reply_json(reply, 200, &h->j);
    json_object_begin(&h->j);
    json_put_time(&h->j, "start", h->start_us);
    json_put_time(&h->j, "end", h->end_us);
    json_put_str(&h->j, "interval", intervals[h->interval]);
    json_put_str(&h->j, "time_zone", api_of(req)->options->day_zone);
    json_key(&h->j, "buckets");
    json_array_begin(&h->j);
    rc = usage_history_read(req->db, c->principal.account_id ? c->principal.account_id : -1,
                            h->start_us, h->end_us, h->interval, h->by_type, BUCKETS_MAX,
                            bucket_write, h);
    json_array_end(&h->j);
    json_object_end(&h->j);
    if (rc == ERR_INVALID)
        return api_refuse(req, 400, "end must be later than start");
    if (rc == ERR_TOO_LARGE)
        return api_refuse(req, 400, "At most %d intervals at once: ask for a shorter time",
                          BUCKETS_MAX);
    return rc;
}

const struct route api_routes_usage[] = {
    { HTTP_GET, "/usage/me", ROUTE_IDENTIFIED, .read = usage_me, .is_uncounted = true },
    { HTTP_GET, "/usage/limits", ROUTE_IDENTIFIED, .read = usage_limits,
      .is_uncounted = true },
    { HTTP_GET, "/usage/history", ROUTE_IDENTIFIED, .prepare = history_prepare,
      .read = usage_history, .is_uncounted = true },
    { HTTP_GET, "/usage/export", ROUTE_IDENTIFIED, .prepare = export_prepare,
      .read = export_start, .is_uncounted = true },
    { 0 },
};
