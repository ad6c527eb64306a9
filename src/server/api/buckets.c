#include "server/api/buckets.h"

#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "jobs/meters.h"
#include "server/api/validate.h"

enum { BUCKETS_MAX = 2000, ZONE_BYTES_MAX = 63 };

static const char *const intervals[] = { "hour", "day", "month" };

const char *buckets_interval_name(enum usage_interval interval)
{
    return intervals[interval];
}

/* One of a few words; *ret keeps its value when the parameter is absent. */
static void choice_read(struct http_request *req, const char *name,
                        const char *const *words, int count, const char *msg, int *ret)
{
    const struct view text = http_query(req, name);

    if (!text.ptr)
        return;
    for (int i = 0; i < count; i++) {
        if (view_eq(text, words[i])) {
            *ret = i;
            return;
        }
    }
    validate_add(req, "enum", "query", name, msg, NULL);
}

static void zone_refuse(struct http_request *req)
{
    validate_add(req, "value_error", "query", "time_zone",
                 "Value error, not an IANA time zone known here", NULL);
}

struct buckets {
    struct usage_history_query query; /* first: api_context.own is known as one */
    char time_zone[ZONE_BYTES_MAX + 1];
};

int buckets_prepare(struct http_request *req, struct http_reply *reply)
{
    const char *const groups[] = { "processing_type" };
    const struct view zone = http_query(req, "time_zone");
    struct buckets *b = api_own(req, sizeof *b, NULL);
    int interval = USAGE_DAY, group = -1;

    (void)reply;
    if (!b)
        return ERR_NO_MEMORY;
    choice_read(req, "interval", intervals, 3, "Input should be 'hour', 'day' or 'month'",
                &interval);
    choice_read(req, "group_by", groups, 1, "Input should be 'processing_type'", &group);
    if (zone.len > ZONE_BYTES_MAX)
        zone_refuse(req);
    else if (zone.ptr)
        b->query.time_zone = memcpy(b->time_zone, zone.ptr, zone.len);
    b->query.interval = (enum usage_interval)interval;
    b->query.by_type = group == 0;
    b->query.most = BUCKETS_MAX;
    b->query.end_us = req->now_us + 1;
    validate_query_time(req, "end", &b->query.end_us);
    b->query.start_us = b->query.end_us -
                        (interval == USAGE_HOUR ? CLOCK_DAY_US : 30 * CLOCK_DAY_US);
    validate_query_time(req, "start", &b->query.start_us);
    if (b->query.start_us < 0)
        validate_add(req, "value_error", "query", "start",
                     "Value error, start must not be before 1970", NULL);
    else if (b->query.end_us <= b->query.start_us)
        validate_add(req, "value_error", "query", "end",
                     "Value error, end must be later than start", NULL);
    return validate_result(req);
}

struct writing {
    struct json *j;
    bool by_type;
};

static int bucket_write(void *ctx, const struct usage_bucket *b)
{
    const struct writing *w = ctx;

    json_object_begin(w->j);
    json_put_moment(w->j, "start", b->start_us);
    json_put_moment(w->j, "end", b->end_us);
    if (w->by_type)
        json_put_str(w->j, "processing_type", b->type);
    for (int m = 0; m < METERS_COUNT; m++) {
        if (m == METER_PROCESSING_TIME)
            json_put_double(w->j, "processing_seconds", (double)b->sums[m] / 1e6);
        else
            json_put_int(w->j, meters[m].name, b->sums[m]);
    }
    json_object_end(w->j);
    return 0;
}

static void range_refuse(struct http_request *req)
{
    char msg[128];

    (void)snprintf(
        msg, sizeof msg,
        "Value error, at most %d intervals, or hours in another time zone, at once",
        BUCKETS_MAX);
    validate_add(req, "value_error", "query", "start", msg, NULL);
}

int buckets_write(struct http_request *req, struct json *j, int64_t account_id)
{
    struct usage_history_query *query = api_context_of(req)->own;
    struct writing w = { j, query->by_type };
    int rc;

    query->account_id = account_id;
    json_array_begin(j);
    rc = usage_history_read(req->db, query, bucket_write, &w);
    json_array_end(j);
    if (rc == ERR_NOT_FOUND)
        zone_refuse(req);
    else if (rc == ERR_TOO_LARGE)
        range_refuse(req);
    else if (rc == ERR_INVALID)
        validate_add(req, "value_error", "query", "interval",
                     "Value error, the platform's figures are kept by day in its own zone",
                     NULL);
    return rc;
}
