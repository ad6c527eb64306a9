/* Packs: files that hold many small blobs each. Making a file and its name costs more than
 * writing 100 kB into one that exists (docs/benchmarks.md), and blobs that arrive at the
 * same time share one sync.
 *
 * A blob begins at a page with a header of PACK_HEADER_BYTES that repeats its name; its
 * bytes follow. Its name says pack, page and length (blob/name.h), so nothing else keeps a
 * list. A pack is appended to by one process, which holds its lock until it is full or the
 * process ends, and never again. A blob that is removed becomes a hole, which gives its
 * blocks back; a pack with nothing but holes is removed. (Haystack, Beaver et al., OSDI
 * 2010, keeps photos that way, with a list in memory.) Inside blob/ only; any thread. */
#ifndef BLOB_PACK_H
#define BLOB_PACK_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "blob/blob.h"
#include "blob/memory.h"
#include "blob/name.h"

struct pack;
struct piece;

struct packs {
    int root_fd;                /* borrowed */
    struct blob_memory *memory; /* borrowed */
    bool are_possible;
    pthread_mutex_t settling; /* held while blobs are written; taken before the lock */
    pthread_mutex_t lock;     /* over what follows */
    struct pack *open;        /* the one that is appended to; may be NULL */
    struct pack *unsettled;   /* those with blobs that are not on the disk yet */
    struct piece *written; /* what is being written, of one pack; changed by the settling */
    uint64_t written_pack;
};

enum {
    PACK_HEADER_BYTES = 128,
    /* Header, blob and the rest of its last page. */
    PACK_BLOB_BYTES_MAX = BLOB_SMALL_BYTES_MAX + PACK_PAGE_BYTES,
};

/* `root_fd` is the store's folder, which has a folder "packs"; blocks of `memory` hold what
 * waits to be written. Packs are not possible where the file system cannot make holes. */
void packs_init(struct packs *p, int root_fd, struct blob_memory *memory);
/* Waits for nobody: there are no other callers any more. */
void packs_release(struct packs *p);

/* Gives a blob of `len` bytes, up to BLOB_SMALL_BYTES_MAX, its place in a pack, where the
 * next packs_settle() writes it. It lies in `block`, of the packs' memory, after
 * PACK_HEADER_BYTES; the block becomes the packs'. Fills the blob's name and makes the
 * caller a user of the pack, until packs_let_go(). 0 or an errno; then the block is still
 * the caller's. */
int packs_append(struct packs *p, unsigned char *block, size_t len, const char *suffix,
                 char name[BLOB_NAME_SIZE], struct pack **ret);
/* Accepts NULL. */
void packs_let_go(struct packs *p, struct pack *pack);
/* Writes all that was appended before, and makes it durable; blocks. 0 or an errno, and
 * then nothing remains of what was to be written, and pack_has_failed() is true of every
 * pack whose bytes may be lost. */
int packs_settle(struct packs *p);
bool pack_has_failed(const struct pack *pack);
/* A copy of a blob in memory, as a descriptor that is the caller's. ERR_NOT_FOUND. */
MUST_CHECK int packs_blob_open(struct packs *p, const char *name, int *ret_fd,
                               int64_t *ret_bytes, struct err *reterr);
/* 0 also when there is none. Of one that was not written yet nothing is. */
MUST_CHECK int packs_blob_remove(struct packs *p, const char *name, struct err *reterr);

/* Looks through the packs that no process appends to: removes what no whole blob is, blobs
 * made before `older_than_us` for which `is_owned` (0, or an error that ends it) says
 * false, and empty packs. Adds to *ret_removed. */
MUST_CHECK int packs_sweep(struct packs *p, int64_t older_than_us,
                           int (*is_owned)(void *ctx, const char *name, bool *ret),
                           void *ctx, int64_t *ret_removed, struct err *reterr);

#endif
