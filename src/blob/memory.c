#include "blob/memory.h"

#include <stddef.h>
#include <sys/mman.h>
#include "blob/pack.h"

enum {
    TAKEN_MAX = 256, /* 64 MiB with the largest blobs */
    KEPT_MAX = 64,   /* when nobody wants them */
};

/* A block that nobody has. */
struct block {
    struct block *next;
};

void blob_memory_init(struct blob_memory *m)
{
    *m = (struct blob_memory){ .free = NULL };
    (void)pthread_mutex_init(&m->lock, NULL);
}

static void block_unmap(void *block)
{
    (void)munmap(block, PACK_BLOB_BYTES_MAX);
}

void blob_memory_release(struct blob_memory *m)
{
    while (m->free) {
        struct block *next = m->free->next;

        block_unmap(m->free);
        m->free = next;
    }
    (void)pthread_mutex_destroy(&m->lock);
}

/* The lock is not held while the kernel is asked. */
static unsigned char *block_map(struct blob_memory *m)
{
    void *block = mmap(NULL, PACK_BLOB_BYTES_MAX, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (block != MAP_FAILED)
        return block;
    (void)pthread_mutex_lock(&m->lock);
    m->taken_count--;
    (void)pthread_mutex_unlock(&m->lock);
    return NULL;
}

unsigned char *blob_memory_take(struct blob_memory *m)
{
    struct block *block;
    bool may_take;

    (void)pthread_mutex_lock(&m->lock);
    may_take = m->taken_count < TAKEN_MAX;
    m->taken_count += may_take;
    block = may_take ? m->free : NULL;
    if (block) {
        m->free = block->next;
        m->free_count--;
    }
    (void)pthread_mutex_unlock(&m->lock);
    if (block || !may_take)
        return (unsigned char *)block;
    return block_map(m);
}

void blob_memory_give_back(struct blob_memory *m, unsigned char *block)
{
    struct block *b = (struct block *)(void *)block;
    bool is_kept;

    if (!block)
        return;
    (void)pthread_mutex_lock(&m->lock);
    m->taken_count--;
    is_kept = m->free_count < KEPT_MAX;
    if (is_kept) {
        b->next = m->free;
        m->free = b;
        m->free_count++;
    }
    (void)pthread_mutex_unlock(&m->lock);
    if (!is_kept)
        block_unmap(block);
}
