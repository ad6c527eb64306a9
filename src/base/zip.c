#include "base/zip.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>
#include "base/buf.h"
#include "base/clock.h"

enum {
    PIECE_BYTES = 128 << 10,
    HEADERS_BYTES_MAX = 16 << 20,
    VERSION = 20,
    VERSION_64 = 45,
    MADE_ON_UNIX = 3 << 8,
    FLAG_UTF8 = 0x800,
    EXTRA_64 = 1,
    MODE = 0100644,
};

static const int64_t LARGE = 0xffffffff; /* from here on the 64-bit field counts */

/* Headers or one file's content: the archive is a row of them. */
struct part {
    int64_t at, bytes; /* in the archive */
    int fd;            /* -1: of the headers, from header_at on */
    size_t header_at;
};

struct zip {
    struct buf headers;
    int64_t bytes;
    size_t parts_count;
    struct part parts[2 * ZIP_FILES_MAX + 1];
};

int zip_crc(int fd, int64_t bytes, uint32_t *ret)
{
    unsigned char *piece = malloc(PIECE_BYTES);
    uLong crc = crc32(0, NULL, 0);
    int64_t at = 0;

    if (!piece)
        return ERR_NO_MEMORY;
    while (at < bytes) {
        const int64_t left = bytes - at;
        const ssize_t got = pread(fd, piece,
                                  left < PIECE_BYTES ? (size_t)left : PIECE_BYTES, at);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        crc = crc32(crc, piece, (uInt)got);
        at += got;
    }
    free(piece);
    if (at < bytes)
        return ERR_IO;
    *ret = (uint32_t)crc;
    return 0;
}

/* ---- headers ---- */

static void put(struct buf *b, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        buf_add_char(b, (char)(value >> (8 * i) & 0xff));
}

/* Size or position: the value, or the mark that the 64-bit field has it. */
static void put_32(struct buf *b, int64_t value)
{
    put(b, (uint64_t)(value < LARGE ? value : LARGE), 4);
}

/* What local and central headers share, from the flags to the sizes. */
static void put_common(struct buf *b, const struct zip_file *f)
{
    const time_t seconds = (time_t)(f->modified_us / CLOCK_SECOND_US);
    struct tm t = { .tm_year = 80, .tm_mday = 1 };
    struct tm utc;

    if (gmtime_r(&seconds, &utc) && utc.tm_year >= 80 && utc.tm_year < 80 + 128)
        t = utc;
    put(b, FLAG_UTF8, 2);
    put(b, 0, 2); /* stored */
    put(b, (uint64_t)(t.tm_hour << 11 | t.tm_min << 5 | t.tm_sec / 2), 2);
    put(b, (uint64_t)((t.tm_year - 80) << 9 | (t.tm_mon + 1) << 5 | t.tm_mday), 2);
    put(b, f->crc, 4);
    put_32(b, f->bytes);
    put_32(b, f->bytes);
    put(b, strlen(f->name), 2);
}

static void local_header(struct buf *b, const struct zip_file *f)
{
    const bool is_large = f->bytes >= LARGE;

    put(b, 0x04034b50, 4);
    put(b, is_large ? VERSION_64 : VERSION, 2);
    put_common(b, f);
    put(b, is_large ? 20 : 0, 2);
    buf_add_text(b, f->name);
    if (is_large) {
        put(b, EXTRA_64, 2);
        put(b, 16, 2);
        put(b, (uint64_t)f->bytes, 8);
        put(b, (uint64_t)f->bytes, 8);
    }
}

static void central_header(struct buf *b, const struct zip_file *f, int64_t at)
{
    const int extra = (f->bytes >= LARGE ? 16 : 0) + (at >= LARGE ? 8 : 0);

    put(b, 0x02014b50, 4);
    put(b, MADE_ON_UNIX | VERSION_64, 2);
    put(b, extra ? VERSION_64 : VERSION, 2);
    put_common(b, f);
    put(b, extra ? (uint64_t)extra + 4 : 0, 2);
    put(b, 0, 2); /* no comment */
    put(b, 0, 2); /* the first and only disk */
    put(b, 0, 2);
    put(b, (uint64_t)MODE << 16, 4);
    put_32(b, at);
    buf_add_text(b, f->name);
    if (extra) {
        put(b, EXTRA_64, 2);
        put(b, (uint64_t)extra, 2);
    }
    if (f->bytes >= LARGE) {
        put(b, (uint64_t)f->bytes, 8);
        put(b, (uint64_t)f->bytes, 8);
    }
    if (at >= LARGE)
        put(b, (uint64_t)at, 8);
}

static void directory_end(struct buf *b, size_t count, int64_t at, int64_t bytes)
{
    if (at >= LARGE || bytes >= LARGE) {
        put(b, 0x06064b50, 4);
        put(b, 44, 8); /* what follows of this record */
        put(b, MADE_ON_UNIX | VERSION_64, 2);
        put(b, VERSION_64, 2);
        put(b, 0, 8); /* disks */
        put(b, count, 8);
        put(b, count, 8);
        put(b, (uint64_t)bytes, 8);
        put(b, (uint64_t)at, 8);
        put(b, 0x07064b50, 4);
        put(b, 0, 4);
        put(b, (uint64_t)(at + bytes), 8);
        put(b, 1, 4);
    }
    put(b, 0x06054b50, 4);
    put(b, 0, 4); /* disks */
    put(b, count, 2);
    put(b, count, 2);
    put_32(b, bytes);
    put_32(b, at);
    put(b, 0, 2); /* no comment */
}

/* ---- the archive ---- */

static void part_add(struct zip *z, int fd, size_t header_at, int64_t bytes)
{
    z->parts[z->parts_count++] = (struct part){ z->bytes, bytes, fd, header_at };
    z->bytes += bytes;
}

static void parts_make(struct zip *z, const struct zip_file *files, size_t count,
                       int64_t positions[])
{
    struct buf *b = &z->headers;
    size_t before = 0;
    int64_t directory_at;

    for (size_t i = 0; i < count; i++) {
        positions[i] = z->bytes;
        before = b->len;
        local_header(b, &files[i]);
        part_add(z, -1, before, (int64_t)(b->len - before));
        part_add(z, files[i].fd, 0, files[i].bytes);
    }
    directory_at = z->bytes;
    before = b->len;
    for (size_t i = 0; i < count; i++)
        central_header(b, &files[i], positions[i]);
    directory_end(b, count, directory_at, (int64_t)(b->len - before));
    part_add(z, -1, before, (int64_t)(b->len - before));
}

int zip_new(const struct zip_file *files, size_t count, struct zip **ret)
{
    int64_t positions[ZIP_FILES_MAX];
    struct zip *z;

    if (count > ZIP_FILES_MAX)
        return ERR_INVALID;
    for (size_t i = 0; i < count; i++) {
        if (strlen(files[i].name) > ZIP_NAME_MAX || files[i].bytes < 0)
            return ERR_INVALID;
    }
    z = calloc(1, sizeof *z);
    if (!z)
        return ERR_NO_MEMORY;
    buf_init(&z->headers, HEADERS_BYTES_MAX);
    parts_make(z, files, count, positions);
    if (z->headers.error) {
        zip_free(&z);
        return ERR_NO_MEMORY;
    }
    *ret = z;
    return 0;
}

void zip_free(struct zip **zip)
{
    if (!*zip)
        return;
    buf_release(&(*zip)->headers);
    free(*zip);
    *zip = NULL;
}

int64_t zip_bytes(const struct zip *zip)
{
    return zip->bytes;
}

int64_t zip_read(const struct zip *zip, int64_t offset, char *to, size_t max)
{
    const struct part *p = zip->parts, *end = zip->parts + zip->parts_count;
    int64_t from, len;
    ssize_t got;

    while (p < end && offset >= p->at + p->bytes)
        p++;
    if (p == end || offset < 0 || max == 0)
        return 0;
    from = offset - p->at;
    len = p->bytes - from < (int64_t)max ? p->bytes - from : (int64_t)max;
    if (p->fd < 0) {
        memcpy(to, zip->headers.data + p->header_at + from, (size_t)len);
        return len;
    }
    do {
        got = pread(p->fd, to, (size_t)len, from);
    } while (got < 0 && errno == EINTR);
    return got > 0 ? got : ERR_IO;
}
