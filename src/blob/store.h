/* What the parts of a blob store share: its folder and what is counted over all writers.
 * In the folder lie 00 to ff, finished files by the first two digits of their names; packs,
 * the files that hold many small blobs each (blob/pack.h); and tmp, files that are being
 * written, each locked by its writer. Inside blob/ only. */
#ifndef BLOB_STORE_H
#define BLOB_STORE_H

#include <stdatomic.h>
#include "blob/blob.h"
#include "blob/memory.h"
#include "blob/name.h"
#include "blob/pack.h"
#include "blob/shared_sync.h"

struct blob_store {
    int root_fd;
    int64_t reserve_bytes;
    struct shared_sync folders[BLOB_FOLDERS];
    struct packs packs;
    struct blob_memory memory;
    atomic_int hash_threads;
    atomic_uint made; /* blobs, from a random number on */
};

#endif
