/* A blob store in a folder of its own whose small blobs lie in packs, on a disk that can
 * fail and hang. */
#ifndef TESTS_UNIT_PACK_FIXTURE_H
#define TESTS_UNIT_PACK_FIXTURE_H

#include "tests/unit/unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "blob/blob.h"
#include "blob/name.h"

enum { SIZE = 100000 };

static char dir[64];
static struct blob_store *store;
static atomic_int syncs, sync_errnum;
static pthread_mutex_t disk = PTHREAD_MUTEX_INITIALIZER; /* held: the disk hangs */

/* The C library's, which the store calls, with a disk that can fail and hang. */
int fdatasync(int fd)
{
    const int errnum = atomic_load(&sync_errnum);

    atomic_fetch_add(&syncs, 1);
    (void)pthread_mutex_lock(&disk);
    (void)pthread_mutex_unlock(&disk);
    errno = errnum;
    return errnum ? -1 : (int)syscall(SYS_fdatasync, fd);
}

static inline int remove_visited(const char *path, const struct stat *st, int type,
                                 struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static inline int open_store(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof dir, "/tmp/test_pack_XXXXXX");
    return mkdtemp(dir) ? blob_store_open(dir, &store, NULL) : -1;
}

static inline int close_store(void **state)
{
    (void)state;
    blob_store_close(&store);
    return nftw(dir, remove_visited, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void reopen(void)
{
    blob_store_close(&store);
    assert_int_equal(blob_store_open(dir, &store, NULL), 0);
}

/* Their number, and the blocks that they take. */
static inline int packs_in_store(int64_t *ret_bytes)
{
    char path[512];
    struct dirent *entry;
    struct stat st;
    DIR *packs;
    int count = 0;

    *ret_bytes = 0;
    (void)snprintf(path, sizeof path, "%s/packs", dir);
    packs = opendir(path);
    assert_non_null(packs);
    while ((entry = readdir(packs))) {
        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof path, "%s/packs/%.200s", dir, entry->d_name);
        assert_int_equal(stat(path, &st), 0);
        *ret_bytes += st.st_blocks * 512;
        count++;
    }
    (void)closedir(packs);
    return count;
}

static inline int packs_count(void)
{
    int64_t bytes;

    return packs_in_store(&bytes);
}

/* Bytes that no other seed gives. */
static inline void fill(unsigned char *bytes, size_t len, unsigned seed)
{
    for (size_t i = 0; i < len; i++)
        bytes[i] = (unsigned char)(seed * 31 + i * (seed + 7) + (i >> 8));
}

static inline int put_unsettled(unsigned seed, size_t len, char name[BLOB_NAME_SIZE])
{
    static _Thread_local unsigned char bytes[BLOB_SMALL_BYTES_MAX];
    char digest[BLOB_DIGEST_SIZE];
    struct blob_writer *w;
    int rc = blob_writer_open_bounded(store, "wav", (int64_t)len, &w, NULL);

    if (rc)
        return rc;
    fill(bytes, len, seed);
    rc = blob_writer_add(w, bytes, len / 3, NULL);
    if (rc == 0)
        rc = blob_writer_add(w, bytes + len / 3, len - len / 3, NULL);
    if (rc == 0)
        rc = blob_writer_commit(w, digest, NULL);
    if (rc == 0)
        rc = blob_writer_rely(w, NULL);
    (void)snprintf(name, BLOB_NAME_SIZE, "%s", blob_writer_name(w));
    blob_writer_close(&w);
    return rc;
}

/* From here on the disk hangs, with a blob that it will have. */
static inline void disk_hang(char name[BLOB_NAME_SIZE])
{
    (void)pthread_mutex_lock(&disk);
    syncs = 0;
    assert_int_equal(put_unsettled(77, SIZE, name), 0);
    while (atomic_load(&syncs) == 0)
        (void)usleep(1000);
}

static inline void disk_go_on(void)
{
    (void)pthread_mutex_unlock(&disk);
}

static inline int put(unsigned seed, size_t len, char name[BLOB_NAME_SIZE])
{
    const int rc = put_unsettled(seed, len, name);

    return rc ? rc : blob_store_settle(store, NULL);
}

static inline bool is_whole(const char *name, unsigned seed, size_t len)
{
    static _Thread_local unsigned char expected[BLOB_SMALL_BYTES_MAX],
        found[BLOB_SMALL_BYTES_MAX + 1];
    int64_t bytes;
    ssize_t got;
    int fd;

    if (blob_open(store, name, &fd, &bytes, NULL) != 0)
        return false;
    got = read(fd, found, sizeof found);
    (void)close(fd);
    fill(expected, len, seed);
    return bytes == (int64_t)len && got == (ssize_t)len &&
           memcmp(found, expected, len) == 0;
}

static inline bool exists(const char *name)
{
    int64_t bytes;
    int fd, rc = blob_open(store, name, &fd, &bytes, NULL);

    if (rc == 0)
        (void)close(fd);
    else
        assert_int_equal(rc, ERR_NOT_FOUND);
    return rc == 0;
}

#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, open_store, close_store)

#endif
