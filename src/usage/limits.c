#include "usage/limits.h"

#include <stdio.h>
#include "store/db.h"
#include "usage/gather.h"
#include "usage/zone.h"

static int plan_limits_read(struct db *db, const char *plan,
                            struct usage_limit_state *states, size_t *count)
{
    int ended, rc = db_run(db, STMT_PLAN_LIMITS, DB_ARGS(DB_TEXT(plan)));
    size_t n = 0;

    while (rc == 0 && n < USAGE_LIMITS_MAX) {
        const int row = db_next(db, STMT_PLAN_LIMITS);

        if (row <= 0) {
            rc = row;
            break;
        }
        states[n++] = (struct usage_limit_state){
            .meter = (int)db_int(db, STMT_PLAN_LIMITS, 0),
            .window = (enum usage_window)db_int(db, STMT_PLAN_LIMITS, 1),
            .limit = db_int(db, STMT_PLAN_LIMITS, 2),
        };
    }
    ended = db_done(db, STMT_PLAN_LIMITS);
    rc = rc ? rc : ended;
    if (rc == 0)
        *count = n;
    return rc;
}

static void window_read(struct usage_limit_state *s, int64_t today, int64_t *ret_first_day)
{
    *ret_first_day = today;
    switch (s->window) {
    case USAGE_WINDOW_DAY:
        s->resets_us = zone_day_start_us(NULL, today + 1);
        break;
    case USAGE_WINDOW_MONTH:
        *ret_first_day = zone_month_first_day(today);
        s->resets_us = zone_day_start_us(NULL, zone_next_month_first_day(today));
        break;
    case USAGE_WINDOW_LIFETIME:
    case USAGE_WINDOW_STORED:
        s->resets_us = 0;
        break;
    }
}

/* An account's total of one meter, and what is held of it; both 0 when there is none. */
static int total_read(struct db *db, int64_t account_id, int meter, int64_t *ret_sum,
                      int64_t *ret_held)
{
    int ended,
        rc = db_run(db, STMT_TOTALS_USED, DB_ARGS(DB_INT(account_id), DB_INT(meter)));

    *ret_sum = *ret_held = 0;
    if (rc == 0)
        rc = db_next(db, STMT_TOTALS_USED);
    if (rc > 0) {
        *ret_sum = db_int(db, STMT_TOTALS_USED, 0);
        *ret_held = db_int(db, STMT_TOTALS_USED, 1);
        rc = 0;
    }
    ended = db_done(db, STMT_TOTALS_USED);
    return rc ? rc : ended;
}

static int figures_read(struct db *db, int64_t account_id, int64_t today,
                        struct usage_limit_state *s)
{
    int64_t first_day;
    int rc;

    window_read(s, today, &first_day);
    rc = total_read(db, account_id, s->meter, &s->used, &s->reserved);
    if (s->window != USAGE_WINDOW_DAY && s->window != USAGE_WINDOW_MONTH)
        first_day = GATHER_TOTAL;
    else if (rc == 0)
        rc = db_get_int(db, STMT_DAILY_USED,
                        DB_ARGS(DB_INT(account_id), DB_INT(s->meter), DB_INT(first_day)),
                        &s->used);
    s->used += gather_waiting(db, account_id, s->meter, first_day);
    s->reserved += gather_waiting_held(db, account_id, s->meter);
    return rc;
}

static int plan_of_account(struct db *db, int64_t account_id, char plan[USAGE_NAME_MAX + 1])
{
    int ended, rc = db_run(db, STMT_ACCOUNT_GET, DB_ARGS(DB_INT(account_id)));

    if (rc == 0)
        rc = db_next(db, STMT_ACCOUNT_GET);
    if (rc > 0) {
        const struct view name = db_text(db, STMT_ACCOUNT_GET, 0);

        (void)snprintf(plan, USAGE_NAME_MAX + 1, "%.*s", (int)name.len, name.ptr);
        rc = 0;
    } else if (rc == 0) {
        rc = ERR_NOT_FOUND;
    }
    ended = db_done(db, STMT_ACCOUNT_GET);
    return rc ? rc : ended;
}

int limits_of_account(struct db *db, int64_t account_id, bool of_group, int64_t now_us,
                      struct usage_limit_state *states, size_t *count)
{
    const int64_t today = zone_day_of(NULL, now_us);
    struct usage_limit_state *own = states + *count;
    char plan[USAGE_NAME_MAX + 1];
    size_t n = 0;
    int rc = plan_of_account(db, account_id, plan);

    if (rc == 0)
        rc = plan_limits_read(db, plan, own, &n);
    for (size_t i = 0; i < n && rc == 0; i++) {
        own[i].of_group = of_group;
        rc = figures_read(db, account_id, today, &own[i]);
    }
    if (rc == 0)
        *count += n;
    return rc;
}

bool limit_is_passed(const struct usage_limit_state *s)
{
    int64_t wanted;

    if (s->limit < 0 || s->requested == 0)
        return false;
    return __builtin_add_overflow(s->used, s->reserved, &wanted) ||
           __builtin_add_overflow(wanted, s->requested, &wanted) || wanted > s->limit;
}

int usage_limits_read(struct db *db, const struct usage_subject *subject, int64_t now_us,
                      struct usage_limit_state *ret, size_t *ret_count)
{
    size_t count = 0;
    int rc = limits_of_account(db, subject->account_id, false, now_us, ret, &count);

    if (rc == 0 && subject->group_id)
        rc = limits_of_account(db, subject->group_id, true, now_us, ret, &count);
    if (rc == 0)
        *ret_count = count;
    return rc;
}

int usage_plan_read(struct db *db, const char *plan, int64_t now_us,
                    struct usage_limit_state *ret, size_t *ret_count)
{
    const int64_t today = zone_day_of(NULL, now_us);
    int64_t first_day;
    int rc = plan_limits_read(db, plan, ret, ret_count);

    for (size_t i = 0; rc == 0 && i < *ret_count; i++)
        window_read(&ret[i], today, &first_day);
    return rc;
}
