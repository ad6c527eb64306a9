#include "tests/unit/usage_fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include "store/db.h"

/* One admission: a file of `bytes`, holding `time`. */
struct admission {
    struct fixture *f;
    char ref[32];
    int64_t group, bytes, time, now_us, expires_us;
    struct usage_refusal refusal;
};

static struct admission admission_of(struct fixture *f, int number)
{
    struct admission a = { .f = f, .bytes = 10, .time = 1, .now_us = FIXTURE_NOW };

    a.expires_us = a.now_us + CLOCK_HOUR_US;
    (void)snprintf(a.ref, sizeof a.ref, "job-%d", number);
    return a;
}

static struct usage_event event_of(const struct admission *a)
{
    return (struct usage_event){ .subject = { a->f->account, a->group },
                                 .type = "speech",
                                 .ref = a->ref,
                                 .now_us = a->now_us };
}

static int admit(struct db *db, void *ctx)
{
    struct admission *a = ctx;
    const struct usage_event event = event_of(a);
    const struct usage_amount charges[] = { { FILES, 1 }, { BYTES, a->bytes } };
    const struct usage_amount holds[] = { { TIME, a->time } };

    return usage_admit(db, &event, charges, 2, holds, 1, a->expires_us, &a->refusal);
}

static int settle(struct db *db, void *ctx)
{
    struct admission *a = ctx;
    const struct usage_event event = event_of(a);
    const struct usage_amount used[] = { { TIME, a->time } };

    return usage_settle(db, &event, used, 1);
}

static int release(struct db *db, void *ctx)
{
    const struct usage_event event = event_of(ctx);

    return usage_release(db, &event);
}

struct states {
    struct fixture *f;
    struct usage_limit_state states[2 * USAGE_LIMITS_MAX];
    size_t count;
};

static int limits_work(struct db *db, void *ctx)
{
    struct states *s = ctx;

    return usage_limits_read(db, &(struct usage_subject){ s->f->account, 0 }, FIXTURE_NOW,
                             s->states, &s->count);
}

static struct usage_limit_state state_of(struct fixture *f, int meter)
{
    struct states s = { .f = f };

    assert_int_equal(usage_store_read(f->store, limits_work, &s), 0);
    for (size_t i = 0; i < s.count; i++) {
        if (s.states[i].meter == meter)
            return s.states[i];
    }
    fail_msg("no limit of meter %d", meter);
    return s.states[0];
}

static void the_fifth_fits_and_the_sixth_is_refused(void **state)
{
    struct fixture *f = *state;
    struct admission a;

    for (int i = 0; i < 5; i++) {
        a = admission_of(f, i);
        assert_int_equal(usage_store_write(f->store, admit, &a), 0);
    }
    a = admission_of(f, 5);
    assert_int_equal(usage_store_write(f->store, admit, &a), ERR_LIMIT);
    assert_int_equal(a.refusal.count, 1);
    assert_int_equal(a.refusal.limits[0].meter, FILES);
    assert_int_equal(a.refusal.limits[0].used, 5);
    assert_int_equal(a.refusal.limits[0].requested, 1);
    assert_true(a.refusal.limits[0].resets_us > FIXTURE_NOW);
    assert_int_equal(fixture_sum(f, f->account, BYTES), 50);
    a.now_us += CLOCK_DAY_US;
    assert_int_equal(usage_store_write(f->store, admit, &a), 0);
    fixture_assert_equal(f);
}

static void all_or_nothing_and_every_violated_limit_is_named(void **state)
{
    struct fixture *f = *state;
    struct admission a = admission_of(f, 1);

    a.bytes = 1001;
    a.time = 61;
    assert_int_equal(usage_store_write(f->store, admit, &a), ERR_LIMIT);
    assert_int_equal(a.refusal.count, 2);
    assert_int_equal(fixture_sum(f, f->account, FILES), 0);
    assert_int_equal(state_of(f, TIME).reserved, 0);
    a.bytes = INT64_MAX;
    assert_int_equal(usage_store_write(f->store, admit, &a), ERR_LIMIT);
    a.bytes = -1;
    assert_int_equal(usage_store_write(f->store, admit, &a), ERR_INVALID);
}

static void a_hold_counts_until_it_is_settled_with_the_truth(void **state)
{
    struct fixture *f = *state;
    struct admission a = admission_of(f, 1), b = admission_of(f, 2);

    a.time = 40;
    assert_int_equal(usage_store_write(f->store, admit, &a), 0);
    assert_int_equal(usage_store_write(f->store, admit, &a), ERR_CONFLICT);
    assert_int_equal(state_of(f, TIME).reserved, 40);
    b.time = 21;
    assert_int_equal(usage_store_write(f->store, admit, &b), ERR_LIMIT);
    a.time = 3;
    assert_int_equal(usage_store_write(f->store, settle, &a), 0);
    assert_int_equal(state_of(f, TIME).reserved, 0);
    assert_int_equal(state_of(f, TIME).used, 3);
    assert_int_equal(usage_store_write(f->store, admit, &b), 0);
    assert_int_equal(usage_store_write(f->store, release, &b), 0);
    assert_int_equal(state_of(f, TIME).reserved, 0);
    assert_int_equal(state_of(f, TIME).used, 3);
    fixture_assert_equal(f);
}

/* Holds of one transaction see each other before any is stored, and one that is rolled back
 * leaves nothing. */
static int hold_twice(struct db *db, void *ctx)
{
    struct admission *a = ctx;
    int rc = admit(db, &a[0]);

    return rc ? rc : admit(db, &a[1]);
}

static void holds_of_one_transaction_add_up(void **state)
{
    struct fixture *f = *state;
    struct admission pair[] = { admission_of(f, 1), admission_of(f, 2) };

    pair[0].group = pair[1].group = f->group;
    pair[0].time = 40;
    pair[1].time = 21;
    assert_int_equal(usage_store_write(f->store, hold_twice, pair), ERR_LIMIT);
    assert_int_equal(pair[1].refusal.limits[0].reserved, 40);
    assert_int_equal(state_of(f, TIME).reserved, 0);
    pair[1].time = 20;
    assert_int_equal(usage_store_write(f->store, hold_twice, pair), 0);
    assert_int_equal(state_of(f, TIME).reserved, 60);
    fixture_assert_equal(f);
}

struct expiry {
    int64_t now_us, count;
};

static int expire(struct db *db, void *ctx)
{
    struct expiry *e = ctx;

    return usage_holds_expire(db, e->now_us, 100, &e->count);
}

static void a_forgotten_hold_expires_with_a_ledger_row(void **state)
{
    struct fixture *f = *state;
    struct admission a = admission_of(f, 1);
    struct expiry e = { .now_us = a.expires_us - 1 };

    assert_int_equal(usage_store_write(f->store, admit, &a), 0);
    assert_int_equal(usage_store_write(f->store, expire, &e), 0);
    assert_int_equal(e.count, 0);
    e.now_us = a.expires_us;
    assert_int_equal(usage_store_write(f->store, expire, &e), 0);
    assert_int_equal(e.count, 1);
    assert_int_equal(state_of(f, TIME).reserved, 0);
    assert_int_equal(usage_store_write(f->store, settle, &a), 0);
    assert_int_equal(state_of(f, TIME).used, 1);
    fixture_assert_equal(f);
}

static void a_group_has_a_limit_of_its_own(void **state)
{
    struct fixture *f = *state;
    const int64_t first = f->account;
    struct admission a;

    for (int i = 0; i < 5; i++) {
        a = admission_of(f, i);
        a.group = f->group;
        assert_int_equal(usage_store_write(f->store, admit, &a), 0);
    }
    assert_int_equal(usage_store_write(f->store, fixture_accounts, f), 0);
    assert_int_not_equal(f->account, first);
    for (int i = 10; i < 14; i++) {
        a.f = f;
        (void)snprintf(a.ref, sizeof a.ref, "job-%d", i);
        assert_int_equal(usage_store_write(f->store, admit, &a), i < 13 ? 0 : ERR_LIMIT);
    }
    assert_true(a.refusal.limits[0].of_group);
    fixture_assert_equal(f);
}

struct rush {
    struct fixture *f;
    atomic_int number, accepted, refused, failed;
};

static void *rush_thread(void *ctx)
{
    struct rush *r = ctx;
    int number;

    while ((number = atomic_fetch_add(&r->number, 1)) < 1000) {
        struct admission a = admission_of(r->f, number);
        const int rc = usage_store_write(r->f->store, admit, &a);

        atomic_fetch_add(rc == 0           ? &r->accepted
                         : rc == ERR_LIMIT ? &r->refused
                                           : &r->failed,
                         1);
    }
    return NULL;
}

static void of_a_thousand_at_once_exactly_five_are_accepted(void **state)
{
    struct rush r = { .f = *state };
    pthread_t threads[32];

    for (size_t i = 0; i < UNIT_COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, rush_thread, &r), 0);
    for (size_t i = 0; i < UNIT_COUNT(threads); i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(r.accepted, 5);
    assert_int_equal(r.refused, 995);
    assert_int_equal(r.failed, 0);
    assert_int_equal(fixture_sum(r.f, r.f->account, FILES), 5);
    fixture_assert_equal(r.f);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_fifth_fits_and_the_sixth_is_refused),
        CASE(all_or_nothing_and_every_violated_limit_is_named),
        CASE(a_hold_counts_until_it_is_settled_with_the_truth),
        CASE(holds_of_one_transaction_add_up),
        CASE(a_forgotten_hold_expires_with_a_ledger_row),
        CASE(a_group_has_a_limit_of_its_own),
        CASE(of_a_thousand_at_once_exactly_five_are_accepted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
