#include "tests/unit/usage_fixture.h"

#define DAY_START ((int64_t)1795478400000000) /* 2026-11-24T00:00:00Z */

static int charges(struct db *db, void *ctx)
{
    static const struct {
        int64_t at_us;
        const char *type;
        int64_t files;
    } rows[] = {
        { DAY_START - 30 * CLOCK_DAY_US, "speech", 1 }, /* 25 October */
        { DAY_START - CLOCK_DAY_US, "speech", 2 },
        { DAY_START - 1, "noise", 4 },
        { DAY_START, "noise", 8 },
        { DAY_START + CLOCK_HOUR_US, NULL, 16 },
    };
    const struct fixture *f = ctx;
    int rc = 0;

    for (size_t i = 0; i < UNIT_COUNT(rows) && rc == 0; i++) {
        const struct usage_event event = { .subject = { f->account, 0 },
                                           .type = rows[i].type,
                                           .now_us = rows[i].at_us };
        const struct usage_amount amount = { FILES, rows[i].files };

        rc = usage_charge(db, &event, &amount, 1);
    }
    return rc;
}

struct query {
    struct fixture *f;
    int64_t account, start_us, end_us;
    enum usage_interval interval;
    bool by_type;
    const char *time_zone;
    size_t most, count;
    struct usage_bucket got[64];
    char types[64][USAGE_NAME_MAX + 1];
};

static int take(void *ctx, const struct usage_bucket *bucket)
{
    struct query *q = ctx;

    assert_true(q->count < UNIT_COUNT(q->got));
    strcpy(q->types[q->count], bucket->type);
    q->got[q->count++] = *bucket;
    return 0;
}

static int query_work(struct db *db, void *ctx)
{
    struct query *q = ctx;

    return usage_history_read(db,
                              &(struct usage_history_query){ .account_id = q->account,
                                                             .start_us = q->start_us,
                                                             .end_us = q->end_us,
                                                             .interval = q->interval,
                                                             .by_type = q->by_type,
                                                             .time_zone = q->time_zone,
                                                             .most = q->most },
                              take, q);
}

static struct query query_of(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(usage_store_write(f->store, charges, f), 0);
    return (struct query){ .f = f,
                           .account = f->account,
                           .start_us = DAY_START - 2 * CLOCK_DAY_US,
                           .end_us = DAY_START + CLOCK_DAY_US,
                           .interval = USAGE_DAY,
                           .most = 64 };
}

static void days_are_whole_ordered_and_empty_ones_are_there(void **state)
{
    struct query q = query_of(state);

    assert_int_equal(usage_store_read(q.f->store, query_work, &q), 0);
    assert_int_equal(q.count, 3);
    assert_int_equal(q.got[0].sums[FILES], 0);
    assert_int_equal(q.got[1].sums[FILES], 6);
    assert_int_equal(q.got[2].sums[FILES], 24);
    assert_int_equal(q.got[2].start_us, DAY_START);
    assert_int_equal(q.got[2].end_us, DAY_START + CLOCK_DAY_US);
}

static void months_of_account_and_platform_agree(void **state)
{
    struct query q = query_of(state);

    q.interval = USAGE_MONTH;
    q.start_us = DAY_START - 30 * CLOCK_DAY_US;
    for (int i = 0; i < 2; i++) {
        q.count = 0;
        assert_int_equal(usage_store_read(q.f->store, query_work, &q), 0);
        assert_int_equal(q.count, 2);
        assert_int_equal(q.got[0].sums[FILES], 1);
        assert_int_equal(q.got[1].sums[FILES], 30);
        q.account = 0;
    }
}

static void grouped_by_type_only_what_has_figures_is_told(void **state)
{
    struct query q = query_of(state);

    q.by_type = true;
    assert_int_equal(usage_store_read(q.f->store, query_work, &q), 0);
    assert_int_equal(q.count, 3);
    assert_string_equal(q.types[0], "noise");
    assert_int_equal(q.got[0].sums[FILES], 4);
    assert_string_equal(q.types[1], "speech");
    assert_int_equal(q.got[1].sums[FILES], 2);
    assert_int_equal(q.got[2].sums[FILES], 8);
}

static void hours_come_from_the_ledger_and_the_bound_holds(void **state)
{
    struct query q = query_of(state);

    q.interval = USAGE_HOUR;
    q.start_us = DAY_START - CLOCK_HOUR_US;
    q.end_us = DAY_START + 2 * CLOCK_HOUR_US;
    assert_int_equal(usage_store_read(q.f->store, query_work, &q), 0);
    assert_int_equal(q.count, 3);
    assert_int_equal(q.got[0].sums[FILES], 4);
    assert_int_equal(q.got[1].sums[FILES], 8);
    assert_int_equal(q.got[2].sums[FILES], 16);
    q.most = 2;
    assert_int_equal(usage_store_read(q.f->store, query_work, &q), ERR_TOO_LARGE);
    q.end_us = q.start_us;
    assert_int_equal(usage_store_read(q.f->store, query_work, &q), ERR_INVALID);
}

static void days_of_another_zone_begin_there(void **state)
{
    const int64_t half_past_six = DAY_START - CLOCK_DAY_US + 37 * CLOCK_HOUR_US / 2;
    struct query q = query_of(state);

    q.time_zone = "Asia/Kolkata"; /* five and a half hours ahead */
    q.most = 96;
    assert_int_equal(usage_store_read(q.f->store, query_work, &q), 0);
    assert_int_equal(q.count, 4);
    assert_int_equal(q.got[1].sums[FILES], 2);
    assert_int_equal(q.got[2].start_us, half_past_six);
    assert_int_equal(q.got[2].end_us, half_past_six + CLOCK_DAY_US);
    assert_int_equal(q.got[2].sums[FILES], 28);
}

static void the_ledgers_own_zone_has_no_bound_in_hours(void **state)
{
    struct query q = query_of(state);

    q.time_zone = "UTC";
    q.most = 3;
    assert_int_equal(usage_store_read(q.f->store, query_work, &q), 0);
    q.time_zone = "Asia/Kolkata";
    assert_int_equal(usage_store_read(q.f->store, query_work, &q), ERR_TOO_LARGE);
    q.time_zone = "Mars/Base";
    assert_int_equal(usage_store_read(q.f->store, query_work, &q), ERR_NOT_FOUND);
}

static void the_platform_has_days_of_its_own_zone_only(void **state)
{
    struct query q = query_of(state);

    q.account = 0;
    q.interval = USAGE_HOUR;
    assert_int_equal(usage_store_read(q.f->store, query_work, &q), ERR_INVALID);
    q.interval = USAGE_DAY;
    q.time_zone = "Asia/Kolkata";
    assert_int_equal(usage_store_read(q.f->store, query_work, &q), ERR_INVALID);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(days_are_whole_ordered_and_empty_ones_are_there),
        CASE(months_of_account_and_platform_agree),
        CASE(grouped_by_type_only_what_has_figures_is_told),
        CASE(hours_come_from_the_ledger_and_the_bound_holds),
        CASE(days_of_another_zone_begin_there),
        CASE(the_ledgers_own_zone_has_no_bound_in_hours),
        CASE(the_platform_has_days_of_its_own_zone_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
