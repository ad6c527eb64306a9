#include "tests/unit/unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <signal.h>
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
static int syncs, sync_errnum;

/* The C library's, which the store calls, with a disk that can fail. */
int fdatasync(int fd)
{
    syncs++;
    errno = sync_errnum;
    return sync_errnum ? -1 : (int)syscall(SYS_fdatasync, fd);
}

static int remove_visited(const char *path, const struct stat *st, int type,
                          struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static int open_store(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof dir, "/tmp/test_pack_XXXXXX");
    return mkdtemp(dir) ? blob_store_open(dir, &store, NULL) : -1;
}

static int close_store(void **state)
{
    (void)state;
    blob_store_close(&store);
    return nftw(dir, remove_visited, 16, FTW_DEPTH | FTW_PHYS);
}

static void reopen(void)
{
    blob_store_close(&store);
    assert_int_equal(blob_store_open(dir, &store, NULL), 0);
}

/* Their number, and the blocks that they take. */
static int packs_in_store(int64_t *ret_bytes)
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

static int packs_count(void)
{
    int64_t bytes;

    return packs_in_store(&bytes);
}

/* Bytes that no other seed gives. */
static void fill(unsigned char *bytes, size_t len, unsigned seed)
{
    for (size_t i = 0; i < len; i++)
        bytes[i] = (unsigned char)(seed * 31 + i * (seed + 7) + (i >> 8));
}

static int put_unsettled(unsigned seed, size_t len, char name[BLOB_NAME_SIZE])
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
    (void)snprintf(name, BLOB_NAME_SIZE, "%s", blob_writer_name(w));
    blob_writer_close(&w);
    return rc;
}

static int put(unsigned seed, size_t len, char name[BLOB_NAME_SIZE])
{
    const int rc = put_unsettled(seed, len, name);

    return rc ? rc : blob_store_settle(store, NULL);
}

static bool is_whole(const char *name, unsigned seed, size_t len)
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

static bool exists(const char *name)
{
    int64_t bytes;
    int fd, rc = blob_open(store, name, &fd, &bytes, NULL);

    if (rc == 0)
        (void)close(fd);
    else
        assert_int_equal(rc, ERR_NOT_FOUND);
    return rc == 0;
}

/* ---- blobs ---- */

static void small_ones_share_a_file_and_keep_their_bytes(void **state)
{
    static const size_t sizes[] = { 1, 3968, 3969, SIZE, 4096, BLOB_SMALL_BYTES_MAX, 0 };
    char names[UNIT_COUNT(sizes)][BLOB_NAME_SIZE];

    (void)state;
    for (unsigned i = 0; i < UNIT_COUNT(sizes); i++)
        assert_int_equal(put(i, sizes[i], names[i]), 0);
    assert_int_equal(packs_count(), 1);
    for (int round = 0; round < 2; round++) {
        for (unsigned i = 0; i < UNIT_COUNT(sizes); i++)
            assert_true(is_whole(names[i], i, sizes[i]));
        reopen();
    }
    assert_int_equal(put(9, SIZE, names[0]), 0);
    assert_int_equal(packs_count(), 2); /* a pack belongs to one opening */
}

static void large_ones_have_a_file_of_their_own(void **state)
{
    char digest[BLOB_DIGEST_SIZE];
    struct blob_writer *w;

    (void)state;
    assert_int_equal(
        blob_writer_open_bounded(store, "wav", BLOB_SMALL_BYTES_MAX + 1, &w, NULL), 0);
    assert_int_equal(blob_writer_add(w, "abc", 3, NULL), 0);
    assert_int_equal(blob_writer_commit(w, digest, NULL), 0);
    assert_true(exists(blob_writer_name(w)));
    blob_writer_close(&w);
    assert_int_equal(packs_count(), 0);
}

static void more_than_was_announced_is_refused(void **state)
{
    char digest[BLOB_DIGEST_SIZE];
    struct blob_writer *w;

    (void)state;
    assert_int_equal(blob_writer_open_bounded(store, "wav", 4, &w, NULL), 0);
    assert_int_equal(blob_writer_add(w, "abc", 3, NULL), 0);
    assert_int_equal(blob_writer_add(w, "de", 2, NULL), ERR_TOO_LARGE);
    assert_int_equal(blob_writer_commit(w, digest, NULL), ERR_CONFLICT);
    blob_writer_close(&w);
    assert_int_equal(packs_count(), 0);
}

static void past_a_few_hundred_at_a_time_files_are_made(void **state)
{
    enum { WRITERS = 300 };
    static struct blob_writer *writers[WRITERS];
    char digest[BLOB_DIGEST_SIZE], name[BLOB_NAME_SIZE];
    int in_memory = 0;

    (void)state;
    for (unsigned i = 0; i < WRITERS; i++) {
        assert_int_equal(blob_writer_open_bounded(store, "wav", SIZE, &writers[i], NULL),
                         0);
        assert_int_equal(blob_writer_add(writers[i], &i, sizeof i, NULL), 0);
        in_memory += !blob_writer_name(writers[i])[0];
    }
    assert_in_range(in_memory, 1, WRITERS - 1);
    for (unsigned i = 0; i < WRITERS; i++) {
        assert_int_equal(blob_writer_commit(writers[i], digest, NULL), 0);
        assert_int_equal(blob_store_settle(store, NULL), 0);
        assert_true(exists(blob_writer_name(writers[i])));
        blob_writer_close(&writers[i]);
    }
    assert_int_equal(packs_count(), 1);
    assert_int_equal(put(1, SIZE, name), 0); /* there is room in memory again */
    assert_true(blob_name_place(name, &(struct pack_place){ 0 }));
}

static void a_full_pack_is_followed_by_another(void **state)
{
    enum { COUNT = (64 << 20) / BLOB_SMALL_BYTES_MAX + 2 };
    static char names[COUNT][BLOB_NAME_SIZE];

    (void)state;
    for (unsigned i = 0; i < COUNT; i++)
        assert_int_equal(put(i, BLOB_SMALL_BYTES_MAX, names[i]), 0);
    assert_int_equal(packs_count(), 2);
    for (unsigned i = 0; i < COUNT; i++)
        assert_true(is_whole(names[i], i, BLOB_SMALL_BYTES_MAX));
    assert_int_equal(blob_store_settle(store, NULL), 0);
    for (unsigned i = 0; i < COUNT; i++)
        assert_int_equal(blob_remove(store, names[i], NULL), 0);
    assert_int_equal(packs_count(), 1); /* the full one went with its last blob */
}

/* ---- removing ---- */

static void a_removed_one_gives_its_blocks_back_and_leaves_the_rest(void **state)
{
    char names[3][BLOB_NAME_SIZE];
    int64_t before, after;

    (void)state;
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(put(i, SIZE, names[i]), 0);
    assert_int_equal(packs_in_store(&before), 1);
    assert_int_equal(blob_remove(store, names[1], NULL), 0);
    assert_int_equal(blob_remove(store, names[1], NULL), 0);
    assert_int_equal(packs_in_store(&after), 1);
    assert_in_range(before - after, SIZE, SIZE + PACK_PAGE_BYTES);
    assert_false(exists(names[1]));
    assert_true(is_whole(names[0], 0, SIZE));
    assert_true(is_whole(names[2], 2, SIZE));
    assert_int_equal(blob_remove(store, names[0], NULL), 0);
    reopen();
    assert_int_equal(packs_count(), 1);
    assert_int_equal(blob_remove(store, names[2], NULL), 0);
    assert_int_equal(packs_count(), 0);
}

/* A name that was made up, or belongs to another place, opens and removes nothing. */
static void another_name_of_the_place_is_none(void **state)
{
    char name[BLOB_NAME_SIZE], other[BLOB_NAME_SIZE];
    struct pack_place place;

    (void)state;
    assert_int_equal(put(5, SIZE, name), 0);
    assert_true(blob_name_place(name, &place));
    for (int i = 0; i < 3; i++) {
        struct pack_place wrong = place;

        wrong.bytes += i == 1;
        wrong.page += i == 2;
        blob_name_of_place(other, &wrong, "wav");
        assert_false(exists(other));
        assert_int_equal(blob_remove(store, other, NULL), 0);
    }
    assert_true(is_whole(name, 5, SIZE));
}

/* ---- many at once ---- */

struct party {
    unsigned seed;
    const char *fault;
};

static void *put_and_remove(void *arg)
{
    struct party *p = arg;
    char names[40][BLOB_NAME_SIZE];

    for (unsigned i = 0; i < 40 && !p->fault; i++) {
        if (put(p->seed + i, SIZE / (i % 5 + 1), names[i]) != 0)
            p->fault = "put";
        else if (i % 2 && blob_remove(store, names[i - 1], NULL) != 0)
            p->fault = "remove";
    }
    for (unsigned i = 1; i < 40 && !p->fault; i += 2) {
        if (!is_whole(names[i], p->seed + i, SIZE / (i % 5 + 1)))
            p->fault = "read";
    }
    return NULL;
}

static void eight_threads_write_and_remove_at_once(void **state)
{
    pthread_t threads[8];
    struct party parties[8];

    (void)state;
    for (unsigned i = 0; i < UNIT_COUNT(threads); i++) {
        parties[i] = (struct party){ .seed = i * 1000 };
        assert_int_equal(pthread_create(&threads[i], NULL, put_and_remove, &parties[i]), 0);
    }
    for (unsigned i = 0; i < UNIT_COUNT(threads); i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_null(parties[i].fault);
    }
}

/* ---- faults ---- */

static void a_disk_that_ends_leaves_nothing_of_a_blob(void **state)
{
    char first[BLOB_NAME_SIZE], second[BLOB_NAME_SIZE], third[BLOB_NAME_SIZE];
    struct rlimit before, small;
    int64_t bytes, then;

    (void)state;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(put(1, SIZE, first), 0);
    (void)packs_in_store(&bytes);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = SIZE + 50000; /* in the middle of the second */
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_int_equal(put(2, SIZE, second), ERR_IO);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_false(exists(second));
    (void)packs_in_store(&then);
    assert_int_equal(then, bytes);
    assert_int_equal(put(3, SIZE, third), 0);
    assert_true(is_whole(first, 1, SIZE));
    assert_true(is_whole(third, 3, SIZE));
}

/* What a failed sync leaves behind cannot be told, so nothing of its pack may be relied on.
 */
static void a_sync_that_fails_is_told_to_all_it_stood_for(void **state)
{
    char name[BLOB_NAME_SIZE], digest[BLOB_DIGEST_SIZE];
    struct blob_writer *w[2];
    struct err err = { 0 };

    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(blob_writer_open_bounded(store, "wav", 10, &w[i], NULL), 0);
        assert_int_equal(blob_writer_add(w[i], "abc", 3, NULL), 0);
        assert_int_equal(blob_writer_commit(w[i], digest, NULL), 0);
        assert_int_equal(blob_writer_check(w[i], NULL), 0);
    }
    sync_errnum = EIO;
    assert_int_equal(blob_store_settle(store, &err), ERR_IO);
    sync_errnum = 0;
    assert_non_null(strstr(err.text, "cannot write"));
    assert_int_equal(blob_writer_check(w[0], NULL), ERR_IO);
    assert_int_equal(blob_writer_check(w[1], NULL), ERR_IO);
    assert_int_equal(blob_store_settle(store, NULL), 0);
    assert_int_equal(blob_writer_check(w[1], NULL), ERR_IO);
    assert_int_equal(put(1, SIZE, name), 0); /* in another pack */
    assert_int_equal(packs_count(), 2);
    for (int i = 0; i < 2; i++) {
        blob_discard(store, blob_writer_name(w[i]));
        blob_writer_close(&w[i]);
    }
    assert_true(is_whole(name, 1, SIZE));
}

static void settling_syncs_once_for_all_and_not_in_vain(void **state)
{
    char names[3][BLOB_NAME_SIZE];

    (void)state;
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(put_unsettled(i, SIZE, names[i]), 0);
    syncs = 0;
    assert_int_equal(blob_store_settle(store, NULL), 0);
    assert_int_equal(syncs, 1);
    assert_int_equal(blob_store_settle(store, NULL), 0);
    assert_int_equal(syncs, 1);
    for (unsigned i = 0; i < 3; i++)
        assert_true(is_whole(names[i], i, SIZE));
    assert_int_equal(put(4, SIZE, names[0]), 0);
    assert_int_equal(syncs, 2);
}

static void what_goes_before_it_is_settled_is_never_written(void **state)
{
    char names[4][BLOB_NAME_SIZE];
    int64_t bytes;

    (void)state;
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(put_unsettled(i, SIZE, names[i]), 0);
    assert_int_equal(blob_remove(store, names[1], NULL), 0);
    assert_int_equal(blob_remove(store, names[3], NULL), 0);
    assert_int_equal(blob_remove(store, names[3], NULL), 0);
    (void)packs_in_store(&bytes);
    assert_int_equal(bytes, 0);
    assert_int_equal(put_unsettled(5, SIZE, names[3]), 0);
    assert_int_equal(blob_store_settle(store, NULL), 0);
    (void)packs_in_store(&bytes);
    assert_in_range(bytes, 3 * SIZE, 3 * (SIZE + 2 * PACK_PAGE_BYTES));
    assert_true(is_whole(names[0], 0, SIZE));
    assert_false(exists(names[1]));
    assert_true(is_whole(names[2], 2, SIZE));
    assert_true(is_whole(names[3], 5, SIZE));
}

static void all_that_waits_may_go_again(void **state)
{
    char names[2][BLOB_NAME_SIZE];

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(put_unsettled(1, SIZE, names[0]), 0);
        assert_int_equal(blob_remove(store, names[0], NULL), 0);
    }
    syncs = 0;
    assert_int_equal(blob_store_settle(store, NULL), 0);
    assert_int_equal(syncs, 0);
    assert_int_equal(put_unsettled(2, SIZE, names[1]), 0);
    assert_int_equal(blob_store_settle(store, NULL), 0);
    assert_int_equal(blob_store_settle(store, NULL), 0);
    assert_int_equal(syncs, 1);
    reopen();
    assert_false(exists(names[0]));
    assert_true(is_whole(names[1], 2, SIZE));
}

static void what_waits_in_memory_can_be_looked_at(void **state)
{
    struct blob_writer *w;

    (void)state;
    assert_int_equal(blob_writer_open_bounded(store, "wav", 10, &w, NULL), 0);
    assert_int_equal(blob_writer_add(w, "abc", 3, NULL), 0);
    assert_int_equal(blob_writer_add(w, "def", 3, NULL), 0);
    assert_true(view_eq(blob_writer_held(w), "abcdef"));
    assert_int_equal(blob_writer_fd(w), -1);
    assert_int_equal(blob_writer_rescan(w, NULL), ERR_CONFLICT);
    blob_writer_close(&w);
    assert_int_equal(blob_writer_open(store, "wav", &w, NULL), 0);
    assert_null(blob_writer_held(w).ptr);
    assert_true(blob_writer_fd(w) >= 0);
    blob_writer_close(&w);
}

static int owns_ctx(void *ctx, const char *name, bool *ret)
{
    *ret = strcmp(ctx, name) == 0;
    return 0;
}

static int fails_to_tell(void *ctx, const char *name, bool *ret)
{
    (void)ctx, (void)name, (void)ret;
    return ERR_STORE;
}

/* As a power cut may leave it: bytes without a header, and a header without its place. */
static void pack_damage(const char *owned)
{
    static unsigned char bytes[3 * PACK_PAGE_BYTES];
    char path[512], file[BLOB_PATH_SIZE];
    struct pack_place place;
    int fd;

    assert_true(blob_name_place(owned, &place));
    pack_path(file, place.pack);
    (void)snprintf(path, sizeof path, "%s/%s", dir, file);
    fd = open(path, O_RDWR);
    assert_true(fd >= 0);
    fill(bytes, sizeof bytes, 77);
    assert_int_equal(pwrite(fd, bytes, sizeof bytes, 200 * PACK_PAGE_BYTES), sizeof bytes);
    assert_int_equal(pread(fd, bytes, 500, (off_t)place.page * PACK_PAGE_BYTES), 500);
    assert_int_equal(pwrite(fd, bytes, 500, 210 * PACK_PAGE_BYTES), 500);
    (void)close(fd);
}

static void a_sweep_takes_the_unowned_and_the_broken_only(void **state)
{
    char owned[BLOB_NAME_SIZE], unowned[BLOB_NAME_SIZE], young[BLOB_NAME_SIZE];
    int64_t removed, before, after;

    (void)state;
    assert_int_equal(put(1, SIZE, unowned), 0);
    assert_int_equal(put(2, SIZE, owned), 0);
    assert_int_equal(blob_sweep(store, 0, owns_ctx, owned, &removed, NULL), 0);
    assert_int_equal(removed, 0); /* it is being appended to */
    reopen();
    assert_int_equal(put(3, SIZE, young), 0);
    assert_int_equal(blob_sweep(store, CLOCK_HOUR_US, owns_ctx, owned, &removed, NULL), 0);
    assert_int_equal(removed, 0);
    assert_int_equal(blob_sweep(store, 0, fails_to_tell, NULL, &removed, NULL), ERR_STORE);
    assert_true(exists(unowned));
    pack_damage(owned);
    (void)packs_in_store(&before);
    assert_int_equal(blob_sweep(store, 0, owns_ctx, owned, &removed, NULL), 0);
    assert_int_equal(removed, 1);
    assert_false(exists(unowned));
    assert_true(is_whole(owned, 2, SIZE));
    assert_true(is_whole(young, 3, SIZE));
    (void)packs_in_store(&after);
    assert_in_range(before - after, SIZE + 4 * PACK_PAGE_BYTES, SIZE + 6 * PACK_PAGE_BYTES);
    reopen();
    assert_int_equal(blob_sweep(store, 0, owns_ctx, owned, &removed, NULL), 0);
    assert_int_equal(packs_count(), 1); /* the other had only the young one */
    assert_true(is_whole(owned, 2, SIZE));
}

/* What was told to be durable is there after a crash; what was not leaves no trace. */
static void a_crash_keeps_what_was_committed(void **state)
{
    char name[BLOB_NAME_SIZE] = "";
    int64_t removed;
    int said[2], status;
    pid_t child;

    (void)state;
    assert_int_equal(pipe(said), 0);
    child = fork();
    if (child == 0) {
        struct blob_writer *w;

        if (put(4, SIZE, name) == 0 && blob_store_settle(store, NULL) == 0 &&
            write(said[1], name, sizeof name) > 0 &&
            blob_writer_open_bounded(store, "wav", 100, &w, NULL) == 0 &&
            blob_writer_add(w, "x", 1, NULL) == 0)
            (void)kill(getpid(), SIGKILL);
        _exit(1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(read(said[0], name, sizeof name), sizeof name);
    (void)close(said[0]);
    (void)close(said[1]);
    assert_true(is_whole(name, 4, SIZE));
    assert_int_equal(blob_sweep(store, 0, owns_ctx, name, &removed, NULL), 0);
    assert_int_equal(removed, 0);
    assert_int_equal(packs_count(), 1);
    assert_int_equal(blob_remove(store, name, NULL), 0);
    assert_int_equal(packs_count(), 0);
}

#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, open_store, close_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(small_ones_share_a_file_and_keep_their_bytes),
        STORE_TEST(large_ones_have_a_file_of_their_own),
        STORE_TEST(more_than_was_announced_is_refused),
        STORE_TEST(past_a_few_hundred_at_a_time_files_are_made),
        STORE_TEST(a_full_pack_is_followed_by_another),
        STORE_TEST(a_removed_one_gives_its_blocks_back_and_leaves_the_rest),
        STORE_TEST(another_name_of_the_place_is_none),
        STORE_TEST(eight_threads_write_and_remove_at_once),
        STORE_TEST(a_disk_that_ends_leaves_nothing_of_a_blob),
        STORE_TEST(a_sync_that_fails_is_told_to_all_it_stood_for),
        STORE_TEST(settling_syncs_once_for_all_and_not_in_vain),
        STORE_TEST(what_goes_before_it_is_settled_is_never_written),
        STORE_TEST(all_that_waits_may_go_again),
        STORE_TEST(what_waits_in_memory_can_be_looked_at),
        STORE_TEST(a_sweep_takes_the_unowned_and_the_broken_only),
        STORE_TEST(a_crash_keeps_what_was_committed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
