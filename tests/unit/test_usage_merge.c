#include "tests/unit/usage_fixture.h"

/* A guest's history over two days and one open hold, about to become the fixture's account.
 */
struct guest {
    struct fixture *f;
    int64_t account;
    int rc;
};

static int guest_work(struct db *db, void *ctx)
{
    struct guest *g = ctx;
    const struct usage_amount first[] = { { FILES, 1 }, { BYTES, 100 } };
    const struct usage_amount second[] = { { FILES, 2 }, { TIME, 9 } };
    const struct usage_amount hold[] = { { TIME, 30 } };
    struct usage_refusal refusal;
    struct usage_event event = { .type = "speech",
                                 .ref = "job-g",
                                 .now_us = FIXTURE_NOW - CLOCK_DAY_US };
    int rc = usage_account_create(db, USAGE_CLASS_GUEST, "member", FIXTURE_NOW,
                                  &g->account);

    event.subject = (struct usage_subject){ g->account, g->f->group };
    if (rc == 0)
        rc = usage_charge(db, &event, first, 2);
    event.now_us = FIXTURE_NOW;
    event.type = NULL;
    if (rc == 0)
        rc = usage_admit(db, &event, second, 2, hold, 1, FIXTURE_NOW + CLOCK_HOUR_US,
                         &refusal);
    return rc;
}

static int merge_work(struct db *db, void *ctx)
{
    const struct guest *g = ctx;

    return usage_merge(db, g->account, g->f->account, FIXTURE_NOW + CLOCK_MINUTE_US);
}

static void everything_moves_once_and_no_sum_of_the_platform_changes(void **state)
{
    struct guest g = { .f = *state };
    struct fixture_totals t = { .account_id = g.f->account };

    assert_int_equal(usage_store_write(g.f->store, guest_work, &g), 0);
    fixture_assert_equal(g.f);
    assert_int_equal(usage_store_write(g.f->store, merge_work, &g), 0);
    fixture_assert_equal(g.f);
    assert_int_equal(fixture_sum(g.f, g.account, FILES), 0);
    assert_int_equal(fixture_sum(g.f, g.f->account, FILES), 3);
    assert_int_equal(fixture_sum(g.f, g.f->account, TIME), 9);
    assert_int_equal(fixture_sum(g.f, g.f->group, FILES), 3);
    assert_int_equal(fixture_sum(g.f, 0, FILES), 3);
    assert_int_equal(usage_store_read(g.f->store, fixture_totals_work, &t), 0);
    assert_int_equal(t.totals.meters[FILES].first_us, FIXTURE_NOW - CLOCK_DAY_US);
    assert_int_equal(t.totals.meters[FILES].last_us, FIXTURE_NOW);
    assert_int_equal(usage_store_write(g.f->store, merge_work, &g), ERR_CONFLICT);
    assert_int_equal(fixture_sum(g.f, g.f->account, FILES), 3);
}

struct limits {
    struct fixture *f;
    struct usage_limit_state states[2 * USAGE_LIMITS_MAX];
    size_t count;
};

static int limits_work(struct db *db, void *ctx)
{
    struct limits *l = ctx;

    return usage_limits_read(db, &(struct usage_subject){ l->f->account, 0 }, FIXTURE_NOW,
                             l->states, &l->count);
}

static void todays_use_and_open_holds_count_against_the_new_account(void **state)
{
    struct guest g = { .f = *state };
    struct limits l = { .f = g.f };

    assert_int_equal(usage_store_write(g.f->store, guest_work, &g), 0);
    assert_int_equal(usage_store_write(g.f->store, merge_work, &g), 0);
    assert_int_equal(usage_store_read(g.f->store, limits_work, &l), 0);
    assert_int_equal(l.count, 3);
    assert_int_equal(l.states[FILES].used, 2);
    assert_int_equal(l.states[TIME].reserved, 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            everything_moves_once_and_no_sum_of_the_platform_changes, fixture_setup,
            fixture_teardown),
        cmocka_unit_test_setup_teardown(
            todays_use_and_open_holds_count_against_the_new_account, fixture_setup,
            fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
