#include <pthread.h>
#include "store/db.h"
#include "tests/unit/usage_fixture.h"
#include "usage/gather.h"

#define NOW ((int64_t)1795478400000000) /* 2026-11-24T00:00:00Z */

enum { MANY = 700 }; /* types: four sums each */

struct work {
    struct fixture *f;
    int charges, rc;
};

static int charge_work(struct db *db, void *ctx)
{
    const struct work *w = ctx;
    const struct usage_event event = { .subject = { w->f->account, 0 },
                                       .type = "speech",
                                       .now_us = NOW };
    const struct usage_amount amount = { FILES, 1 };
    int rc = 0;

    for (int i = 0; i < w->charges && rc == 0; i++)
        rc = usage_charge(db, &event, &amount, 1);
    return rc ? rc : w->rc;
}

static int platform_work(struct db *db, void *ctx)
{
    return usage_platform_read(db, ctx);
}

static int64_t platform_files(struct fixture *f)
{
    struct usage_totals totals;

    assert_int_equal(usage_store_read(f->store, platform_work, &totals), 0);
    return totals.meters[FILES].sum;
}

static void what_is_rolled_back_takes_its_part_along(void **state)
{
    struct fixture *f = *state;
    struct work good = { f, 3, 0 }, bad = { f, 5, ERR_CONFLICT };

    assert_int_equal(usage_store_write(f->store, charge_work, &bad), ERR_CONFLICT);
    assert_int_equal(platform_files(f), 0);
    assert_int_equal(usage_store_write(f->store, charge_work, &good), 0);
    assert_int_equal(usage_store_write(f->store, charge_work, &bad), ERR_CONFLICT);
    assert_int_equal(platform_files(f), 3);
}

/* More different sums than are kept at a time, then an operation that fails: what was
 * written for it goes, what was written for others stays. */
static int many_types_work(struct db *db, void *ctx)
{
    const struct work *w = ctx;
    int rc = 0;

    for (int i = 0; i < w->charges && rc == 0; i++) {
        char type[USAGE_NAME_MAX + 1];
        const struct usage_event event = { .subject = { w->f->account, 0 },
                                           .type = type,
                                           .now_us = NOW + i };
        const struct usage_amount amount = { FILES, 1 };

        (void)snprintf(type, sizeof type, "type%d", i);
        rc = usage_charge(db, &event, &amount, 1);
    }
    return rc ? rc : w->rc;
}

static void more_sums_than_are_kept_at_a_time(void **state)
{
    struct fixture *f = *state;
    struct work good = { f, MANY, 0 }, bad = { f, MANY, ERR_CONFLICT };

    assert_int_equal(usage_store_write(f->store, many_types_work, &good), 0);
    assert_int_equal(platform_files(f), MANY);
    assert_int_equal(usage_store_write(f->store, many_types_work, &bad), ERR_CONFLICT);
    assert_int_equal(platform_files(f), MANY);
}

static int64_t own_files(struct db *db, const struct fixture *f)
{
    struct usage_totals totals;

    assert_int_equal(usage_totals_read(db, f->account, &totals), 0);
    return totals.meters[FILES].sum;
}

static int reading_work(struct db *db, void *ctx)
{
    const struct work *w = ctx;
    const int64_t before = own_files(db, w->f);
    const int rc = charge_work(db, ctx);

    assert_int_equal(own_files(db, w->f), before + w->charges);
    return rc;
}

static void a_write_reads_what_it_wrote(void **state)
{
    struct fixture *f = *state;
    struct work good = { f, 3, 0 }, bad = { f, 5, ERR_CONFLICT };

    assert_int_equal(usage_store_write(f->store, reading_work, &good), 0);
    assert_int_equal(usage_store_write(f->store, reading_work, &bad), ERR_CONFLICT);
    assert_int_equal(usage_store_write(f->store, reading_work, &good), 0);
    assert_int_equal(platform_files(f), 6);
    fixture_assert_equal(f);
}

/* One transaction in which each operation is a charge, is rolled back, or reads: reading
 * writes early what the others wait for, and must give it back when it is rolled back. */
static int64_t batch_work(struct db *db, struct fixture *f)
{
    int64_t files = 0;

    for (int i = 0; i < 200; i++) {
        struct work one = { f, 1 + i % 3, i % 4 ? 0 : ERR_CONFLICT };

        assert_int_equal(db_savepoint(db), 0);
        if ((i % 5 ? charge_work : reading_work)(db, &one) == 0) {
            files += one.charges;
            assert_int_equal(db_savepoint_release(db), 0);
        } else {
            assert_int_equal(db_savepoint_rollback(db), 0);
        }
    }
    return files;
}

static void reading_in_what_is_rolled_back(void **state)
{
    struct fixture *f = *state;
    struct err err = { 0 };
    struct db *db;
    int64_t files;

    assert_int_equal(db_open(f->path, DB_WRITE, &db, &err), 0);
    assert_int_equal(db_begin(db), 0);
    files = batch_work(db, f);
    assert_int_equal(db_commit(db), 0);
    assert_int_equal(own_files(db, f), files);
    assert_int_equal(platform_files(f), files);
    fixture_assert_equal(f);
    db_close(&db);
}

struct mixed {
    struct fixture *f;
    pthread_t thread;
    int rc;
};

static void *mixed_thread(void *context)
{
    struct mixed *m = context;

    for (int i = 0; i < 50; i++) {
        struct work w = { m->f, 40, i % 3 ? 0 : ERR_CONFLICT };

        m->rc |= usage_store_write(m->f->store, many_types_work, &w) != w.rc;
    }
    return NULL;
}

static void batches_of_good_and_bad_agree_with_the_ledger(void **state)
{
    struct fixture *f = *state;
    struct mixed m[8];

    for (size_t i = 0; i < UNIT_COUNT(m); i++) {
        m[i] = (struct mixed){ .f = f };
        assert_int_equal(pthread_create(&m[i].thread, NULL, mixed_thread, &m[i]), 0);
    }
    for (size_t i = 0; i < UNIT_COUNT(m); i++) {
        assert_int_equal(pthread_join(m[i].thread, NULL), 0);
        assert_int_equal(m[i].rc, 0);
    }
    assert_int_equal(platform_files(f), 8 * 33 * 40);
    fixture_assert_equal(f);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(what_is_rolled_back_takes_its_part_along),
        CASE(more_sums_than_are_kept_at_a_time),
        CASE(a_write_reads_what_it_wrote),
        CASE(reading_in_what_is_rolled_back),
        CASE(batches_of_good_and_bad_agree_with_the_ledger),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
