#include "tests/unit/unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>
#include "base/clock.h"
#include "jobs/progress.h"

struct self_remover {
    struct progress_board *board;
    int64_t id;
    int calls;
};

static atomic_int stop;

static void count_call(void *ctx)
{
    atomic_fetch_add((atomic_int *)ctx, 1);
}

static int open_board(void **state)
{
    return progress_board_new((struct progress_board **)state);
}

static int close_board(void **state)
{
    progress_board_free((struct progress_board **)state);
    return 0;
}

static void reports_are_read_and_forgotten_when_over(void **state)
{
    struct progress p = { 0 };

    assert_false(progress_read(*state, view_of("a"), &p));
    progress_report(*state, view_of("a"), (struct progress){ .permille = 10 });
    progress_report(*state, view_of("a"), (struct progress){ .permille = 250 });
    assert_true(progress_read(*state, view_of("a"), &p));
    assert_int_equal(p.permille, 250);
    assert_false(progress_read(*state, view_of("b"), &p));
    assert_false(progress_read(*state, (struct view){ NULL, 0 }, &p));
    progress_report(*state, view_of("a"), (struct progress){ 1000, true });
    assert_false(progress_read(*state, view_of("a"), &p));
}

static void listeners_of_the_job_are_called_until_they_unlisten(void **state)
{
    atomic_int calls = 0, others = 0;
    int64_t id, other_id;

    assert_int_equal(progress_listen(*state, view_of("a"), count_call, &calls, &id), 0);
    assert_int_equal(progress_listen(*state, view_of("b"), count_call, &others, &other_id),
                     0);
    progress_report(*state, view_of("a"), (struct progress){ .permille = 1 });
    progress_report(*state, view_of("a"), (struct progress){ 1000, true });
    assert_int_equal(calls, 2);
    progress_unlisten(*state, id);
    progress_unlisten(*state, id);
    progress_report(*state, view_of("a"), (struct progress){ .permille = 2 });
    assert_int_equal(calls, 2);
    assert_int_equal(others, 0);
}

static void remove_self(void *ctx)
{
    struct self_remover *r = ctx;

    r->calls++;
    progress_unlisten(r->board, r->id);
}

static void a_listener_may_unlisten_itself(void **state)
{
    struct self_remover r = { .board = *state };

    assert_int_equal(progress_listen(*state, view_of("a"), remove_self, &r, &r.id), 0);
    progress_report(*state, view_of("a"), (struct progress){ .permille = 1 });
    progress_report(*state, view_of("a"), (struct progress){ .permille = 2 });
    assert_int_equal(r.calls, 1);
}

static void listeners_are_bounded(void **state)
{
    atomic_int calls = 0;
    int64_t first, id;
    int rc, count = 0;

    assert_int_equal(progress_listen(*state, view_of("a"), count_call, &calls, &first), 0);
    while ((rc = progress_listen(*state, view_of("a"), count_call, &calls, &id)) == 0)
        assert_true(++count < 100000);
    assert_int_equal(rc, ERR_BUSY);
    progress_unlisten(*state, first);
    assert_int_equal(progress_listen(*state, view_of("a"), count_call, &calls, &id), 0);
}

static void jobs_are_bounded(void **state)
{
    char id[16];
    struct progress p;

    for (int i = 0; i < 5000; i++) {
        (void)snprintf(id, sizeof id, "%d", i);
        progress_report(*state, view_of(id), (struct progress){ .permille = 1 });
    }
    assert_true(progress_read(*state, view_of("0"), &p));
    assert_false(progress_read(*state, view_of("4999"), &p));
}

static void *report_until_stopped(void *board)
{
    while (!stop)
        progress_report(board, view_of("a"), (struct progress){ .permille = 1 });
    return NULL;
}

static void *listen_and_unlisten(void *board)
{
    for (int i = 0; i < 2000; i++) {
        atomic_int calls = 0;
        int64_t id;
        int seen;

        if (progress_listen(board, view_of("a"), count_call, &calls, &id) != 0)
            return board;
        while (i % 100 == 0 && calls == 0)
            usleep(10);
        progress_unlisten(board, id);
        seen = calls;
        if (i % 100 == 0)
            usleep(100);
        if (calls != seen)
            return board;
    }
    return NULL;
}

static void no_call_comes_after_unlisten_on_four_threads(void **state)
{
    pthread_t threads[4];
    void *fault;

    stop = 0;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL,
                                        i < 2 ? report_until_stopped : listen_and_unlisten,
                                        *state),
                         0);
    for (int i = 3; i >= 0; i--) {
        if (i == 1)
            stop = 1;
        assert_int_equal(pthread_join(threads[i], &fault), 0);
        assert_null(fault);
    }
}

static void *wait_for_work(void *board)
{
    progress_work_wait(board, 20 * CLOCK_SECOND_US);
    return NULL;
}

static void workers_wait_with_a_timeout_and_are_woken(void **state)
{
    const int64_t begin_us = clock_monotonic_us();
    pthread_t threads[4];

    progress_work_wait(*state, 30000);
    assert_true(clock_monotonic_us() - begin_us >= 30000);
    progress_work_ready(*state);
    progress_work_wait(*state, 20 * CLOCK_SECOND_US);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, wait_for_work, *state), 0);
    for (int i = 0; i < 4; i++)
        progress_work_ready(*state);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_true(clock_monotonic_us() - begin_us < 15 * CLOCK_SECOND_US);
}

#define BOARD_TEST(name) cmocka_unit_test_setup_teardown(name, open_board, close_board)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOARD_TEST(reports_are_read_and_forgotten_when_over),
        BOARD_TEST(listeners_of_the_job_are_called_until_they_unlisten),
        BOARD_TEST(a_listener_may_unlisten_itself),
        BOARD_TEST(listeners_are_bounded),
        BOARD_TEST(jobs_are_bounded),
        BOARD_TEST(no_call_comes_after_unlisten_on_four_threads),
        BOARD_TEST(workers_wait_with_a_timeout_and_are_woken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
