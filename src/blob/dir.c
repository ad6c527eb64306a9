#include "blob/blob.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>
#include "base/clock.h"

/* A blob lies in DIR/NAME; one under construction in DIR/tmp/NAME, locked as long as its
 * writer lives, so that a sweep can tell a crash's leftovers from another process's work.
 */
enum { WRITEBACK_BYTES = 8 << 20, SCAN_BYTES = 256 << 10 };

struct blob_store {
    int dir_fd, tmp_fd;
};

struct blob_writer {
    struct blob_store *store;
    int fd;
    bool is_committed;
    int64_t bytes, written_back;
    char name[BLOB_NAME_SIZE];
    crypto_generichash_state hash;
};

static bool name_is_ours(const char *name)
{
    const size_t len = strlen(name);

    if (len < UUID_TEXT_SIZE || len >= BLOB_NAME_SIZE || name[UUID_TEXT_SIZE - 1] != '.' ||
        !uuid_is_valid((struct view){ name, UUID_TEXT_SIZE - 1 }))
        return false;
    return strspn(name + UUID_TEXT_SIZE, "abcdefghijklmnopqrstuvwxyz0123456789") ==
           len - UUID_TEXT_SIZE;
}

static int open_dir(int at, const char *path, int *ret_fd, struct err *reterr)
{
    if (mkdirat(at, path, 0700) != 0 && errno != EEXIST)
        return err_set_errno(reterr, errno, path);
    *ret_fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *ret_fd < 0 ? err_set_errno(reterr, errno, path) : 0;
}

int blob_store_open(const char *dir, struct blob_store **ret, struct err *reterr)
{
    struct blob_store *store = malloc(sizeof *store);
    struct blob_writer *trial = NULL;
    int rc;

    if (!store || sodium_init() < 0) {
        free(store);
        return err_set(reterr, ERR_NO_MEMORY, "blob store");
    }
    *store = (struct blob_store){ .dir_fd = -1, .tmp_fd = -1 };
    rc = open_dir(AT_FDCWD, dir, &store->dir_fd, reterr);
    if (rc == 0)
        rc = open_dir(store->dir_fd, "tmp", &store->tmp_fd, reterr);
    if (rc == 0)
        rc = blob_writer_open(store, "trial", &trial, reterr);
    blob_writer_close(&trial);
    if (rc == 0) {
        *ret = store;
        store = NULL;
    }
    blob_store_close(&store);
    return rc;
}

void blob_store_close(struct blob_store **store)
{
    if (!*store)
        return;
    if ((*store)->tmp_fd >= 0)
        (void)close((*store)->tmp_fd);
    if ((*store)->dir_fd >= 0)
        (void)close((*store)->dir_fd);
    free(*store);
    *store = NULL;
}

static void hash_start(struct blob_writer *w)
{
    (void)crypto_generichash_init(&w->hash, NULL, 0, crypto_generichash_BYTES);
    w->bytes = 0;
}

int blob_writer_open(struct blob_store *store, const char *suffix, struct blob_writer **ret,
                     struct err *reterr)
{
    struct blob_writer *w = calloc(1, sizeof *w);
    char id[UUID_TEXT_SIZE];
    int rc = 0;

    if (!w)
        return err_set(reterr, ERR_NO_MEMORY, "blob writer");
    w->store = store;
    uuid_make(id);
    (void)snprintf(w->name, sizeof w->name, "%s.%s", id, suffix);
    w->fd = openat(store->tmp_fd, w->name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (w->fd < 0 || !name_is_ours(w->name) || flock(w->fd, LOCK_EX | LOCK_NB) != 0)
        rc = err_set_errno(reterr, errno, "a new file in the data folder");
    hash_start(w);
    if (rc == 0) {
        *ret = w;
        w = NULL;
    }
    blob_writer_close(&w);
    return rc;
}

int blob_writer_add(struct blob_writer *w, const void *bytes, size_t len,
                    struct err *reterr)
{
    const char *at = bytes;
    size_t left = len;

    while (left > 0) {
        const ssize_t wrote = pwrite(w->fd, at, left, w->bytes + (int64_t)(len - left));

        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return err_set_errno(reterr, errno, "writing an upload");
        at += wrote;
        left -= (size_t)wrote;
    }
    (void)crypto_generichash_update(&w->hash, bytes, len);
    w->bytes += (int64_t)len;
    if (w->bytes - w->written_back >= WRITEBACK_BYTES) {
        /* Starts the disk early, so that the fsync at the end has little left to do. */
        (void)sync_file_range(w->fd, w->written_back, w->bytes - w->written_back,
                              SYNC_FILE_RANGE_WRITE);
        w->written_back = w->bytes;
    }
    return 0;
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

int blob_writer_rescan(struct blob_writer *w, struct err *reterr)
{
    unsigned char *piece = malloc(SCAN_BYTES);
    ssize_t got = 1;

    if (!piece)
        return err_set(reterr, ERR_NO_MEMORY, "reading a result");
    hash_start(w);
    while (got > 0) {
        got = pread(w->fd, piece, SCAN_BYTES, w->bytes);
        if (got < 0 && errno == EINTR)
            got = 1;
        else if (got > 0) {
            (void)crypto_generichash_update(&w->hash, piece, (size_t)got);
            w->bytes += got;
        }
    }
    free(piece);
    return got < 0 ? err_set_errno(reterr, errno, "reading a result") : 0;
}

int blob_writer_commit(struct blob_writer *w, char digest[BLOB_DIGEST_SIZE],
                       struct err *reterr)
{
    unsigned char bytes[crypto_generichash_BYTES];

    if (fdatasync(w->fd) != 0)
        return err_set_errno(reterr, errno, "making a file durable");
    if (renameat(w->store->tmp_fd, w->name, w->store->dir_fd, w->name) != 0)
        return err_set_errno(reterr, errno, "naming a file");
    w->is_committed = true;
    if (fsync(w->store->dir_fd) != 0)
        return err_set_errno(reterr, errno, "making a file's name durable");
    (void)crypto_generichash_final(&w->hash, bytes, sizeof bytes);
    (void)sodium_bin2hex(digest, BLOB_DIGEST_SIZE, bytes, sizeof bytes);
    return 0;
}

void blob_writer_close(struct blob_writer **w)
{
    if (!*w)
        return;
    if ((*w)->fd >= 0) {
        if (!(*w)->is_committed)
            (void)unlinkat((*w)->store->tmp_fd, (*w)->name, 0);
        (void)close((*w)->fd);
    }
    free(*w);
    *w = NULL;
}

int blob_open(struct blob_store *store, const char *name, int *ret_fd, int64_t *ret_bytes,
              struct err *reterr)
{
    struct stat status;
    int fd;

    if (!name_is_ours(name))
        return err_set(reterr, ERR_NOT_FOUND, "not a blob's name");
    fd = openat(store->dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? err_set(reterr, ERR_NOT_FOUND, "blob %s is gone", name)
                               : err_set_errno(reterr, errno, "opening a blob");
    if (fstat(fd, &status) != 0) {
        (void)close(fd);
        return err_set_errno(reterr, errno, "opening a blob");
    }
    *ret_fd = fd;
    *ret_bytes = status.st_size;
    return 0;
}

int blob_remove(struct blob_store *store, const char *name, struct err *reterr)
{
    if (!name_is_ours(name))
        return err_set(reterr, ERR_NOT_FOUND, "not a blob's name");
    if (unlinkat(store->dir_fd, name, 0) != 0 && errno != ENOENT)
        return err_set_errno(reterr, errno, "removing a blob");
    return 0;
}

/* Removes the file when no living writer holds its lock. */
static bool leftover_remove(int tmp_fd, const char *name)
{
    const int fd = openat(tmp_fd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    bool is_dead;

    if (fd < 0)
        return false;
    is_dead = flock(fd, LOCK_EX | LOCK_NB) == 0 && unlinkat(tmp_fd, name, 0) == 0;
    (void)close(fd);
    return is_dead;
}

static bool is_older(int dir_fd, const char *name, int64_t age_us)
{
    struct stat status;

    return fstatat(dir_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           clock_now_us() - (int64_t)status.st_mtime * CLOCK_SECOND_US >= age_us;
}

/* Calls `each` for every blob name in the folder; non-zero ends it. */
static int names_walk(int dir_fd, int (*each)(void *ctx, const char *name), void *ctx,
                      struct err *reterr)
{
    const int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;
    int rc = 0;

    if (!dir)
        return err_set_errno(reterr, errno, "listing the data folder");
    while (rc == 0 && (entry = readdir(dir)) != NULL) {
        if (name_is_ours(entry->d_name))
            rc = each(ctx, entry->d_name);
    }
    (void)closedir(dir);
    return rc;
}

struct sweep {
    struct blob_store *store;
    int64_t age_us, removed;
    int (*is_owned)(void *ctx, const char *name, bool *ret);
    void *ctx;
};

static int sweep_leftover(void *ctx, const char *name)
{
    struct sweep *s = ctx;

    s->removed += leftover_remove(s->store->tmp_fd, name);
    return 0;
}

static int sweep_blob(void *ctx, const char *name)
{
    struct sweep *s = ctx;
    bool is_owned = true;
    int rc;

    if (!is_older(s->store->dir_fd, name, s->age_us))
        return 0;
    rc = s->is_owned(s->ctx, name, &is_owned);
    if (rc == 0 && !is_owned)
        s->removed += unlinkat(s->store->dir_fd, name, 0) == 0;
    return rc;
}

int blob_sweep(struct blob_store *store, int64_t age_us,
               int (*is_owned)(void *ctx, const char *name, bool *ret), void *ctx,
               int64_t *ret_removed, struct err *reterr)
{
    struct sweep s = { .store = store, .age_us = age_us, .is_owned = is_owned, .ctx = ctx };
    int rc = names_walk(store->tmp_fd, sweep_leftover, &s, reterr);

    if (rc == 0)
        rc = names_walk(store->dir_fd, sweep_blob, &s, reterr);
    *ret_removed = s.removed;
    return rc;
}

int blob_store_free_bytes(struct blob_store *store, int64_t *ret, struct err *reterr)
{
    struct statvfs status;

    if (fstatvfs(store->dir_fd, &status) != 0)
        return err_set_errno(reterr, errno, "free space");
    *ret = (int64_t)(status.f_bavail * status.f_frsize);
    return 0;
}
