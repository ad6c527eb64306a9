#include "blob/pack_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "blob/fs.h"

enum { PIECE_BYTES = 64 << 10 };

#define HEADER_FORMAT "whazz-blob 1 %s %" PRId64 "\n"

uint32_t pack_pages(int64_t blob_bytes)
{
    return (uint32_t)((PACK_HEADER_BYTES + blob_bytes + PACK_PAGE_BYTES - 1) /
                      PACK_PAGE_BYTES);
}

static int64_t offset_of(uint32_t page)
{
    return (int64_t)page * PACK_PAGE_BYTES;
}

bool pack_holes_are_possible(int root_fd)
{
    const int fd = openat(root_fd, "packs", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
    bool are_possible;

    if (fd < 0)
        return false;
    are_possible = fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
                             PACK_PAGE_BYTES) == 0;
    (void)close(fd);
    return are_possible;
}

int pack_file_create(int root_fd, uint64_t id, int *ret_fd)
{
    char path[BLOB_PATH_SIZE];
    int fd, errnum;

    pack_path(path, id);
    fd = openat(root_fd, path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno;
    /* A hint: past the page cache, whose new pages cost more than the writing. */
    (void)fcntl(fd, F_SETFL, O_DIRECT);
    errnum = fs_lock(fd);
    if (!errnum)
        errnum = fs_folder_sync(root_fd, "packs");
    if (errnum) {
        (void)unlinkat(root_fd, path, 0);
        (void)close(fd);
        return errnum;
    }
    *ret_fd = fd;
    return 0;
}

/* ---- headers ---- */

void pack_header_make(char header[PACK_HEADER_BYTES], const char *name, int64_t made_us)
{
    memset(header, 0, PACK_HEADER_BYTES);
    (void)snprintf(header, PACK_HEADER_BYTES, HEADER_FORMAT, name, made_us);
}

static int read_all(int fd, void *to, size_t len, int64_t at)
{
    char *next = to;

    while (len > 0) {
        const ssize_t got = pread(fd, next, len, at);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? errno : ENOENT;
        next += got;
        at += got;
        len -= (size_t)got;
    }
    return 0;
}

static int write_all(int fd, const void *bytes, size_t len, int64_t at)
{
    const char *next = bytes;

    while (len > 0) {
        const ssize_t put = pwrite(fd, next, len, at);

        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return put < 0 ? errno : EIO;
        next += put;
        at += put;
        len -= (size_t)put;
    }
    return 0;
}

bool pack_header_read(int fd, uint64_t id, uint32_t page, char name[BLOB_NAME_SIZE],
                      int64_t *ret_made_us, struct pack_place *ret_place)
{
    char header[PACK_HEADER_BYTES + 1] = "", again[PACK_HEADER_BYTES];

    if (read_all(fd, header, PACK_HEADER_BYTES, offset_of(page)) != 0 ||
        sscanf(header, "whazz-blob 1 %44s %" SCNd64, name, ret_made_us) != 2)
        return false;
    pack_header_make(again, name, *ret_made_us);
    return memcmp(header, again, PACK_HEADER_BYTES) == 0 &&
           blob_name_place(name, ret_place) && ret_place->pack == id &&
           ret_place->page == page;
}

int pack_file_has(int fd, const char *name, const struct pack_place *place)
{
    char found[BLOB_NAME_SIZE];
    struct pack_place its_place;
    int64_t made_us;

    return pack_header_read(fd, place->pack, place->page, found, &made_us, &its_place) &&
                   strcmp(found, name) == 0
               ? 0
               : ENOENT;
}

/* ---- bytes ---- */

/* What is left of the parts after `len` bytes more were written. */
static void parts_skip(struct iovec **parts, int *count, size_t len)
{
    while (*count > 0 && len >= (*parts)->iov_len) {
        len -= (*parts)->iov_len;
        (*parts)++;
        (*count)--;
    }
    if (*count > 0) {
        (*parts)->iov_base = (char *)(*parts)->iov_base + len;
        (*parts)->iov_len -= len;
    }
}

int pack_file_write(int fd, uint32_t page, struct iovec *parts, int count)
{
    int64_t at = offset_of(page);

    while (count > 0) {
        const ssize_t put = pwritev(fd, parts, count, at);

        /* What a file system wants of direct writes may be more than our pages are. */
        if (put < 0 && errno == EINVAL && fcntl(fd, F_GETFL) & O_DIRECT &&
            fcntl(fd, F_SETFL, 0) == 0)
            continue;
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return put < 0 ? errno : EIO;
        at += put;
        parts_skip(&parts, &count, (size_t)put);
    }
    return 0;
}

/* By way of a buffer on the stack: mapping the bytes, or asking for so much memory anew,
 * costs more than copying them. */
static int copy_into(int fd, const struct pack_place *place, int to_fd)
{
    _Alignas(PACK_PAGE_BYTES) char piece[PIECE_BYTES];
    int errnum = 0;

    for (uint32_t done = 0; done < place->bytes && !errnum;) {
        const uint32_t left = place->bytes - done;
        const uint32_t len = left < sizeof piece ? left : sizeof piece;

        errnum = read_all(fd, piece, len,
                          offset_of(place->page) + PACK_HEADER_BYTES + done);
        if (!errnum)
            errnum = write_all(to_fd, piece, len, done);
        done += len;
    }
    return errnum;
}

int pack_file_copy(int fd, const struct pack_place *place, int *ret_fd)
{
    const int copy_fd = memfd_create("whazz-blob", MFD_CLOEXEC);
    int errnum;

    if (copy_fd < 0)
        return errno;
    errnum = copy_into(fd, place, copy_fd);
    if (errnum)
        (void)close(copy_fd);
    else
        *ret_fd = copy_fd;
    return errnum;
}

/* ---- holes ---- */

int pack_file_clear(int fd, uint32_t page, uint32_t pages)
{
    return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset_of(page),
                     offset_of(pages)) < 0
               ? errno
               : 0;
}

int pack_file_next(int fd, uint32_t from, uint32_t *ret_page)
{
    const off_t at = lseek(fd, offset_of(from), SEEK_DATA);

    if (at < 0)
        return errno;
    *ret_page = (uint32_t)(at / PACK_PAGE_BYTES);
    return 0;
}

int pack_file_remove_empty(int root_fd, int fd, uint64_t id)
{
    char path[BLOB_PATH_SIZE];
    uint32_t page;
    const int errnum = pack_file_next(fd, 0, &page);

    if (errnum != ENXIO)
        return errnum;
    pack_path(path, id);
    return unlinkat(root_fd, path, 0) < 0 && errno != ENOENT ? errno : 0;
}
