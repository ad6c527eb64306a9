#include "tests/unit/unit.h"

#include <semaphore.h>
#include <stdatomic.h>
#include "base/pool.h"

static atomic_int runs;

static void count_run(struct pool_task *task)
{
    (void)task;
    atomic_fetch_add(&runs, 1);
}

static void everything_queued_is_run_before_the_stop_ends(void **state)
{
    struct pool_task tasks[1000];
    struct pool *p = NULL;

    (void)state;
    atomic_store(&runs, 0);
    assert_int_equal(pool_start("test", 4, 1000, &p, NULL), 0);
    for (size_t i = 0; i < UNIT_COUNT(tasks); i++) {
        tasks[i].run = count_run;
        assert_int_equal(pool_submit(p, &tasks[i]), 0);
    }
    pool_stop(&p);
    assert_null(p);
    assert_int_equal(atomic_load(&runs), 1000);
    pool_stop(&p);
}

struct gate {
    struct pool_task task; /* first */
    sem_t entered, leave;
};

static void gate_run(struct pool_task *task)
{
    struct gate *g = (struct gate *)(void *)task;

    (void)sem_post(&g->entered);
    (void)sem_wait(&g->leave);
}

static void a_full_queue_is_busy(void **state)
{
    struct gate gate = { .task = { .run = gate_run } };
    struct pool_task tasks[3] = { { .run = count_run },
                                  { .run = count_run },
                                  { .run = count_run } };
    struct pool *p = NULL;

    (void)state;
    atomic_store(&runs, 0);
    (void)sem_init(&gate.entered, 0, 0);
    (void)sem_init(&gate.leave, 0, 0);
    assert_int_equal(pool_start("test", 1, 2, &p, NULL), 0);
    assert_int_equal(pool_submit(p, &gate.task), 0);
    (void)sem_wait(&gate.entered);
    assert_int_equal(pool_submit(p, &tasks[0]), 0);
    assert_int_equal(pool_submit(p, &tasks[1]), 0);
    assert_int_equal(pool_submit(p, &tasks[2]), ERR_BUSY);
    (void)sem_post(&gate.leave);
    pool_stop(&p);
    assert_int_equal(atomic_load(&runs), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_queued_is_run_before_the_stop_ends),
        cmocka_unit_test(a_full_queue_is_busy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
