#include "blob/shared_sync.h"

void shared_sync_init(struct shared_sync *s)
{
    *s = (struct shared_sync){ .tickets = 0 };
    (void)pthread_mutex_init(&s->lock, NULL);
    (void)pthread_cond_init(&s->settled_now, NULL);
}

void shared_sync_release(struct shared_sync *s)
{
    (void)pthread_cond_destroy(&s->settled_now);
    (void)pthread_mutex_destroy(&s->lock);
}

/* The caller holds the lock, which is given up meanwhile. */
static void sync_for_all(struct shared_sync *s, int (*sync)(void *ctx), void *ctx)
{
    const uint64_t upto = s->tickets;
    int errnum;

    s->is_syncing = true;
    (void)pthread_mutex_unlock(&s->lock);
    errnum = sync(ctx);
    (void)pthread_mutex_lock(&s->lock);
    s->is_syncing = false;
    s->settled = upto;
    if (errnum) {
        s->failed_through = upto;
        s->errnum = errnum;
    }
    (void)pthread_cond_broadcast(&s->settled_now);
}

int shared_sync_run(struct shared_sync *s, int (*sync)(void *ctx), void *ctx)
{
    uint64_t ticket;
    int errnum;

    (void)pthread_mutex_lock(&s->lock);
    ticket = ++s->tickets;
    while (s->settled < ticket) {
        if (s->is_syncing)
            (void)pthread_cond_wait(&s->settled_now, &s->lock);
        else
            sync_for_all(s, sync, ctx);
    }
    errnum = ticket <= s->failed_through ? s->errnum : 0;
    (void)pthread_mutex_unlock(&s->lock);
    return errnum;
}
