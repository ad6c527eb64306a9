/* What the parts of a blob store share: its folder and what is counted over all writers.
 * The folder has 00 .. ff  finished files, by the first two digits of their names packs
 * files that hold many small blobs each (blob/pack.h) tmp       files that are being
 * written, each locked by its writer Inside blob/ only. */
#ifndef BLOB_STORE_H
#define BLOB_STORE_H

#include <stdatomic.h>
#include "blob/blob.h"
#include "blob/name.h"
#include "blob/pack.h"
#include "blob/shared_sync.h"

struct blob_store {
    int root_fd;
    int64_t reserve_bytes;
    struct shared_sync folders[BLOB_FOLDERS];
    struct packs packs;
    atomic_int hash_threads;
    atomic_int in_memory; /* writers that hold their bytes in memory */
    atomic_uint made;     /* blobs, from a random number on */
};

#endif
