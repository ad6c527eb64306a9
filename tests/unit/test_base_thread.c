#include "tests/unit/unit.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/thread.h"

/* As sched_getattr(2) fills it. */
struct attributes {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t turn_ns, deadline_ns, period_ns;
};

static uint64_t turn_ns(void)
{
    struct attributes a = { .size = sizeof a };

    assert_int_equal(syscall(SYS_sched_getattr, 0, &a, (unsigned)sizeof a, 0), 0);
    return a.turn_ns;
}

static void *turn_of_thread(void *ret)
{
    *(uint64_t *)ret = turn_ns();
    return NULL;
}

/* Kernels before 6.12 say 0 whatever was asked. */
static void a_thread_shares_as_the_one_that_started_it(void **state)
{
    const uint64_t usual_ns = turn_ns();
    uint64_t inherited_ns = 0;
    pthread_t thread;

    (void)state;
    thread_share(0, 200);
    assert_true(turn_ns() == 200000 || usual_ns == 0);
    assert_int_equal(thread_start(&thread, "shares", turn_of_thread, &inherited_ns), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(inherited_ns, turn_ns());
    thread_share(0, 0);
    assert_int_equal(turn_ns(), usual_ns);
}

static int exit_status(int nicer)
{
    const pid_t child = fork();
    int status;

    if (child == 0) {
        thread_share(nicer, 0);
        _exit(getpriority(PRIO_PROCESS, 0));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void niceness_is_added_up_to_the_most(void **state)
{
    const int now = getpriority(PRIO_PROCESS, 0);

    (void)state;
    assert_int_equal(exit_status(0), now);
    assert_int_equal(exit_status(3), now + 3 < 19 ? now + 3 : 19);
    assert_int_equal(exit_status(40), 19);
}

int __real_pthread_create(pthread_t *ret, const pthread_attr_t *attr,
                          void *(*run)(void *ctx), void *ctx);
int __wrap_pthread_create(pthread_t *ret, const pthread_attr_t *attr,
                          void *(*run)(void *ctx), void *ctx);

static bool is_full;

/* As the C library does, which names the thread before it finds that there cannot be one.
 */
int __wrap_pthread_create(pthread_t *ret, const pthread_attr_t *attr,
                          void *(*run)(void *ctx), void *ctx)
{
    if (!is_full)
        return __real_pthread_create(ret, attr, run, ctx);
    *ret = pthread_self();
    return EAGAIN;
}

static void a_thread_that_does_not_start_has_no_name(void **state)
{
    pthread_t thread = 0;

    (void)state;
    is_full = true;
    assert_int_equal(thread_start(&thread, "none", turn_of_thread, NULL), EAGAIN);
    is_full = false;
    assert_int_equal(thread, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thread_shares_as_the_one_that_started_it),
        cmocka_unit_test(a_thread_that_does_not_start_has_no_name),
        cmocka_unit_test(niceness_is_added_up_to_the_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
