/* Packs: files that hold many small blobs each. Making a file and its name costs more than
 * writing 100 kB into one that exists (docs/benchmarks.md), and blobs that arrive at the
 * same time share one sync.
 *
 * A blob begins at a page with a header of PACK_HEADER_BYTES that repeats its name; its
 * bytes follow. Its name says pack, page and length (blob/name.h), so nothing else keeps a
 * list. A pack is appended to by one process, which holds its lock until it is full or the
 * process ends, and never again. A blob that is removed becomes a hole, which gives its
 * blocks back; a pack with nothing but holes is removed. (Haystack, Beaver et al., OSDI
 * 2010, keeps photos that way, with a list in memory.)
 *
 * A thread, the settler, writes what was appended and makes it durable, all that waits in
 * one go: while others still come and transactions are applied. Inside blob/ only; any
 * thread. */
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
    pthread_t settler;                /* runs where packs are possible */
    pthread_mutex_t lock;             /* over what follows */
    pthread_cond_t appended, settled; /* something was */
    bool is_ending;
    struct pack *open;                       /* the one that is appended to; may be NULL */
    struct pack *unsettled, **unsettled_end; /* those with blobs that wait, oldest first */
    struct piece *written; /* what is being written, of one pack; changed by the settler */
    uint64_t written_pack;
    /* Blobs are numbered as they are appended. */
    uint64_t last, last_settled, last_failed;
    uint64_t first_relied, last_relied; /* since the last packs_settle(); 0: none */
    int failed_errnum;                  /* of last_failed */
};

/* What its writer has of a blob in a pack. */
struct pack_ticket {
    struct pack *pack; /* NULL: none */
    uint64_t number;
};

enum {
    PACK_HEADER_BYTES = 128,
    /* Header, blob and the rest of its last page. */
    PACK_BLOB_BYTES_MAX = BLOB_SMALL_BYTES_MAX + PACK_PAGE_BYTES,
};

/* `root_fd` is the store's folder, which has a folder "packs"; blocks of `memory` hold what
 * waits to be written. Packs are not possible where the file system cannot make holes. */
void packs_init(struct packs *p, int root_fd, struct blob_memory *memory);
/* Writes what still waits. There are no other callers any more. */
void packs_release(struct packs *p);

/* Gives a blob of `len` bytes, up to BLOB_SMALL_BYTES_MAX, its place in a pack, where the
 * settler writes it. It lies in `block`, of the packs' memory, after PACK_HEADER_BYTES; the
 * block becomes the packs'. Fills the blob's name and a ticket, which keeps its pack in use
 * until packs_let_go(). 0 or an errno; then the block is still the caller's. */
int packs_append(struct packs *p, unsigned char *block, size_t len, const char *suffix,
                 char name[BLOB_NAME_SIZE], struct pack_ticket *ret);
/* Accepts one without a pack. */
void packs_let_go(struct packs *p, struct pack_ticket *ticket);
/* The next packs_settle() waits for this blob. EIO when its bytes may be lost already. */
int packs_rely(struct packs *p, const struct pack_ticket *ticket);
/* Waits until every blob that was relied on since the last call is durable. 0, or the errno
 * of a failure that may have been theirs; nothing remains of what could not be written. */
int packs_settle(struct packs *p);
/* A copy of a blob in memory, as a descriptor that is the caller's. ERR_NOT_FOUND. */
MUST_CHECK int packs_blob_open(struct packs *p, const char *name, int *ret_fd,
                               int64_t *ret_bytes, struct err *reterr);
/* 0 also when there is none. One that waits is never written; one that is just being
 * written goes right after that, and is not waited for. */
MUST_CHECK int packs_blob_remove(struct packs *p, const char *name, struct err *reterr);

/* Looks through the packs that no process appends to: removes what no whole blob is, blobs
 * made before `older_than_us` for which `is_owned` (0, or an error that ends it) says
 * false, and empty packs. Adds to *ret_removed. */
MUST_CHECK int packs_sweep(struct packs *p, int64_t older_than_us,
                           int (*is_owned)(void *ctx, const char *name, bool *ret),
                           void *ctx, int64_t *ret_removed, struct err *reterr);

#endif
