#include "tests/unit/usage_fixture.h"

#include <pthread.h>
#include "store/db.h"

static int charge_one(struct db *db, void *ctx)
{
    const struct fixture *f = ctx;
    const struct usage_event event = { .subject = { f->account, f->group },
                                       .type = "speech",
                                       .ref = "job-1",
                                       .now_us = FIXTURE_NOW };
    const struct usage_amount amounts[] = { { FILES, 1 }, { BYTES, 300 }, { TIME, 7 } };

    return usage_charge(db, &event, amounts, 3);
}

static void one_charge_reaches_account_group_and_platform(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(usage_store_write(f->store, charge_one, f), 0);
    assert_int_equal(fixture_sum(f, f->account, BYTES), 300);
    assert_int_equal(fixture_sum(f, f->group, BYTES), 300);
    assert_int_equal(fixture_sum(f, 0, BYTES), 300);
    assert_int_equal(fixture_sum(f, 0, TIME), 7);
    fixture_assert_equal(f);
}

static int charge_then_fail(struct db *db, void *ctx)
{
    const int rc = charge_one(db, ctx);

    return rc ? rc : ERR_CANCELLED;
}

static void work_that_fails_leaves_nothing(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(usage_store_write(f->store, charge_one, f), 0);
    assert_int_equal(usage_store_write(f->store, charge_then_fail, f), ERR_CANCELLED);
    assert_int_equal(fixture_sum(f, f->account, FILES), 1);
    fixture_assert_equal(f);
}

static void *charge_many(void *ctx)
{
    struct fixture *f = ctx;

    for (int i = 0; i < 100; i++) {
        if (usage_store_write(f->store, charge_one, f) != 0)
            return f;
    }
    return NULL;
}

static void eight_threads_lose_no_figure(void **state)
{
    struct fixture *f = *state;
    pthread_t threads[8];
    void *failed;

    for (size_t i = 0; i < UNIT_COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, charge_many, f), 0);
    for (size_t i = 0; i < UNIT_COUNT(threads); i++) {
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    assert_int_equal(fixture_sum(f, f->account, FILES), 800);
    assert_int_equal(fixture_sum(f, f->group, BYTES), 800 * 300);
    fixture_assert_equal(f);
}

static void figures_survive_a_reopening(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(usage_store_write(f->store, charge_one, f), 0);
    usage_store_close(&f->store);
    assert_int_equal(usage_store_open(f->path, fixture_meters, 3, &f->store, NULL), 0);
    assert_int_equal(fixture_sum(f, f->account, BYTES), 300);
    fixture_assert_equal(f);
}

static void a_moved_meter_stops_the_opening(void **state)
{
    static const struct usage_meter moved[] = { { "bytes", "bytes", true },
                                                { "files", "count", true } };
    struct fixture *f = *state;
    struct usage_store *second = NULL;
    struct err err = { 0 };

    assert_int_equal(usage_store_open(f->path, moved, 2, &second, &err), ERR_CORRUPT);
    assert_non_null(strstr(err.text, "meter"));
    assert_null(second);
}

static int tamper(struct db *db, void *ctx)
{
    const struct fixture *f = ctx;

    return db_exec(
        db, STMT_DAILY_ADD,
        DB_ARGS(DB_INT(f->account), DB_INT(FILES), DB_TEXT(""), DB_INT(1), DB_INT(1)));
}

static int tamper_held(struct db *db, void *ctx)
{
    const struct fixture *f = ctx;

    return db_exec(db, STMT_TOTALS_ADD,
                   DB_ARGS(DB_INT(f->account), DB_INT(FILES), DB_TEXT(""), DB_INT(0),
                           DB_INT(0), DB_INT(0), DB_INT(1)));
}

static void assert_named(struct fixture *f, int (*spoil)(struct db *db, void *ctx),
                         const char *what)
{
    struct usage_verify_report report;

    assert_int_equal(usage_store_write(f->store, charge_one, f), 0);
    assert_int_equal(usage_store_write(f->store, spoil, f), 0);
    assert_int_equal(usage_store_read(f->store, fixture_verify_work, &report), 0);
    assert_false(report.is_equal);
    assert_non_null(strstr(report.difference, what));
}

static void verify_names_a_figure_that_the_ledger_does_not_know(void **state)
{
    assert_named(*state, tamper, "daily sums");
}

static void verify_names_a_hold_that_nobody_has(void **state)
{
    assert_named(*state, tamper_held, "held sums");
}

static int close_account(struct db *db, void *ctx)
{
    const struct fixture *f = ctx;

    return usage_account_close(db, f->account, FIXTURE_NOW);
}

static void a_closed_account_keeps_its_figures_and_takes_no_more(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(usage_store_write(f->store, charge_one, f), 0);
    assert_int_equal(usage_store_write(f->store, close_account, f), 0);
    assert_int_equal(usage_store_write(f->store, charge_one, f), ERR_NOT_FOUND);
    assert_int_equal(usage_store_write(f->store, close_account, f), ERR_NOT_FOUND);
    assert_int_equal(fixture_sum(f, 0, FILES), 1);
    fixture_assert_equal(f);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(one_charge_reaches_account_group_and_platform),
        CASE(work_that_fails_leaves_nothing),
        CASE(eight_threads_lose_no_figure),
        CASE(figures_survive_a_reopening),
        CASE(a_moved_meter_stops_the_opening),
        CASE(verify_names_a_figure_that_the_ledger_does_not_know),
        CASE(verify_names_a_hold_that_nobody_has),
        CASE(a_closed_account_keeps_its_figures_and_takes_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
