/* Names of blobs, "UUID.suffix", and what they say: where a blob lies below the store's
 * folder. A name of version 4 is that of a file of its own; one of version 8 (RFC 9562,
 * section 5.8) is a place in a pack. Inside blob/ only; any thread. */
#ifndef BLOB_NAME_H
#define BLOB_NAME_H

#include <stdbool.h>
#include <stdint.h>
#include "blob/blob.h"

enum {
    BLOB_FOLDERS = 256,
    BLOB_PATH_SIZE = BLOB_NAME_SIZE + 8,
    PACK_PAGE_BYTES = 4096,       /* a blob in a pack begins at one of these */
    PACK_NAME_BYTES_MAX = 0xfffff /* the most that a name can say */
};

#define PACK_ID_MAX ((uint64_t)0xffffffffffff)

/* Where a blob lies in a pack. */
struct pack_place {
    uint64_t pack;  /* a random number up to PACK_ID_MAX */
    uint32_t page;  /* of PACK_PAGE_BYTES, 20 bits */
    uint32_t bytes; /* of the blob itself, up to PACK_NAME_BYTES_MAX */
};

/* 1 to 7 letters and digits. */
bool blob_suffix_is_valid(const char *text);
bool blob_name_is_valid(const char *name);

/* A new name of a file of its own in folder `folder`. */
void blob_name_make(char name[BLOB_NAME_SIZE], unsigned folder, const char *suffix);
/* The folder (below BLOB_FOLDERS) that such a name says. */
unsigned blob_name_folder(const char *name);
/* Paths below the store's folder: finished, and while it is being written. */
void blob_path(char path[BLOB_PATH_SIZE], const char *name);
void blob_path_unfinished(char path[BLOB_PATH_SIZE], const char *name);

/* A new name of a blob at `place`; no two are alike, also of one place. */
void blob_name_of_place(char name[BLOB_NAME_SIZE], const struct pack_place *place,
                        const char *suffix);
/* False for a name of a file of its own, and for what is no name. */
bool blob_name_place(const char *name, struct pack_place *ret);
/* "packs/" and the pack's twelve digits; false for a file name that is not of a pack. */
void pack_path(char path[BLOB_PATH_SIZE], uint64_t pack);
bool pack_of_file_name(const char *file_name, uint64_t *ret);

#endif
