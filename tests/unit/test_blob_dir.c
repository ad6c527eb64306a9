#include "tests/unit/unit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "blob/blob.h"

struct dir {
    char path[64];
    struct blob_store *store;
};

static int setup(void **state)
{
    struct dir *d = calloc(1, sizeof *d);

    assert_non_null(d);
    strcpy(d->path, "/tmp/whazz-blob-XXXXXX");
    assert_non_null(mkdtemp(d->path));
    assert_int_equal(blob_store_open(d->path, &d->store, NULL), 0);
    *state = d;
    return 0;
}

static int teardown(void **state)
{
    struct dir *d = *state;
    char command[128];

    blob_store_close(&d->store);
    (void)snprintf(command, sizeof command, "rm -rf '%s'", d->path);
    assert_int_equal(system(command), 0);
    free(d);
    return 0;
}

static int files_below(const struct dir *d)
{
    char command[128];
    FILE *list;
    int count = -1;

    (void)snprintf(command, sizeof command, "find '%s' -type f | wc -l", d->path);
    list = popen(command, "r");
    assert_non_null(list);
    assert_int_equal(fscanf(list, "%d", &count), 1);
    (void)pclose(list);
    return count;
}

static void committed(struct dir *d, const char *text, char name[BLOB_NAME_SIZE],
                      char digest[BLOB_DIGEST_SIZE])
{
    struct blob_writer *w = NULL;

    assert_int_equal(blob_writer_open(d->store, "wav", &w, NULL), 0);
    assert_int_equal(blob_writer_add(w, text, strlen(text), NULL), 0);
    strcpy(name, blob_writer_name(w));
    assert_int_equal(blob_writer_commit(w, digest, NULL), 0);
    blob_writer_close(&w);
}

static void a_committed_blob_has_its_bytes_and_digest(void **state)
{
    struct dir *d = *state;
    char name[BLOB_NAME_SIZE], digest[BLOB_DIGEST_SIZE], bytes[8] = { 0 };
    int64_t size;
    int fd;

    committed(d, "abc", name, digest);
    /* b2sum -l 256 of "abc" */
    assert_string_equal(digest,
                        "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
    assert_int_equal(blob_open(d->store, name, &fd, &size, NULL), 0);
    assert_int_equal(size, 3);
    assert_int_equal(read(fd, bytes, sizeof bytes), 3);
    assert_string_equal(bytes, "abc");
    (void)close(fd);
    assert_int_equal(blob_remove(d->store, name, NULL), 0);
    assert_int_equal(blob_remove(d->store, name, NULL), 0);
    assert_int_equal(blob_open(d->store, name, &fd, &size, NULL), ERR_NOT_FOUND);
    assert_int_equal(files_below(d), 0);
}

static void what_a_child_wrote_is_hashed_by_a_rescan(void **state)
{
    struct dir *d = *state;
    struct blob_writer *w = NULL;
    char name[BLOB_NAME_SIZE], direct[BLOB_DIGEST_SIZE], rescanned[BLOB_DIGEST_SIZE];

    committed(d, "result", name, direct);
    assert_int_equal(blob_writer_open(d->store, "wav", &w, NULL), 0);
    assert_int_equal(write(blob_writer_fd(w), "result", 6), 6);
    assert_int_equal(blob_writer_rescan(w, NULL), 0);
    assert_int_equal(blob_writer_bytes(w), 6);
    assert_int_equal(blob_writer_commit(w, rescanned, NULL), 0);
    assert_string_equal(direct, rescanned);
    blob_writer_close(&w);
}

static void nothing_remains_of_an_uncommitted_one(void **state)
{
    struct dir *d = *state;
    struct blob_writer *w = NULL;

    assert_int_equal(blob_writer_open(d->store, "mp3", &w, NULL), 0);
    assert_int_equal(blob_writer_add(w, "half", 4, NULL), 0);
    assert_int_equal(files_below(d), 1);
    blob_writer_close(&w);
    assert_int_equal(files_below(d), 0);
}

static void names_of_others_open_and_remove_nothing(void **state)
{
    static const char *const names[] = {
        "",
        "..",
        "tmp",
        "../../etc/passwd",
        "/etc/passwd",
        "c6b6a964-d4e2-4956-a527-b25bf9d57e32", /* no suffix */
        "c6b6a964-d4e2-4956-a527-b25bf9d57e32.w/v",
        "c6b6a964-d4e2-4956-a527-b25bf9d57e32.toolongasuffix",
    };
    struct dir *d = *state;
    int64_t size;
    int fd;

    for (size_t i = 0; i < UNIT_COUNT(names); i++) {
        assert_int_equal(blob_open(d->store, names[i], &fd, &size, NULL), ERR_NOT_FOUND);
        assert_int_equal(blob_remove(d->store, names[i], NULL), ERR_NOT_FOUND);
    }
}

static int owned_is(void *ctx, const char *name, bool *ret)
{
    *ret = strcmp(ctx, name) == 0;
    return 0;
}

static void a_sweep_takes_the_dead_and_the_unowned_only(void **state)
{
    struct dir *d = *state;
    struct blob_writer *alive = NULL, *dead = NULL;
    char owned[BLOB_NAME_SIZE], lost[BLOB_NAME_SIZE], digest[BLOB_DIGEST_SIZE];
    int64_t removed;
    int status;

    committed(d, "owned", owned, digest);
    committed(d, "lost", lost, digest);
    assert_int_equal(blob_writer_open(d->store, "wav", &alive, NULL), 0);
    if (fork() == 0) {
        (void)!blob_writer_open(d->store, "wav", &dead, NULL);
        (void)kill(getpid(), SIGKILL);
    }
    (void)wait(&status);
    assert_int_equal(files_below(d), 4);
    assert_int_equal(blob_sweep(d->store, 3600000000, owned_is, owned, &removed, NULL), 0);
    assert_int_equal(removed, 1);
    assert_int_equal(blob_sweep(d->store, 0, owned_is, owned, &removed, NULL), 0);
    assert_int_equal(removed, 1);
    assert_int_equal(files_below(d), 2);
    blob_writer_close(&alive);
    assert_int_equal(files_below(d), 1);
}

static void a_write_that_does_not_fit_is_an_error_and_leaves_nothing(void **state)
{
    const struct rlimit small = { 1000, RLIM_INFINITY };
    struct dir *d = *state;
    struct blob_writer *w = NULL;
    struct rlimit before;
    struct err err = { 0 };
    char bytes[2000] = { 0 };

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_int_equal(blob_writer_open(d->store, "wav", &w, NULL), 0);
    assert_int_equal(blob_writer_add(w, bytes, sizeof bytes, &err), ERR_IO);
    assert_non_null(strstr(err.text, "writing an upload"));
    blob_writer_close(&w);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(files_below(d), 0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_committed_blob_has_its_bytes_and_digest),
        CASE(what_a_child_wrote_is_hashed_by_a_rescan),
        CASE(nothing_remains_of_an_uncommitted_one),
        CASE(names_of_others_open_and_remove_nothing),
        CASE(a_sweep_takes_the_dead_and_the_unowned_only),
        CASE(a_write_that_does_not_fit_is_an_error_and_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
