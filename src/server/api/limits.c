#include "server/api/limits.h"

#include <string.h>
#include "base/clock.h"
#include "jobs/meters.h"
#include "server/api/problem.h"

int limits_of_principal(struct http_request *req, struct usage_limit_state *ret,
                        size_t *ret_count)
{
    const struct usage_subject subject = api_subject(req);

    return subject.account_id
               ? usage_limits_read(req->db, &subject, req->now_us, ret, ret_count)
               : usage_plan_read(req->db, PLAN_GUEST, req->now_us, ret, ret_count);
}

/* The unit a limit is told in, and how many of the meter's make one. */
static int64_t unit_of(const struct usage_limit_state *l, const char **name)
{
    switch (l->meter) {
    case METER_STORED_BYTES:
        *name = "MB";
        return MEBIBYTE;
    case METER_PROCESSING_TIME:
        *name = "minutes";
        return CLOCK_MINUTE_US;
    default:
        *name = "files";
        return 1;
    }
}

static const char *window_name(enum usage_window window)
{
    static const char *const names[] = { "day", "month", "lifetime", "stored" };

    return names[window];
}

/* Whole numbers for files, with two digits for sizes and times. */
static void amount_put(struct json *j, const char *name, int64_t amount, int64_t unit)
{
    if (unit == 1)
        json_put_int(j, name, amount);
    else
        json_put_ratio(j, name, amount, unit);
}

static void limit_put(struct json *j, const struct usage_limit_state *l, int64_t unit)
{
    if (l->limit < 0)
        json_put_null(j, "limit");
    else if (l->limit % unit == 0)
        json_put_int(j, "limit", l->limit / unit);
    else
        json_put_ratio(j, "limit", l->limit, unit);
}

static void limit_write(struct json *j, const struct usage_limit_state *l)
{
    const int64_t taken = l->used + l->reserved;
    const bool within = l->limit < 0 || taken < l->limit;
    const char *unit_name, *name = problem_policy_name(l);
    const int64_t unit = unit_of(l, &unit_name);
    char message[128];

    problem_limit_message(l, message, sizeof message);
    json_key(j, strncmp(name, "network_", 8) == 0 ? name + 8 : name);
    json_object_begin(j);
    json_put_bool(j, "within_limit", within);
    limit_put(j, l, unit);
    json_put_str(j, "message", within ? "Within limits" : message);
    amount_put(j, "used", l->used, unit);
    amount_put(j, "reserved", l->reserved, unit);
    if (l->limit < 0)
        json_put_null(j, "remaining");
    else
        amount_put(j, "remaining", taken < l->limit ? l->limit - taken : 0, unit);
    json_put_str(j, "unit", unit_name);
    json_put_str(j, "window", window_name(l->window));
    json_put_time(j, "resets_at", l->resets_us);
    json_object_end(j);
}

static void plan_limit_write(struct json *j, const struct usage_limit_state *l)
{
    const char *unit_name;
    const int64_t unit = unit_of(l, &unit_name);

    json_key(j, problem_policy_name(l));
    json_object_begin(j);
    limit_put(j, l, unit);
    json_put_str(j, "unit", unit_name);
    json_put_str(j, "window", window_name(l->window));
    json_object_end(j);
}

/* In the order that clients show. */
static void each_write(struct json *j, const struct usage_limit_state *states, size_t count,
                       void (*write)(struct json *j, const struct usage_limit_state *l))
{
    static const int order[] = { METER_FILES_UPLOADED, METER_STORED_BYTES,
                                 METER_PROCESSING_TIME };

    json_object_begin(j);
    for (size_t o = 0; o < 3; o++) {
        for (size_t i = 0; i < count; i++) {
            if (states[i].meter == order[o] && !states[i].of_group)
                write(j, &states[i]);
        }
    }
    json_object_end(j);
}

void limits_write(struct json *j, const struct usage_limit_state *states, size_t count)
{
    each_write(j, states, count, limit_write);
}

void limits_plan_write(struct json *j, const struct usage_limit_state *states, size_t count)
{
    each_write(j, states, count, plan_limit_write);
}
