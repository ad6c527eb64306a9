#include "base/thread.h"

#include <signal.h>

int thread_start(pthread_t *ret, const char *name, void *(*run)(void *ctx), void *ctx)
{
    sigset_t all, before;
    int errnum;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    errnum = pthread_create(ret, NULL, run, ctx);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (errnum == 0)
        (void)pthread_setname_np(*ret, name);
    return errnum;
}
