#include "tests/unit/unit.h"

#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "blob/blob.h"

static char dir[64];
static struct blob_store *store;
static int files_seen;

static int remove_visited(const char *path, const struct stat *st, int type,
                          struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static int count_visited(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)path, (void)st, (void)ftw;
    files_seen += type == FTW_F;
    return 0;
}

static int files_in_store(void)
{
    files_seen = 0;
    assert_int_equal(nftw(dir, count_visited, 16, FTW_PHYS), 0);
    return files_seen;
}

static int open_store(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof dir, "/tmp/test_blob_XXXXXX");
    return mkdtemp(dir) ? blob_store_open(dir, &store, NULL) : -1;
}

static int close_store(void **state)
{
    (void)state;
    blob_store_close(&store);
    return nftw(dir, remove_visited, 16, FTW_DEPTH | FTW_PHYS);
}

static void hex_digest(const void *bytes, size_t len, char hex[BLOB_DIGEST_SIZE])
{
    unsigned char digest[32];

    (void)crypto_generichash(digest, sizeof digest, bytes, len, NULL, 0);
    (void)sodium_bin2hex(hex, BLOB_DIGEST_SIZE, digest, sizeof digest);
}

static void put_blob(const char *text, char name[BLOB_NAME_SIZE])
{
    char digest[BLOB_DIGEST_SIZE];
    struct blob_writer *w;

    assert_int_equal(blob_writer_open(store, "wav", &w, NULL), 0);
    assert_int_equal(blob_writer_add(w, text, strlen(text), NULL), 0);
    (void)snprintf(name, BLOB_NAME_SIZE, "%s", blob_writer_name(w));
    assert_int_equal(blob_writer_commit(w, digest, NULL), 0);
    blob_writer_close(&w);
}

static bool exists(const char *name)
{
    int64_t bytes;
    int fd;

    if (blob_open(store, name, &fd, &bytes, NULL) != 0)
        return false;
    (void)close(fd);
    return true;
}

static void a_commit_shows_bytes_and_digest(void **state)
{
    const size_t len = 9 * 1024 * 1024 + 5;
    char digest[BLOB_DIGEST_SIZE], expected[BLOB_DIGEST_SIZE], name[BLOB_NAME_SIZE];
    unsigned char *bytes = malloc(len), *read_back = malloc(len);
    struct blob_writer *w;
    int64_t size;
    int fd;

    (void)state;
    assert_non_null(bytes);
    assert_non_null(read_back);
    random_bytes(bytes, len);
    assert_int_equal(blob_writer_open(store, "flac", &w, NULL), 0);
    (void)snprintf(name, sizeof name, "%s", blob_writer_name(w));
    for (size_t at = 0; at < len; at += 1000003)
        assert_int_equal(
            blob_writer_add(w, bytes + at, len - at < 1000003 ? len - at : 1000003, NULL),
            0);
    assert_int_equal(blob_writer_bytes(w), len);
    assert_false(exists(name));
    assert_int_equal(blob_writer_commit(w, digest, NULL), 0);
    assert_int_equal(blob_writer_commit(w, digest, NULL), ERR_CONFLICT);
    blob_writer_close(&w);
    hex_digest(bytes, len, expected);
    assert_string_equal(digest, expected);
    assert_int_equal(blob_open(store, name, &fd, &size, NULL), 0);
    assert_int_equal(size, len);
    assert_int_equal(read(fd, read_back, len), len);
    assert_memory_equal(read_back, bytes, len);
    (void)close(fd);
    free(bytes);
    free(read_back);
    assert_int_equal(files_in_store(), 1);
}

static void an_empty_blob_has_the_known_digest(void **state)
{
    char digest[BLOB_DIGEST_SIZE];
    struct blob_writer *w;

    (void)state;
    assert_int_equal(blob_writer_open(store, "wav", &w, NULL), 0);
    assert_int_equal(blob_writer_commit(w, digest, NULL), 0);
    blob_writer_close(&w);
    assert_string_equal(digest,
                        "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
}

static void a_rescan_hashes_what_a_child_wrote(void **state)
{
    static char bytes[700000];
    char digest[BLOB_DIGEST_SIZE], expected[BLOB_DIGEST_SIZE];
    struct blob_writer *w;

    (void)state;
    memset(bytes, 'x', sizeof bytes);
    assert_int_equal(blob_writer_open(store, "wav", &w, NULL), 0);
    assert_int_equal(write(blob_writer_fd(w), bytes, sizeof bytes), sizeof bytes);
    assert_int_equal(blob_writer_rescan(w, NULL), 0);
    assert_int_equal(blob_writer_bytes(w), sizeof bytes);
    assert_int_equal(blob_writer_commit(w, digest, NULL), 0);
    blob_writer_close(&w);
    hex_digest(bytes, sizeof bytes, expected);
    assert_string_equal(digest, expected);
}

static void what_is_not_committed_leaves_nothing(void **state)
{
    struct blob_writer *w;

    (void)state;
    assert_int_equal(blob_writer_open(store, "wav", &w, NULL), 0);
    assert_int_equal(blob_writer_add(w, "abc", 3, NULL), 0);
    assert_int_equal(files_in_store(), 1);
    blob_writer_close(&w);
    assert_null(w);
    blob_writer_close(&w);
    assert_int_equal(files_in_store(), 0);
}

/* More than hash in threads of their own at a time; every second one is given up. */
static void large_writers_side_by_side_keep_their_digests(void **state)
{
    enum { WRITERS = 10, PIECE = 1 << 20, PIECES = 6 };
    static unsigned char bytes[WRITERS][PIECE];
    struct blob_writer *writers[WRITERS];
    char digest[BLOB_DIGEST_SIZE], expected[BLOB_DIGEST_SIZE];
    unsigned char *whole = malloc(PIECES * PIECE);

    (void)state;
    assert_non_null(whole);
    random_bytes(bytes, sizeof bytes);
    for (int i = 0; i < WRITERS; i++)
        assert_int_equal(blob_writer_open(store, "wav", &writers[i], NULL), 0);
    for (int piece = 0; piece < PIECES; piece++) {
        for (int i = 0; i < WRITERS; i++)
            assert_int_equal(blob_writer_add(writers[i], bytes[i], PIECE, NULL), 0);
    }
    for (int i = 0; i < WRITERS; i++) {
        for (int piece = 0; piece < PIECES; piece++)
            memcpy(whole + (size_t)piece * PIECE, bytes[i], PIECE);
        if (i % 2 == 0) {
            assert_int_equal(blob_writer_commit(writers[i], digest, NULL), 0);
            hex_digest(whole, PIECES * PIECE, expected);
            assert_string_equal(digest, expected);
        }
        blob_writer_close(&writers[i]);
    }
    free(whole);
    assert_int_equal(files_in_store(), WRITERS / 2);
}

static void bad_names_and_suffixes_are_refused(void **state)
{
    static const char *const names[] = {
        "",
        ".",
        "..",
        "../x",
        "tmp/x",
        "/etc/passwd",
        "01234567-0123-4123-8123-0123456789ab",
        "01234567-0123-4123-8123-0123456789ab.",
        "01234567-0123-4123-8123-0123456789ab.w/v",
        "01234567-0123-4123-8123-0123456789ab.toolong1",
        "01234567-0123-4123-8123-0123456789ab.wav",
    };
    static const char *const suffixes[] = { "", "a.b", "../a", "toolong1", "w v" };
    struct blob_writer *w = NULL;
    int64_t bytes;
    int fd;

    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(names); i++) {
        const bool is_well_formed = i == UNIT_COUNT(names) - 1;

        assert_int_equal(blob_open(store, names[i], &fd, &bytes, NULL), ERR_NOT_FOUND);
        assert_int_equal(blob_remove(store, names[i], NULL),
                         is_well_formed ? 0 : ERR_NOT_FOUND);
    }
    for (size_t i = 0; i < UNIT_COUNT(suffixes); i++)
        assert_int_equal(blob_writer_open(store, suffixes[i], &w, NULL), ERR_INVALID);
}

static void a_removed_blob_is_gone(void **state)
{
    char name[BLOB_NAME_SIZE];

    (void)state;
    put_blob("x", name);
    assert_int_equal(blob_remove(store, name, NULL), 0);
    assert_false(exists(name));
    assert_int_equal(blob_remove(store, name, NULL), 0);
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

static void die_while_writing(void)
{
    const pid_t child = fork();
    int status;

    if (child == 0) {
        struct blob_writer *w;

        _exit(blob_writer_open(store, "wav", &w, NULL) || blob_writer_add(w, "x", 1, NULL));
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void a_sweep_takes_the_dead_and_the_unowned_only(void **state)
{
    char owned[BLOB_NAME_SIZE], unowned[BLOB_NAME_SIZE], digest[BLOB_DIGEST_SIZE];
    struct blob_writer *live;
    int64_t removed;

    (void)state;
    put_blob("owned", owned);
    put_blob("unowned", unowned);
    die_while_writing();
    assert_int_equal(blob_writer_open(store, "wav", &live, NULL), 0);
    assert_int_equal(files_in_store(), 4);
    assert_int_equal(blob_sweep(store, CLOCK_HOUR_US, owns_ctx, owned, &removed, NULL), 0);
    assert_int_equal(removed, 1);
    assert_true(exists(unowned));
    assert_int_equal(blob_sweep(store, 0, fails_to_tell, NULL, &removed, NULL), ERR_STORE);
    assert_int_equal(removed, 0);
    assert_int_equal(blob_sweep(store, 0, owns_ctx, owned, &removed, NULL), 0);
    assert_int_equal(removed, 1);
    assert_true(exists(owned));
    assert_false(exists(unowned));
    assert_int_equal(blob_writer_commit(live, digest, NULL), 0);
    blob_writer_close(&live);
    assert_int_equal(files_in_store(), 2);
}

static void a_full_disk_is_an_error_and_leaves_nothing(void **state)
{
    static char bytes[65536];
    char digest[BLOB_DIGEST_SIZE];
    struct rlimit before, small;
    struct blob_writer *w;
    struct err err = { 0 };

    (void)state;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 100000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_int_equal(blob_writer_open(store, "wav", &w, NULL), 0);
    assert_int_equal(blob_writer_add(w, bytes, sizeof bytes, NULL), 0);
    assert_int_equal(blob_writer_add(w, bytes, sizeof bytes, &err), ERR_IO);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_non_null(strstr(err.text, "File too large"));
    assert_int_equal(blob_writer_commit(w, digest, NULL), ERR_CONFLICT);
    blob_writer_close(&w);
    assert_int_equal(files_in_store(), 0);
}

static int open_without_rights(const char *path)
{
    struct blob_store *refused = NULL;
    struct err err = { 0 };
    int rc;

    if (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0)
        return 1;
    rc = blob_store_open(path, &refused, &err);
    if (rc != ERR_IO || refused)
        return 2;
    return strstr(err.text, path) && strstr(err.text, "Permission denied") ? 0 : 3;
}

static void a_read_only_folder_is_a_clear_error(void **state)
{
    char path[] = "/tmp/test_blob_ro_XXXXXX";
    pid_t child;
    int status;

    (void)state;
    assert_non_null(mkdtemp(path));
    assert_int_equal(chmod(path, 0555), 0);
    child = fork();
    if (child == 0)
        _exit(open_without_rights(path));
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(status, 0);
}

static void *commit_fifty(void *arg)
{
    char digest[BLOB_DIGEST_SIZE], expected[BLOB_DIGEST_SIZE];

    for (int i = 0; i < 50; i++) {
        struct blob_writer *w;
        int rc = blob_writer_open(store, "wav", &w, NULL);

        if (rc)
            return arg;
        rc = blob_writer_add(w, blob_writer_name(w), 36, NULL);
        if (!rc)
            rc = blob_writer_commit(w, digest, NULL);
        hex_digest(blob_writer_name(w), 36, expected);
        if (rc || strcmp(digest, expected) != 0 || !exists(blob_writer_name(w)))
            return arg;
        blob_writer_close(&w);
    }
    return NULL;
}

static void eight_threads_commit_at_once(void **state)
{
    pthread_t threads[8];
    void *fault;

    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, commit_fifty, dir), 0);
    for (size_t i = 0; i < UNIT_COUNT(threads); i++) {
        assert_int_equal(pthread_join(threads[i], &fault), 0);
        assert_null(fault);
    }
    assert_int_equal(files_in_store(), 400);
}

static void a_reserve_stays_free(void **state)
{
    struct blob_writer *w = NULL;

    (void)state;
    assert_int_equal(blob_store_room_check(store, 1, NULL), 0);
    assert_int_equal(blob_store_room_check(store, INT64_MAX / 2, NULL), ERR_NO_SPACE);
    blob_store_reserve_set(store, INT64_MAX / 2);
    assert_int_equal(blob_store_room_check(store, 0, NULL), ERR_NO_SPACE);
    assert_int_equal(blob_writer_open(store, "wav", &w, NULL), 0);
    assert_int_equal(blob_writer_add(w, "x", 1, NULL), ERR_NO_SPACE);
    blob_writer_close(&w);
    assert_int_equal(files_in_store(), 0);
}

#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, open_store, close_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_commit_shows_bytes_and_digest),
        STORE_TEST(an_empty_blob_has_the_known_digest),
        STORE_TEST(a_rescan_hashes_what_a_child_wrote),
        STORE_TEST(what_is_not_committed_leaves_nothing),
        STORE_TEST(large_writers_side_by_side_keep_their_digests),
        STORE_TEST(bad_names_and_suffixes_are_refused),
        STORE_TEST(a_removed_blob_is_gone),
        STORE_TEST(a_sweep_takes_the_dead_and_the_unowned_only),
        STORE_TEST(a_full_disk_is_an_error_and_leaves_nothing),
        STORE_TEST(a_read_only_folder_is_a_clear_error),
        STORE_TEST(eight_threads_commit_at_once),
        STORE_TEST(a_reserve_stays_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
