/* Where small blobs are held until they are committed: blocks of memory that begin at a
 * page, with room for a pack's header (blob/pack.h) before the blob's bytes, so that one
 * write without a copy takes both to the disk. A block goes from one writer to the next:
 * the kernel takes more time to give a page than to fill it. Inside blob/ only; any thread.
 */
#ifndef BLOB_MEMORY_H
#define BLOB_MEMORY_H

#include <pthread.h>

struct block;

struct blob_memory {
    pthread_mutex_t lock;
    struct block *free;
    int free_count, taken_count;
};

void blob_memory_init(struct blob_memory *m);
/* There are no writers any more. */
void blob_memory_release(struct blob_memory *m);

/* A block of PACK_BLOB_BYTES_MAX, the caller's until it gives it back; what it holds is
 * undefined. NULL when too many are taken, or for want of memory. */
unsigned char *blob_memory_take(struct blob_memory *m);
/* Accepts NULL. */
void blob_memory_give_back(struct blob_memory *m, unsigned char *block);

#endif
