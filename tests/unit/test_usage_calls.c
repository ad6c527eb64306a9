#include "tests/unit/usage_fixture.h"

#include <pthread.h>
#include <stdatomic.h>

struct ctx {
    struct fixture *f;
    struct usage_calls *calls;
    int fail_with;
    atomic_bool over;
};

static int flush_work(struct db *db, void *ctx)
{
    struct ctx *c = ctx;
    const int rc = usage_calls_flush(c->calls, db);

    return rc ? rc : c->fail_with;
}

static void flush(struct ctx *c)
{
    const int rc = usage_store_write(c->f->store, flush_work, c);

    usage_calls_flushed(c->calls, rc == 0);
}

struct seen {
    struct ctx *c;
    int64_t calls;
};

static int seen_work(struct db *db, void *ctx)
{
    struct seen *s = ctx;
    struct usage_totals totals;
    int64_t epoch, last_us;
    int rc = usage_totals_read(db, s->c->f->account, &totals);

    if (rc == 0)
        rc = usage_calls_epoch_read(db, &epoch);
    if (rc == 0)
        s->calls = totals.meters[FILES].sum +
                   usage_calls_pending(s->c->calls, s->c->f->account, epoch, &last_us);
    return rc;
}

static int64_t seen(struct ctx *c)
{
    struct seen s = { .c = c };

    assert_int_equal(usage_store_read(c->f->store, seen_work, &s), 0);
    return s.calls;
}

static void call(struct ctx *c)
{
    const struct usage_subject subject = { c->f->account, c->f->group };

    assert_int_equal(usage_calls_add(c->calls, &subject, FIXTURE_NOW), 0);
}

static void a_caller_sees_each_call_once_before_and_after_the_flush(void **state)
{
    struct ctx c = { .f = *state };

    assert_int_equal(usage_calls_new(FILES, 100, &c.calls), 0);
    for (int i = 1; i <= 3; i++) {
        call(&c);
        assert_int_equal(seen(&c), i);
    }
    flush(&c);
    assert_int_equal(seen(&c), 3);
    assert_int_equal(fixture_sum(c.f, c.f->account, FILES), 3);
    assert_int_equal(fixture_sum(c.f, c.f->group, FILES), 3);
    call(&c);
    assert_int_equal(seen(&c), 4);
    fixture_assert_equal(c.f);
    usage_calls_free(&c.calls);
}

static void a_flush_that_fails_loses_nothing(void **state)
{
    struct ctx c = { .f = *state, .fail_with = ERR_CANCELLED };

    assert_int_equal(usage_calls_new(FILES, 100, &c.calls), 0);
    call(&c);
    call(&c);
    flush(&c);
    assert_int_equal(seen(&c), 2);
    assert_int_equal(fixture_sum(c.f, c.f->account, FILES), 0);
    c.fail_with = 0;
    flush(&c);
    assert_int_equal(fixture_sum(c.f, c.f->account, FILES), 2);
    usage_calls_free(&c.calls);
}

static void too_many_accounts_are_refused_and_known_ones_go_on(void **state)
{
    struct ctx c = { .f = *state };
    struct usage_subject subject = { 0, 0 };

    assert_int_equal(usage_calls_new(FILES, 3, &c.calls), 0);
    for (int64_t id = 1; id <= 4; id++) {
        subject.account_id = id;
        assert_int_equal(usage_calls_add(c.calls, &subject, FIXTURE_NOW),
                         id < 4 ? 0 : ERR_BUSY);
    }
    subject.account_id = 2;
    assert_int_equal(usage_calls_add(c.calls, &subject, FIXTURE_NOW), 0);
    usage_calls_free(&c.calls);
}

static void *flush_thread(void *ctx)
{
    struct ctx *c = ctx;

    while (!atomic_load(&c->over))
        flush(c);
    return NULL;
}

static void a_reader_during_flushes_never_sees_a_wrong_figure(void **state)
{
    struct ctx c = { .f = *state };
    pthread_t thread;

    assert_int_equal(usage_calls_new(FILES, 100, &c.calls), 0);
    assert_int_equal(pthread_create(&thread, NULL, flush_thread, &c), 0);
    for (int i = 1; i <= 2000; i++) {
        call(&c);
        assert_int_equal(seen(&c), i);
    }
    atomic_store(&c.over, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    flush(&c);
    assert_int_equal(fixture_sum(c.f, c.f->account, FILES), 2000);
    fixture_assert_equal(c.f);
    usage_calls_free(&c.calls);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_caller_sees_each_call_once_before_and_after_the_flush),
        CASE(a_flush_that_fails_loses_nothing),
        CASE(too_many_accounts_are_refused_and_known_ones_go_on),
        CASE(a_reader_during_flushes_never_sees_a_wrong_figure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
