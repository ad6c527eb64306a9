#include "base/thread.h"

#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NICE_MAX = 19 };

int thread_start(pthread_t *ret, const char *name, void *(*run)(void *ctx), void *ctx)
{
    sigset_t all, before;
    pthread_t made; /* undefined after a failure, so not for the caller to see */
    int errnum;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    errnum = pthread_create(&made, NULL, run, ctx);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (errnum)
        return errnum;
    (void)pthread_setname_np(made, name);
    *ret = made;
    return 0;
}

/* struct sched_attr of sched_setattr(2), which this C library does not declare. */
struct share {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t turn_ns, deadline_ns, period_ns;
};

void thread_share(int nicer, unsigned turn_us)
{
    const int nice = getpriority(PRIO_PROCESS, 0) + nicer;
    const struct share share = { .size = sizeof share,
                                 .policy = SCHED_OTHER,
                                 .nice = nice < NICE_MAX ? nice : NICE_MAX,
                                 .turn_ns = (uint64_t)turn_us * 1000 };

    (void)syscall(SYS_sched_setattr, 0, &share, 0);
}
