/* One sync to the disk, of a folder's names, that stands for all who asked before it began.
 * Inside blob/ only; any thread. */
#ifndef BLOB_SHARED_SYNC_H
#define BLOB_SHARED_SYNC_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct shared_sync {
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t settled_now;
    uint64_t tickets, settled, failed_through;
    int errnum;
    bool is_syncing;
};

void shared_sync_init(struct shared_sync *s);
void shared_sync_release(struct shared_sync *s);
/* Returns once a call of `sync(ctx)` (0 or an errno) that began after this one has ended,
 * by this thread or another: its result. A failed one fails all that it stood for, since
 * the kernel tells of such a fault once. Blocks. */
int shared_sync_run(struct shared_sync *s, int (*sync)(void *ctx), void *ctx);

#endif
