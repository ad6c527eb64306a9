#include "server/api/buckets.h"

#include "base/clock.h"
#include "jobs/meters.h"
#include "server/api/validate.h"

enum { BUCKETS_MAX = 2000 };

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
    validate_add_text(req, "enum", "query", name, msg, text, (struct view){ NULL, 0 });
}

int buckets_prepare(struct http_request *req, struct http_reply *reply)
{
    const char *const groups[] = { "processing_type" };
    const char *const zones[] = { api_of(req)->options->day_zone };
    struct buckets_query *q = api_own(req, sizeof *q, NULL);
    int interval = USAGE_DAY, group = -1, zone = 0;

    (void)reply;
    if (!q)
        return ERR_NO_MEMORY;
    choice_read(req, "interval", intervals, 3, "Input should be 'hour', 'day' or 'month'",
                &interval);
    choice_read(req, "group_by", groups, 1, "Input should be 'processing_type'", &group);
    choice_read(req, "time_zone", zones, 1,
                "Days begin in the service's own time zone: leave time_zone out", &zone);
    q->interval = (enum usage_interval)interval;
    q->by_type = group == 0;
    q->end_us = req->now_us + 1;
    validate_query_time(req, "end", &q->end_us);
    q->start_us = q->end_us - (interval == USAGE_HOUR ? CLOCK_DAY_US : 30 * CLOCK_DAY_US);
    validate_query_time(req, "start", &q->start_us);
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
    json_put_time(w->j, "start", b->start_us);
    json_put_time(w->j, "end", b->end_us);
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

int buckets_write(struct http_request *req, struct json *j,
                  const struct buckets_query *query, int64_t account_id)
{
    struct writing w = { j, query->by_type };
    int rc;

    json_array_begin(j);
    rc = usage_history_read(req->db, account_id, query->start_us, query->end_us,
                            query->interval, query->by_type, BUCKETS_MAX, bucket_write, &w);
    json_array_end(j);
    if (rc == ERR_INVALID)
        return api_refuse(req, 422, "end must be later than start");
    if (rc == ERR_TOO_LARGE)
        return api_refuse(req, 422, "At most %d intervals at once: ask for a shorter time",
                          BUCKETS_MAX);
    return rc;
}
