/* A ZIP archive of files as they are (stored, not compressed), made while it is read:
 * nothing is kept in memory but names and headers, and its length is known beforehand.
 * Names are UTF-8; sizes and positions past 4 GiB are written as ZIP64. One thread at a
 * time. */
#ifndef BASE_ZIP_H
#define BASE_ZIP_H

#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

struct zip;

enum { ZIP_FILES_MAX = 1000, ZIP_NAME_MAX = 1024 };

struct zip_file {
    const char *name;    /* UTF-8, relative, at most ZIP_NAME_MAX bytes */
    int fd;              /* owned by the caller, open as long as the archive is read */
    int64_t bytes;       /* its length, which must not change */
    uint32_t crc;        /* zip_crc of it */
    int64_t modified_us; /* since the epoch; stored as UTC, to two seconds */
};

/* The CRC-32 of the first `bytes` of a file. ERR_IO, also when it is shorter. Reads it all.
 */
MUST_CHECK int zip_crc(int fd, int64_t bytes, uint32_t *ret);

/* Copies the names, borrows the descriptors. ERR_INVALID for more files or longer names
 * than there may be, ERR_NO_MEMORY. */
MUST_CHECK int zip_new(const struct zip_file *files, size_t count, struct zip **ret);
void zip_free(struct zip **zip); /* accepts NULL */
int64_t zip_bytes(const struct zip *zip);
/* Reads up to `max` bytes from `offset` on: their number, at least 1 before the end, 0 at
 * it, or ERR_IO. */
MUST_CHECK int64_t zip_read(const struct zip *zip, int64_t offset, char *to, size_t max);

#endif
