#include "tests/unit/pack_fixture.h"

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
        assert_int_equal(blob_writer_rely(writers[i], NULL), 0);
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
    blob_store_close(&store); /* its thread would not be in the child */
    child = fork();
    if (child == 0) {
        struct blob_writer *w;

        if (blob_store_open(dir, &store, NULL) == 0 && put(4, SIZE, name) == 0 &&
            blob_store_settle(store, NULL) == 0 && write(said[1], name, sizeof name) > 0 &&
            blob_writer_open_bounded(store, "wav", 100, &w, NULL) == 0 &&
            blob_writer_add(w, "x", 1, NULL) == 0)
            (void)kill(getpid(), SIGKILL);
        _exit(1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(blob_store_open(dir, &store, NULL), 0);
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
        STORE_TEST(what_waits_in_memory_can_be_looked_at),
        STORE_TEST(a_sweep_takes_the_unowned_and_the_broken_only),
        STORE_TEST(a_crash_keeps_what_was_committed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
