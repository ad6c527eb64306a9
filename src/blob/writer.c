#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "blob/fs.h"
#include "blob/hasher.h"
#include "blob/store.h"

enum {
    FOLDER_RUN = 256, /* blobs in a row that go into one folder */
    RESCAN_PIECE_BYTES = 256 * 1024,
    WRITE_BACK_BYTES = 4 * 1024 * 1024,
    ROOM_CHECK_BYTES = 1024 * 1024,
    OPEN_ATTEMPTS_MAX = 16,
};

struct blob_writer {
    struct hasher hasher;
    struct blob_store *store;
    unsigned char *block; /* after room for a header the bytes; NULL: they are in a file */
    int fd;               /* of the unfinished file, or -1 */
    int64_t bytes, bytes_max, flushed_bytes, room_checked_bytes;
    bool has_failed, is_committed;
    struct pack_ticket ticket; /* of a small one that was committed */
    char suffix[BLOB_NAME_SIZE - UUID_TEXT_SIZE];
    char name[BLOB_NAME_SIZE];
};

/* Makes and locks the file. A sweep may take it between the two steps: *ret_taken. */
static int create_locked(struct blob_writer *w, bool *ret_taken)
{
    char path[BLOB_PATH_SIZE];
    struct stat st;
    int errnum;

    blob_path_unfinished(path, w->name);
    w->fd = openat(w->store->root_fd, path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (w->fd < 0)
        return errno;
    errnum = fs_lock(w->fd);
    if (!errnum && fstat(w->fd, &st) < 0)
        errnum = errno;
    *ret_taken = !errnum && st.st_nlink == 0;
    if (errnum)
        (void)unlinkat(w->store->root_fd, path, 0);
    if (errnum || *ret_taken) {
        (void)close(w->fd);
        w->fd = -1;
    }
    return errnum;
}

/* Blobs that are made at the same time share a folder, and so the sync of their names. */
static int file_begin(struct blob_writer *w)
{
    bool is_taken = true;
    int errnum = 0;

    for (int i = 0; i < OPEN_ATTEMPTS_MAX && is_taken && !errnum; i++) {
        blob_name_make(w->name, atomic_fetch_add(&w->store->made, 1) / FOLDER_RUN,
                       w->suffix);
        errnum = create_locked(w, &is_taken);
    }
    return is_taken && !errnum ? EAGAIN : errnum;
}

/* False when a file of its own it must be. */
static bool memory_begin(struct blob_writer *w)
{
    if (!w->store->packs.are_possible || w->bytes_max > BLOB_SMALL_BYTES_MAX)
        return false;
    w->block = blob_memory_take(&w->store->memory);
    return w->block != NULL;
}

static int writer_open(struct blob_store *store, const char *suffix, int64_t bytes_max,
                       struct blob_writer **ret, struct err *reterr)
{
    struct blob_writer *w;
    int errnum;

    if (!blob_suffix_is_valid(suffix))
        return err_set(reterr, ERR_INVALID, "a blob's suffix is 1 to 7 letters and digits");
    w = aligned_alloc(_Alignof(struct blob_writer), sizeof *w);
    if (!w)
        return err_set(reterr, ERR_NO_MEMORY, "blob writer: out of memory");
    *w = (struct blob_writer){ .store = store, .fd = -1, .bytes_max = bytes_max };
    (void)snprintf(w->suffix, sizeof w->suffix, "%s", suffix);
    errnum = memory_begin(w) ? 0 : file_begin(w);
    if (errnum) {
        free(w);
        return err_set_errno(reterr, errnum, "blob: cannot make a file");
    }
    hasher_init(&w->hasher, w->fd, &store->hash_threads);
    *ret = w;
    return 0;
}

int blob_writer_open(struct blob_store *store, const char *suffix, struct blob_writer **ret,
                     struct err *reterr)
{
    return writer_open(store, suffix, INT64_MAX, ret, reterr);
}

int blob_writer_open_bounded(struct blob_store *store, const char *suffix,
                             int64_t bytes_max, struct blob_writer **ret,
                             struct err *reterr)
{
    return writer_open(store, suffix, bytes_max, ret, reterr);
}

/* Only a hint: its errors come back from the sync at the end. */
static void write_back(struct blob_writer *w)
{
    if (w->bytes - w->flushed_bytes < WRITE_BACK_BYTES)
        return;
    (void)sync_file_range(w->fd, w->flushed_bytes, w->bytes - w->flushed_bytes,
                          SYNC_FILE_RANGE_WRITE);
    w->flushed_bytes = w->bytes;
}

/* Asked once in a while: a question costs a system call. */
static int writer_room_check(struct blob_writer *w, struct err *reterr)
{
    if (w->bytes < w->room_checked_bytes)
        return 0;
    w->room_checked_bytes = w->bytes + ROOM_CHECK_BYTES;
    return blob_store_room_check(w->store, 0, reterr);
}

static int writer_check(const struct blob_writer *w, struct err *reterr)
{
    return w->has_failed || w->is_committed
               ? err_set(reterr, ERR_CONFLICT, "blob: the writer has %s",
                         w->has_failed ? "failed" : "been committed")
               : 0;
}

static int file_add(struct blob_writer *w, const unsigned char *from, size_t len)
{
    while (len > 0) {
        /* At an offset: the descriptor's own position stays 0 for a child that reads. */
        const ssize_t put = pwrite(w->fd, from, len, w->bytes);

        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return put < 0 ? errno : EIO;
        hasher_add(&w->hasher, from, (size_t)put);
        from += put;
        len -= (size_t)put;
        w->bytes += put;
    }
    write_back(w);
    return 0;
}

static int block_add(struct blob_writer *w, const unsigned char *from, size_t len)
{
    memcpy(w->block + PACK_HEADER_BYTES + w->bytes, from, len);
    hasher_add(&w->hasher, from, len);
    w->bytes += (int64_t)len;
    return 0;
}

int blob_writer_add(struct blob_writer *w, const void *bytes, size_t len,
                    struct err *reterr)
{
    int errnum, rc = writer_check(w, reterr);

    if (rc)
        return rc;
    if ((int64_t)len > w->bytes_max - w->bytes)
        rc = err_set(reterr, ERR_TOO_LARGE, "blob: more bytes than were announced");
    else
        rc = writer_room_check(w, reterr);
    w->has_failed = rc != 0;
    if (rc)
        return rc;
    errnum = w->block ? block_add(w, bytes, len) : file_add(w, bytes, len);
    w->has_failed = errnum != 0;
    return errnum ? err_set_errno(reterr, errnum, "blob: cannot write") : 0;
}

int64_t blob_writer_bytes(const struct blob_writer *w)
{
    return w->bytes;
}

const char *blob_writer_name(const struct blob_writer *w)
{
    return w->name;
}

int blob_writer_fd(const struct blob_writer *w)
{
    return w->fd;
}

struct view blob_writer_held(const struct blob_writer *w)
{
    return w->block ? (struct view){ (const char *)w->block + PACK_HEADER_BYTES,
                                     (size_t)w->bytes }
                    : (struct view){ NULL, 0 };
}

int blob_writer_rescan(struct blob_writer *w, struct err *reterr)
{
    unsigned char *piece;
    int errnum = 0, rc = writer_check(w, reterr);

    if (rc == 0 && w->block)
        rc = err_set(reterr, ERR_CONFLICT, "blob: the writer has no descriptor");
    if (rc)
        return rc;
    piece = malloc(RESCAN_PIECE_BYTES);
    if (!piece)
        return err_set(reterr, ERR_NO_MEMORY, "blob: out of memory");
    hasher_release(&w->hasher);
    hasher_init(&w->hasher, w->fd, NULL);
    w->bytes = 0;
    for (;;) {
        const ssize_t got = pread(w->fd, piece, RESCAN_PIECE_BYTES, w->bytes);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            errnum = got < 0 ? errno : 0;
            break;
        }
        hasher_add(&w->hasher, piece, (size_t)got);
        w->bytes += got;
    }
    free(piece);
    w->flushed_bytes = w->bytes;
    w->has_failed = errnum != 0;
    return errnum ? err_set_errno(reterr, errnum, "blob: cannot read back") : 0;
}

/* ---- committing ---- */

struct names_sync {
    int root_fd;
    unsigned folder;
};

static int names_sync(void *ctx)
{
    const struct names_sync *n = ctx;
    char path[4];

    (void)snprintf(path, sizeof path, "%02x", n->folder % BLOB_FOLDERS);
    return fs_folder_sync(n->root_fd, path);
}

static int file_commit(struct blob_writer *w)
{
    struct names_sync n = { w->store->root_fd, blob_name_folder(w->name) };
    char from[BLOB_PATH_SIZE], to[BLOB_PATH_SIZE];
    int errnum = fs_datasync(w->fd);

    if (errnum)
        return errnum;
    blob_path_unfinished(from, w->name);
    blob_path(to, w->name);
    if (renameat(n.root_fd, from, n.root_fd, to) < 0)
        return errno;
    errnum = shared_sync_run(&w->store->folders[n.folder], names_sync, &n);
    if (errnum)
        (void)unlinkat(n.root_fd, to, 0);
    return errnum;
}

static int block_commit(struct blob_writer *w)
{
    const int errnum = packs_append(&w->store->packs, w->block, (size_t)w->bytes, w->suffix,
                                    w->name, &w->ticket);

    if (!errnum)
        w->block = NULL;
    return errnum;
}

int blob_writer_commit(struct blob_writer *w, char digest[BLOB_DIGEST_SIZE],
                       struct err *reterr)
{
    unsigned char bytes[HASHER_DIGEST_BYTES];
    int errnum, rc = writer_check(w, reterr);

    if (rc)
        return rc;
    errnum = hasher_final(&w->hasher, bytes);
    if (!errnum)
        errnum = w->block ? block_commit(w) : file_commit(w);
    if (errnum) {
        w->has_failed = true;
        return err_set_errno(reterr, errnum, "blob: cannot commit");
    }
    w->is_committed = true;
    (void)sodium_bin2hex(digest, BLOB_DIGEST_SIZE, bytes, sizeof bytes);
    return 0;
}

int blob_writer_rely(struct blob_writer *w, struct err *reterr)
{
    return packs_rely(&w->store->packs, &w->ticket)
               ? err_set(reterr, ERR_IO, "blob: its bytes did not reach the disk")
               : 0;
}

void blob_writer_close(struct blob_writer **w)
{
    struct blob_writer *writer = *w;
    char path[BLOB_PATH_SIZE];

    *w = NULL;
    if (!writer)
        return;
    blob_memory_give_back(&writer->store->memory, writer->block);
    packs_let_go(&writer->store->packs, &writer->ticket);
    if (writer->fd >= 0 && !writer->is_committed) {
        blob_path_unfinished(path, writer->name);
        (void)unlinkat(writer->store->root_fd, path, 0);
    }
    hasher_release(&writer->hasher);
    if (writer->fd >= 0)
        (void)close(writer->fd);
    free(writer);
}
