#include "blob/blob.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include "base/clock.h"
#include "blob/hasher.h"

enum {
    FOLDERS = 256,
    FOLDER_RUN = 256,               /* blobs in a row that go into one folder */
    PATH_SIZE = BLOB_NAME_SIZE + 4, /* "tmp/" before the name */
    RESCAN_PIECE_BYTES = 256 * 1024,
    WRITE_BACK_BYTES = 4 * 1024 * 1024,
    ROOM_CHECK_BYTES = 1024 * 1024,
    OPEN_ATTEMPTS_MAX = 16,
};

/* One thread syncs a folder for all renames made before it began. Tickets count renames; a
 * failed sync fails every ticket it stood for, since the kernel reports such a fault once.
 */
struct folder {
    uint64_t tickets, settled, failed_through;
    int errnum;
    bool is_syncing;
};

struct blob_store {
    int root_fd;
    int64_t reserve_bytes;
    pthread_mutex_t mutex; /* guards folders */
    pthread_cond_t settled;
    struct folder folders[FOLDERS];
    atomic_int hash_threads;
    atomic_uint made; /* blobs, from a random number on */
};

struct blob_writer {
    struct hasher hasher;
    struct blob_store *store;
    int fd;
    int64_t bytes, flushed_bytes, room_checked_bytes;
    bool has_failed, is_committed;
    char name[BLOB_NAME_SIZE];
};

static bool is_suffix(const char *text)
{
    const size_t len = strlen(text);

    if (len == 0 || len > BLOB_NAME_SIZE - UUID_TEXT_SIZE - 1)
        return false;
    for (const char *p = text; *p; p++) {
        if (!((*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'z') ||
              (*p >= 'A' && *p <= 'Z')))
            return false;
    }
    return true;
}

static bool is_name(const char *name)
{
    return strlen(name) > UUID_TEXT_SIZE && name[UUID_TEXT_SIZE - 1] == '.' &&
           uuid_is_valid((struct view){ name, UUID_TEXT_SIZE - 1 }) &&
           is_suffix(name + UUID_TEXT_SIZE);
}

static void tmp_path(char path[PATH_SIZE], const char *name)
{
    (void)snprintf(path, PATH_SIZE, "tmp/%.*s", BLOB_NAME_SIZE - 1, name);
}

static void blob_path(char path[PATH_SIZE], const char *name)
{
    (void)snprintf(path, PATH_SIZE, "%.2s/%.*s", name, BLOB_NAME_SIZE - 1, name);
}

static int sync_fd(int fd)
{
    while (fsync(fd) < 0) {
        if (errno != EINTR)
            return errno;
    }
    return 0;
}

static int sync_at(int at_fd, const char *path)
{
    const int fd = openat(at_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int errnum;

    if (fd < 0)
        return errno;
    errnum = sync_fd(fd);
    (void)close(fd);
    return errnum;
}

static int make_folder(int root_fd, const char *name, bool *made)
{
    if (mkdirat(root_fd, name, 0700) == 0)
        *made = true;
    else if (errno != EEXIST)
        return errno;
    return faccessat(root_fd, name, R_OK | W_OK | X_OK, AT_EACCESS) < 0 ? errno : 0;
}

static int make_folders(int root_fd)
{
    bool made = false;
    int errnum = make_folder(root_fd, "tmp", &made);
    char name[8];

    for (unsigned i = 0; i < FOLDERS && errnum == 0; i++) {
        (void)snprintf(name, sizeof name, "%02x", i);
        errnum = make_folder(root_fd, name, &made);
    }
    return errnum || !made ? errnum : sync_fd(root_fd);
}

static int open_root(const char *dir, int *ret_fd)
{
    const bool made = mkdir(dir, 0700) == 0;
    int errnum;

    if (!made && errno != EEXIST)
        return errno;
    *ret_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*ret_fd < 0)
        return errno;
    errnum = made ? sync_at(*ret_fd, "..") : 0;
    return errnum ? errnum : make_folders(*ret_fd);
}

int blob_store_open(const char *dir, struct blob_store **ret, struct err *reterr)
{
    struct blob_store *store;
    char what[ERR_TEXT_MAX / 2];
    int errnum;

    if (sodium_init() < 0)
        return err_set(reterr, ERR_INTERNAL, "libsodium does not start");
    store = calloc(1, sizeof *store);
    if (!store)
        return err_set(reterr, ERR_NO_MEMORY, "blob store: out of memory");
    store->root_fd = -1;
    atomic_init(&store->made, randombytes_random());
    (void)pthread_mutex_init(&store->mutex, NULL);
    (void)pthread_cond_init(&store->settled, NULL);
    errnum = open_root(dir, &store->root_fd);
    if (errnum) {
        blob_store_close(&store);
        (void)snprintf(what, sizeof what, "blob store %s", dir);
        return err_set_errno(reterr, errnum, what);
    }
    *ret = store;
    return 0;
}

void blob_store_close(struct blob_store **store)
{
    struct blob_store *s = *store;

    *store = NULL;
    if (!s)
        return;
    if (s->root_fd >= 0)
        (void)close(s->root_fd);
    (void)pthread_cond_destroy(&s->settled);
    (void)pthread_mutex_destroy(&s->mutex);
    free(s);
}

static int lock_fd(int fd)
{
    while (flock(fd, LOCK_EX) < 0) {
        if (errno != EINTR)
            return errno;
    }
    return 0;
}

/* Makes and locks the file. A sweep may take it between the two steps: *ret_taken. */
static int create_locked(struct blob_writer *w, bool *ret_taken)
{
    char path[PATH_SIZE];
    struct stat st;
    int errnum;

    tmp_path(path, w->name);
    w->fd = openat(w->store->root_fd, path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (w->fd < 0)
        return errno;
    errnum = lock_fd(w->fd);
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
static void folder_choose(struct blob_store *store, char id[UUID_TEXT_SIZE])
{
    const unsigned made = atomic_fetch_add(&store->made, 1);
    char digits[3];

    (void)snprintf(digits, sizeof digits, "%02x", made / FOLDER_RUN % FOLDERS);
    memcpy(id, digits, 2);
}

int blob_writer_open(struct blob_store *store, const char *suffix, struct blob_writer **ret,
                     struct err *reterr)
{
    struct blob_writer *w;
    char id[UUID_TEXT_SIZE];
    bool is_taken = true;
    int errnum = 0;

    if (!is_suffix(suffix))
        return err_set(reterr, ERR_INVALID, "a blob's suffix is 1 to 7 letters and digits");
    w = calloc(1, sizeof *w);
    if (!w)
        return err_set(reterr, ERR_NO_MEMORY, "blob writer: out of memory");
    w->store = store;
    for (int i = 0; i < OPEN_ATTEMPTS_MAX && is_taken && !errnum; i++) {
        uuid_make(id);
        folder_choose(store, id);
        (void)snprintf(w->name, sizeof w->name, "%s.%.7s", id, suffix);
        errnum = create_locked(w, &is_taken);
    }
    if (errnum || is_taken) {
        free(w);
        return err_set_errno(reterr, errnum ? errnum : EAGAIN, "blob: cannot make a file");
    }
    hasher_init(&w->hasher, w->fd, &store->hash_threads);
    *ret = w;
    return 0;
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

void blob_store_reserve_set(struct blob_store *store, int64_t bytes)
{
    store->reserve_bytes = bytes;
}

int blob_store_room_check(struct blob_store *store, int64_t bytes, struct err *reterr)
{
    struct statvfs vfs;

    if (fstatvfs(store->root_fd, &vfs) < 0)
        return err_set_errno(reterr, errno, "blob store: cannot tell its free space");
    if ((int64_t)(vfs.f_bavail * vfs.f_frsize) - bytes < store->reserve_bytes)
        return err_set(reterr, ERR_NO_SPACE, "The server is out of storage.");
    return 0;
}

/* Asked once in a while: a question costs a system call. */
static int writer_room_check(struct blob_writer *w, struct err *reterr)
{
    if (w->bytes < w->room_checked_bytes)
        return 0;
    w->room_checked_bytes = w->bytes + ROOM_CHECK_BYTES;
    return blob_store_room_check(w->store, 0, reterr);
}

int blob_writer_add(struct blob_writer *w, const void *bytes, size_t len,
                    struct err *reterr)
{
    const unsigned char *from = bytes;

    if (w->has_failed || w->is_committed)
        return err_set(reterr, ERR_CONFLICT, "blob: the writer has %s",
                       w->has_failed ? "failed" : "been committed");
    if (writer_room_check(w, reterr) != 0) {
        w->has_failed = true;
        return ERR_NO_SPACE;
    }
    while (len > 0) {
        /* At an offset: the descriptor's own position stays 0 for a child that reads. */
        const ssize_t put = pwrite(w->fd, from, len, w->bytes);

        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0) {
            w->has_failed = true;
            return err_set_errno(reterr, put < 0 ? errno : EIO, "blob: cannot write");
        }
        hasher_add(&w->hasher, from, (size_t)put);
        from += put;
        len -= (size_t)put;
        w->bytes += put;
    }
    write_back(w);
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
    unsigned char *piece;
    int errnum = 0;

    if (w->has_failed || w->is_committed)
        return err_set(reterr, ERR_CONFLICT, "blob: the writer has ended");
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

static int folder_sync(struct blob_store *store, const char *name)
{
    const char digits[3] = { name[0], name[1], '\0' };
    struct folder *f = &store->folders[strtoul(digits, NULL, 16)];
    uint64_t ticket, upto;
    int errnum;

    (void)pthread_mutex_lock(&store->mutex);
    ticket = ++f->tickets;
    while (f->settled < ticket) {
        if (f->is_syncing) {
            (void)pthread_cond_wait(&store->settled, &store->mutex);
            continue;
        }
        f->is_syncing = true;
        upto = f->tickets;
        (void)pthread_mutex_unlock(&store->mutex);
        errnum = sync_at(store->root_fd, digits);
        (void)pthread_mutex_lock(&store->mutex);
        f->is_syncing = false;
        f->settled = upto;
        if (errnum) {
            f->failed_through = upto;
            f->errnum = errnum;
        }
        (void)pthread_cond_broadcast(&store->settled);
    }
    errnum = ticket <= f->failed_through ? f->errnum : 0;
    (void)pthread_mutex_unlock(&store->mutex);
    return errnum;
}

static int make_durable(struct blob_writer *w)
{
    const int root_fd = w->store->root_fd;
    char from[PATH_SIZE], to[PATH_SIZE];
    int errnum;

    while (fdatasync(w->fd) < 0) {
        if (errno != EINTR)
            return errno;
    }
    tmp_path(from, w->name);
    blob_path(to, w->name);
    if (renameat(root_fd, from, root_fd, to) < 0)
        return errno;
    errnum = folder_sync(w->store, w->name);
    if (errnum)
        (void)unlinkat(root_fd, to, 0);
    return errnum;
}

int blob_writer_commit(struct blob_writer *w, char digest[BLOB_DIGEST_SIZE],
                       struct err *reterr)
{
    unsigned char bytes[HASHER_DIGEST_BYTES];
    int errnum;

    if (w->has_failed || w->is_committed)
        return err_set(reterr, ERR_CONFLICT, "blob: the writer has %s",
                       w->has_failed ? "failed" : "been committed");
    errnum = hasher_final(&w->hasher, bytes);
    if (!errnum)
        errnum = make_durable(w);
    if (errnum) {
        w->has_failed = true;
        return err_set_errno(reterr, errnum, "blob: cannot commit");
    }
    w->is_committed = true;
    (void)sodium_bin2hex(digest, BLOB_DIGEST_SIZE, bytes, sizeof bytes);
    return 0;
}

void blob_writer_close(struct blob_writer **w)
{
    struct blob_writer *writer = *w;
    char path[PATH_SIZE];

    *w = NULL;
    if (!writer)
        return;
    tmp_path(path, writer->name);
    if (!writer->is_committed)
        (void)unlinkat(writer->store->root_fd, path, 0);
    hasher_release(&writer->hasher);
    (void)close(writer->fd);
    free(writer);
}

int blob_open(struct blob_store *store, const char *name, int *ret_fd, int64_t *ret_bytes,
              struct err *reterr)
{
    char path[PATH_SIZE];
    struct stat st;
    int fd;

    if (!is_name(name))
        return err_set(reterr, ERR_NOT_FOUND, "no blob has such a name");
    blob_path(path, name);
    fd = openat(store->root_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT)
        return err_set(reterr, ERR_NOT_FOUND, "no blob %s", name);
    if (fd < 0)
        return err_set_errno(reterr, errno, "blob: cannot open");
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        (void)close(fd);
        return err_set(reterr, ERR_CORRUPT, "blob %s is no plain file", name);
    }
    *ret_fd = fd;
    *ret_bytes = st.st_size;
    return 0;
}

int blob_remove(struct blob_store *store, const char *name, struct err *reterr)
{
    char path[PATH_SIZE];

    if (!is_name(name))
        return err_set(reterr, ERR_NOT_FOUND, "no blob has such a name");
    blob_path(path, name);
    if (unlinkat(store->root_fd, path, 0) < 0 && errno != ENOENT)
        return err_set_errno(reterr, errno, "blob: cannot remove");
    return 0;
}

void blob_discard(struct blob_store *store, const char *name)
{
    if (blob_remove(store, name, NULL) != 0)
        return;
}

struct sweep {
    struct blob_store *store;
    int64_t older_than_us;
    int (*is_owned)(void *ctx, const char *name, bool *ret);
    void *ctx;
    int64_t removed;
};

static int sweep_remove(struct sweep *s, const char *path, struct err *reterr)
{
    if (unlinkat(s->store->root_fd, path, 0) == 0)
        s->removed++;
    else if (errno != ENOENT)
        return err_set_errno(reterr, errno, "blob sweep: cannot remove");
    return 0;
}

/* Its lock can be had only when the process that wrote it is gone. */
static int sweep_writer(struct sweep *s, const char *name, struct err *reterr)
{
    char path[PATH_SIZE];
    int fd, rc = 0;

    tmp_path(path, name);
    fd = openat(s->store->root_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT ? 0
                               : err_set_errno(reterr, errno, "blob sweep: cannot open");
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        rc = sweep_remove(s, path, reterr);
    (void)close(fd);
    return rc;
}

/* Age counts from the commit: a rename sets ctime, while mtime is that of the last write.
 */
static int sweep_blob(struct sweep *s, const char *name, struct err *reterr)
{
    char path[PATH_SIZE];
    struct stat st;
    bool is_owned = true;
    int rc;

    blob_path(path, name);
    if (fstatat(s->store->root_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0
                               : err_set_errno(reterr, errno, "blob sweep: cannot stat");
    if (st.st_ctim.tv_sec * CLOCK_SECOND_US + st.st_ctim.tv_nsec / 1000 > s->older_than_us)
        return 0;
    rc = s->is_owned(s->ctx, name, &is_owned);
    if (rc)
        return err_set(reterr, rc, "blob sweep: cannot tell whether %s is owned", name);
    return is_owned ? 0 : sweep_remove(s, path, reterr);
}

static int sweep_folder(struct sweep *s, const char *folder,
                        int (*visit)(struct sweep *s, const char *name, struct err *reterr),
                        struct err *reterr)
{
    const int fd = openat(s->store->root_fd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    int rc = 0;

    if (!dir) {
        rc = err_set_errno(reterr, errno, "blob sweep: cannot list");
        if (fd >= 0)
            (void)close(fd);
        return rc;
    }
    while (rc == 0) {
        errno = 0;
        entry = readdir(dir);
        if (!entry)
            break;
        if (is_name(entry->d_name))
            rc = visit(s, entry->d_name, reterr);
    }
    if (rc == 0 && errno != 0)
        rc = err_set_errno(reterr, errno, "blob sweep: cannot list");
    (void)closedir(dir);
    return rc;
}

int blob_sweep(struct blob_store *store, int64_t age_us,
               int (*is_owned)(void *ctx, const char *name, bool *ret), void *ctx,
               int64_t *ret_removed, struct err *reterr)
{
    struct sweep s = { .store = store,
                       .older_than_us = clock_now_us() - age_us,
                       .is_owned = is_owned,
                       .ctx = ctx };
    int rc = sweep_folder(&s, "tmp", sweep_writer, reterr);
    char folder[8];

    for (unsigned i = 0; i < FOLDERS && rc == 0; i++) {
        (void)snprintf(folder, sizeof folder, "%02x", i);
        rc = sweep_folder(&s, folder, sweep_blob, reterr);
    }
    *ret_removed = s.removed;
    return rc;
}
