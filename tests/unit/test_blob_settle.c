#include "tests/unit/pack_fixture.h"

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
    sync_errnum = EIO;
    disk_hang(name);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(blob_writer_open_bounded(store, "wav", 10, &w[i], NULL), 0);
        assert_int_equal(blob_writer_add(w[i], "abc", 3, NULL), 0);
        assert_int_equal(blob_writer_commit(w[i], digest, NULL), 0);
        assert_int_equal(blob_writer_rely(w[i], NULL), 0);
    }
    disk_go_on();
    assert_int_equal(blob_store_settle(store, &err), ERR_IO);
    sync_errnum = 0;
    assert_non_null(strstr(err.text, "cannot write"));
    assert_int_equal(blob_writer_rely(w[0], NULL), ERR_IO);
    assert_int_equal(blob_store_settle(store, NULL), 0);
    assert_int_equal(blob_writer_rely(w[1], NULL), ERR_IO);
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
    char names[3][BLOB_NAME_SIZE], first[BLOB_NAME_SIZE];

    (void)state;
    disk_hang(first);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(put_unsettled(i, SIZE, names[i]), 0);
    disk_go_on();
    assert_int_equal(blob_store_settle(store, NULL), 0);
    assert_int_equal(syncs, 2);
    assert_int_equal(blob_store_settle(store, NULL), 0);
    assert_int_equal(syncs, 2);
    assert_true(is_whole(first, 77, SIZE));
    for (unsigned i = 0; i < 3; i++)
        assert_true(is_whole(names[i], i, SIZE));
    assert_int_equal(put(4, SIZE, names[0]), 0);
    assert_int_equal(syncs, 3);
}

static void what_goes_before_it_is_settled_is_never_written(void **state)
{
    char names[4][BLOB_NAME_SIZE], first[BLOB_NAME_SIZE];
    int64_t bytes;

    (void)state;
    disk_hang(first);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(put_unsettled(i, SIZE, names[i]), 0);
    assert_int_equal(blob_remove(store, names[1], NULL), 0);
    assert_int_equal(blob_remove(store, names[3], NULL), 0);
    assert_int_equal(blob_remove(store, names[3], NULL), 0);
    assert_int_equal(put_unsettled(5, SIZE, names[3]), 0);
    disk_go_on();
    assert_int_equal(blob_store_settle(store, NULL), 0);
    (void)packs_in_store(&bytes);
    assert_in_range(bytes, 4 * SIZE, 4 * (SIZE + 2 * PACK_PAGE_BYTES));
    assert_true(is_whole(names[0], 0, SIZE));
    assert_false(exists(names[1]));
    assert_true(is_whole(names[2], 2, SIZE));
    assert_true(is_whole(names[3], 5, SIZE));
}

/* Whoever removes it does not wait for the disk. */
static void what_goes_while_it_is_written_is_gone_after(void **state)
{
    char name[BLOB_NAME_SIZE];
    int64_t bytes = 1;

    (void)state;
    disk_hang(name);
    assert_int_equal(blob_remove(store, name, NULL), 0);
    disk_go_on();
    assert_int_equal(blob_store_settle(store, NULL), 0);
    for (int i = 0; i < 2000 && bytes > 0; i++) {
        (void)usleep(1000);
        (void)packs_in_store(&bytes);
    }
    assert_int_equal(bytes, 0);
    assert_false(exists(name));
}

static void all_that_waits_may_go_again(void **state)
{
    char names[2][BLOB_NAME_SIZE], first[BLOB_NAME_SIZE];

    (void)state;
    disk_hang(first);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(put_unsettled(1, SIZE, names[0]), 0);
        assert_int_equal(blob_remove(store, names[0], NULL), 0);
    }
    disk_go_on();
    assert_int_equal(blob_store_settle(store, NULL), 0);
    assert_int_equal(syncs, 1);
    assert_int_equal(put_unsettled(2, SIZE, names[1]), 0);
    assert_int_equal(blob_store_settle(store, NULL), 0);
    assert_int_equal(blob_store_settle(store, NULL), 0);
    assert_int_equal(syncs, 2);
    reopen();
    assert_false(exists(names[0]));
    assert_true(is_whole(names[1], 2, SIZE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_disk_that_ends_leaves_nothing_of_a_blob),
        STORE_TEST(a_sync_that_fails_is_told_to_all_it_stood_for),
        STORE_TEST(settling_syncs_once_for_all_and_not_in_vain),
        STORE_TEST(what_goes_before_it_is_settled_is_never_written),
        STORE_TEST(what_goes_while_it_is_written_is_gone_after),
        STORE_TEST(all_that_waits_may_go_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
