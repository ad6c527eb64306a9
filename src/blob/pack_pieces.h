/* What pack.c and its settler (pack_settle.c) share: packs in use, and the blobs in them
 * that wait to be written. Whoever calls these holds the packs' lock. */
#ifndef BLOB_PACK_PIECES_H
#define BLOB_PACK_PIECES_H

#include "blob/pack.h"

/* A blob that has its place in a pack but is not written yet. */
struct piece {
    unsigned char *block;
    uint32_t page, pages;
    bool is_unwanted; /* removed while it was being written: goes when that is over */
    struct piece *next;
};

/* Its descriptor, and with it the lock, stays open while someone is writing. */
struct pack {
    int fd;
    uint64_t id;
    uint32_t end_page;
    unsigned users;
    bool has_failed; /* what its file holds cannot be told any more */
    bool is_unsettled;
    uint64_t last;              /* number of its newest blob */
    struct piece *first, **end; /* by page */
    struct pack *next;          /* of the unsettled ones */
};

/* The user that the caller is goes. */
void pack_let_go(struct pack *pack);
/* No more goes into it. The caller uses the pack. */
void pack_end(struct packs *p, struct pack *pack);
/* The settler writes it. */
void piece_add(struct packs *p, struct pack *pack, struct piece *piece);
/* True when a blob waits at that place or is being written, and then it never will be
 * there, or not for long. One that waited is the caller's to free. */
bool piece_drop(struct packs *p, const struct pack_place *place, struct piece **ret);
/* Needs no lock. */
void pieces_free(struct packs *p, struct piece *pieces);

/* The settler's thread, until p->is_ending. `packs` is the struct packs. */
void *packs_settle_thread(void *packs);

#endif
