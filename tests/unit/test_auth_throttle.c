#include "tests/unit/unit.h"

#include <pthread.h>
#include <stdio.h>
#include "auth/throttle.h"
#include "base/clock.h"

#define START (1000 * CLOCK_HOUR_US)

static struct throttle *made(int64_t limit, int64_t window_us, size_t keys)
{
    struct throttle *t = NULL;

    assert_int_equal(throttle_new(limit, window_us, keys, &t, NULL), 0);
    return t;
}

static int64_t retry_s;

static int count(struct throttle *t, const char *key, int64_t at_us)
{
    return throttle_count(t, view_of(key), at_us, &retry_s);
}

static void the_limit_holds_and_ends(void **state)
{
    (void)state;
    struct throttle *t = made(3, CLOCK_MINUTE_US, 64);

    for (int i = 0; i < 3; i++)
        assert_int_equal(count(t, "a", START + i), 0);
    assert_int_equal(count(t, "a", START + 3), ERR_THROTTLED);
    assert_true(retry_s >= 60 && retry_s <= 64);
    assert_int_equal(count(t, "b", START + 3), 0);
    assert_int_equal(count(t, "a", START + CLOCK_MINUTE_US - 1), ERR_THROTTLED);
    assert_int_equal(count(t, "a", START + 64 * CLOCK_SECOND_US), 0);
    throttle_free(&t);
    assert_null(t);
}

static void no_window_ever_holds_more_and_the_wait_is_true(void **state)
{
    (void)state;
    enum { LIMIT = 5 };
    struct throttle *t = made(LIMIT, CLOCK_MINUTE_US, 8);
    int64_t passed[LIMIT] = { 0 };
    int64_t now = START;
    unsigned seed = 1;

    for (int i = 0; i < 20000; i++) {
        seed = seed * 1103515245u + 12345u;
        now += seed >> 16 & 0x3fffff;
        if (count(t, "k", now) != 0) {
            now += retry_s * CLOCK_SECOND_US;
            assert_int_equal(count(t, "k", now), 0);
        }
        assert_true(passed[0] == 0 || now - passed[0] >= CLOCK_MINUTE_US);
        memmove(passed, passed + 1, sizeof passed - sizeof passed[0]);
        passed[LIMIT - 1] = now;
    }
    throttle_free(&t);
}

static void forgiving_takes_one_back(void **state)
{
    (void)state;
    struct throttle *t = made(1, CLOCK_MINUTE_US, 8);

    throttle_forgive(t, view_of("a"));
    assert_int_equal(count(t, "a", START), 0);
    assert_int_equal(count(t, "a", START), ERR_THROTTLED);
    throttle_forgive(t, view_of("a"));
    throttle_forgive(t, view_of("a"));
    assert_int_equal(count(t, "a", START), 0);
    assert_int_equal(count(t, "a", START), ERR_THROTTLED);
    throttle_free(&t);
}

static void a_flood_of_keys_frees_nobody(void **state)
{
    (void)state;
    struct throttle *t = made(4, CLOCK_MINUTE_US, 64);
    char key[32];

    for (int i = 0; i < 4; i++)
        assert_int_equal(count(t, "victim", START), 0);
    for (int i = 0; i < 100000; i++) {
        (void)snprintf(key, sizeof key, "made-up-%d", i);
        assert_int_equal(count(t, key, START + 1), 0);
    }
    assert_int_equal(count(t, "victim", START + 2), ERR_THROTTLED);
    throttle_free(&t);
}

static void odd_clocks_and_limits(void **state)
{
    (void)state;
    struct throttle *t = made(1, CLOCK_MINUTE_US, 8);
    struct throttle *none = made(0, CLOCK_MINUTE_US, 8);

    assert_int_equal(count(t, "a", START), 0);
    assert_int_equal(count(t, "a", START - CLOCK_DAY_US), ERR_THROTTLED);
    assert_int_equal(count(t, "a", -1), ERR_THROTTLED);
    assert_int_equal(count(t, "", -1), 0);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(count(none, "a", START), 0);
    throttle_free(&none);
    throttle_free(&t);
    throttle_free(&t);
    assert_int_equal(throttle_new(-1, CLOCK_MINUTE_US, 8, &t, NULL), ERR_INVALID);
    assert_int_equal(throttle_new(1, 1, 8, &t, NULL), ERR_INVALID);
}

static void *attempts(void *arg)
{
    intptr_t passed = 0;
    int64_t retry;

    for (int i = 0; i < 10000; i++)
        passed += throttle_count(arg, view_of("shared"), START, &retry) == 0;
    return (void *)passed;
}

static void threads_share_one_limit(void **state)
{
    (void)state;
    struct throttle *t = made(7777, CLOCK_MINUTE_US, 8);
    pthread_t threads[4];
    intptr_t sum = 0;

    for (size_t i = 0; i < UNIT_COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, attempts, t), 0);
    for (size_t i = 0; i < UNIT_COUNT(threads); i++) {
        void *passed;

        assert_int_equal(pthread_join(threads[i], &passed), 0);
        sum += (intptr_t)passed;
    }
    assert_int_equal(sum, 7777);
    throttle_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_limit_holds_and_ends),
        cmocka_unit_test(no_window_ever_holds_more_and_the_wait_is_true),
        cmocka_unit_test(forgiving_takes_one_back),
        cmocka_unit_test(a_flood_of_keys_frees_nobody),
        cmocka_unit_test(odd_clocks_and_limits),
        cmocka_unit_test(threads_share_one_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
