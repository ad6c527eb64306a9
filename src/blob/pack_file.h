/* One file of a pack, and the header of a blob in it: a line of text that repeats the
 * blob's name and says when it was made, in PACK_HEADER_BYTES filled with zeros. Functions
 * that return int return 0 or an errno. Inside blob/ only; any thread. */
#ifndef BLOB_PACK_FILE_H
#define BLOB_PACK_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>
#include "blob/name.h"
#include "blob/pack.h"

/* Whether the file system of the store's folder can make holes in files. */
bool pack_holes_are_possible(int root_fd);
/* A new and locked file whose name is durable. EEXIST for an id that is taken. */
int pack_file_create(int root_fd, uint64_t id, int *ret_fd);

void pack_header_make(char header[PACK_HEADER_BYTES], const char *name, int64_t made_us);
/* Reads the header at `page`: false where none is that belongs there, in pack `id`. */
bool pack_header_read(int fd, uint64_t id, uint32_t page, char name[BLOB_NAME_SIZE],
                      int64_t *ret_made_us, struct pack_place *ret_place);

/* How many pages a blob of so many bytes takes. */
uint32_t pack_pages(int64_t blob_bytes);
/* Writes one part after the other, from `page` on: whole pages each, in memory too. The
 * parts are used up. */
int pack_file_write(int fd, uint32_t page, struct iovec *parts, int count);
/* ENOENT when another blob or none is at the place that `name` says. */
int pack_file_has(int fd, const char *name, const struct pack_place *place);
/* The blob's bytes in a file of memory; *ret_fd is the caller's, at its beginning. */
int pack_file_copy(int fd, const struct pack_place *place, int *ret_fd);
/* Makes a hole of these pages. */
int pack_file_clear(int fd, uint32_t page, uint32_t pages);
/* The first page from `from` on that is no hole; ENXIO when there is none. */
int pack_file_next(int fd, uint32_t from, uint32_t *ret_page);
/* Removes the file if it has nothing but holes; the caller holds its lock. */
int pack_file_remove_empty(int root_fd, int fd, uint64_t id);

#endif
