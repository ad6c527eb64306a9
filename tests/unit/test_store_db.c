#include "tests/unit/unit.h"
#include "tests/unit/store_folder.h"

#include <pthread.h>
#include "store/db.h"

enum { NOBODY = 65534 };

static struct db *opened(const char *url, enum db_mode mode)
{
    struct db *db = NULL;
    struct err err = { 0 };

    if (db_open(url, mode, &db, &err))
        fail_msg("%s", err.text);
    return db;
}

static struct db *migrated(const char *url)
{
    struct db *db = opened(url, DB_CREATE);
    struct err err = { 0 };

    if (db_migrate(db, &err))
        fail_msg("%s", err.text);
    return db;
}

static int64_t count_of(struct db *db, const char *name)
{
    int64_t value = -1;

    assert_int_equal(db_get_int(db, STMT_COUNT_READ, DB_ARGS(DB_TEXT(name)), &value), 0);
    return value;
}

static void write_file(const char *path, const char *content)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_true(fputs(content, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void migrating_again_changes_nothing(void **state)
{
    struct folder *f = *state;
    struct db *db = migrated(f->path);
    int64_t version = 0;

    assert_int_equal(db_migrate(db, NULL), 0);
    assert_int_equal(db_count_add(db, "jobs", 2), 0);
    db_close(&db);
    db = migrated(f->path);
    assert_int_equal(db_get_int(db, STMT_MIGRATION_VERSION, NULL, 0, &version), 0);
    assert_true(version >= 1);
    assert_int_equal(count_of(db, "jobs"), 2);
    db_close(&db);
}

static void *open_and_migrate(void *path)
{
    struct db *db = NULL;
    int rc = db_open(path, DB_CREATE, &db, NULL);

    if (rc == 0)
        rc = db_migrate(db, NULL);
    db_close(&db);
    return (void *)(intptr_t)rc;
}

static void programs_may_migrate_together(void **state)
{
    struct folder *f = *state;
    pthread_t threads[8];
    void *rc;

    for (size_t i = 0; i < UNIT_COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, open_and_migrate, f->path), 0);
    for (size_t i = 0; i < UNIT_COUNT(threads); i++) {
        assert_int_equal(pthread_join(threads[i], &rc), 0);
        assert_int_equal((intptr_t)rc, 0);
    }
}

static void a_newer_schema_is_refused(void **state)
{
    struct folder *f = *state;
    struct db *db = migrated(f->path);
    struct err err = { 0 };

    assert_int_equal(
        db_exec(db, STMT_MIGRATION_ADD, DB_ARGS(DB_INT(9000), DB_TEXT("later"), DB_INT(1))),
        0);
    assert_int_equal(db_migrate(db, &err), ERR_CORRUPT);
    assert_non_null(strstr(err.text, "9000"));
    db_close(&db);
}

static void the_url_names_a_file(void **state)
{
    static const char *const wrong[] = {
        "",         "sqlite:",        "sqlite:///",     "sqlite://x",
        ":memory:", "postgres://x/y", "sqlite::memory:"
    };
    struct folder *f = *state;
    struct db *db = migrated(f->path);
    char url[128];
    struct err err;

    db_close(&db);
    for (size_t i = 0; i < UNIT_COUNT(wrong); i++) {
        err = (struct err){ 0 };
        assert_int_equal(db_open(wrong[i], DB_CREATE, &db, &err), ERR_INVALID);
        assert_int_not_equal(err.text[0], '\0');
    }
    (void)snprintf(url, sizeof url, "sqlite:%s", f->path);
    db = opened(url, DB_READ);
    db_close(&db);
    (void)snprintf(url, sizeof url, "sqlite:///%s", f->path);
    db = opened(url, DB_WRITE);
    db_close(&db);
    db_close(&db);
}

static void a_missing_file_is_not_made_unasked(void **state)
{
    struct folder *f = *state;
    struct db *db = NULL;
    struct stat st;

    assert_int_equal(db_open(f->path, DB_READ, &db, NULL), ERR_NOT_FOUND);
    assert_int_equal(db_open(f->path, DB_WRITE, &db, NULL), ERR_NOT_FOUND);
    assert_int_equal(db_open("/nowhere/at/all.db", DB_CREATE, &db, NULL), ERR_NOT_FOUND);
    db = opened(f->path, DB_CREATE);
    db_close(&db);
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void a_file_that_is_no_database_is_corrupt(void **state)
{
    struct folder *f = *state;
    struct db *db = NULL;
    struct err err = { 0 };

    write_file(f->path,
               "This is text, and long enough that it could have been a header of a "
               "database file, had it begun in another way than it does.");
    assert_int_equal(db_open(f->path, DB_READ, &db, &err), ERR_CORRUPT);
    assert_non_null(strstr(err.text, f->path));
    assert_int_equal(db_open(f->path, DB_CREATE, &db, NULL), ERR_CORRUPT);
    assert_null(db);
}

/* Root may write anywhere, so the test is nobody for a while. */
static void what_cannot_be_written_says_so(void **state)
{
    struct folder *f = *state;
    struct db *db = migrated(f->path);
    const bool root = geteuid() == 0;
    struct err err = { 0 }, dir_err = { 0 };
    int file_rc, dir_rc;

    db_close(&db);
    assert_int_equal(chmod(f->path, 0444), 0);
    assert_int_equal(chmod(f->dir, 0555), 0);
    if (root)
        assert_int_equal(seteuid(NOBODY), 0);
    file_rc = db_open(f->path, DB_WRITE, &db, &err);
    f->path[strlen(f->path) - 1] = 'x';
    dir_rc = db_open(f->path, DB_CREATE, &db, &dir_err);
    f->path[strlen(f->path) - 1] = 'b';
    if (root)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(file_rc, ERR_IO);
    assert_non_null(strstr(err.text, "read-only"));
    assert_int_equal(dir_rc, ERR_IO);
    assert_non_null(strstr(dir_err.text, "Permission denied"));
}

static void a_second_row_with_the_key_is_a_conflict(void **state)
{
    struct folder *f = *state;
    struct db *db = migrated(f->path);
    struct err err = { 0 };

    assert_int_equal(
        db_exec(db, STMT_MIGRATION_ADD, DB_ARGS(DB_INT(1), DB_TEXT("again"), DB_INT(1))),
        ERR_CONFLICT);
    db_error(db, &err);
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_non_null(strstr(err.text, "migration_add"));
    assert_int_equal(
        db_exec(db, STMT_MIGRATION_ADD, DB_ARGS(DB_INT(9000), DB_NULL, DB_INT(1))),
        ERR_STORE);
    db_close(&db);
}

static void misuse_is_caught(void **state)
{
    struct folder *f = *state;
    struct db *db = migrated(f->path);
    int64_t value;

    assert_int_equal(db_get_int(db, STMT_COUNT_READ, DB_ARGS(DB_TEXT("none")), &value),
                     ERR_NOT_FOUND);
    assert_int_equal(db_exec(db, STMT_COUNT_READ, NULL, 0), ERR_INTERNAL);
    assert_int_equal(db_next(db, STMT_COUNT_READ), ERR_INTERNAL);
    assert_int_equal(db_savepoint(db), ERR_STORE);
    assert_int_equal(db_run(db, STMT_COUNT_ADD, DB_ARGS(DB_TEXT("n"), DB_INT(1))), 0);
    assert_int_equal(db_run(db, STMT_COUNT_ADD, DB_ARGS(DB_TEXT("n"), DB_INT(1))),
                     ERR_INTERNAL);
    assert_int_equal(db_next(db, STMT_COUNT_ADD), 0);
    assert_int_equal(db_next(db, STMT_COUNT_ADD), 0);
    assert_int_equal(db_done(db, STMT_COUNT_ADD), 0);
    assert_int_equal(db_changes(db), 1);
    assert_int_equal(count_of(db, "n"), 1);
    db_close(&db);
}

static void a_reader_keeps_its_snapshot_from_begin(void **state)
{
    struct folder *f = *state;
    struct db *writer = migrated(f->path);
    struct db *reader = opened(f->path, DB_READ);

    assert_int_equal(db_count_add(writer, "n", 1), 0);
    assert_int_equal(db_begin(reader), 0);
    assert_int_equal(db_count_add(writer, "n", 1), 0);
    assert_int_equal(count_of(reader, "n"), 1);
    assert_int_equal(db_commit(reader), 0);
    assert_int_equal(count_of(reader, "n"), 2);
    assert_int_equal(db_count_add(reader, "n", 1), ERR_IO);
    db_close(&reader);
    db_close(&writer);
}

static void a_savepoint_undoes_its_part_only(void **state)
{
    struct folder *f = *state;
    struct db *db = migrated(f->path);

    assert_int_equal(db_begin(db), 0);
    assert_int_equal(db_count_add(db, "n", 1), 0);
    assert_int_equal(db_savepoint(db), 0);
    assert_int_equal(db_count_add(db, "n", 10), 0);
    assert_int_equal(db_savepoint_rollback(db), 0);
    assert_int_equal(db_savepoint(db), 0);
    assert_int_equal(db_count_add(db, "n", 100), 0);
    assert_int_equal(db_savepoint_release(db), 0);
    assert_int_equal(db_commit(db), 0);
    db_rollback(db);
    assert_int_equal(count_of(db, "n"), 101);
    db_close(&db);
}

#define FOLDER_TEST(f_) cmocka_unit_test_setup_teardown(f_, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FOLDER_TEST(migrating_again_changes_nothing),
        FOLDER_TEST(programs_may_migrate_together),
        FOLDER_TEST(a_newer_schema_is_refused),
        FOLDER_TEST(the_url_names_a_file),
        FOLDER_TEST(a_missing_file_is_not_made_unasked),
        FOLDER_TEST(a_file_that_is_no_database_is_corrupt),
        FOLDER_TEST(what_cannot_be_written_says_so),
        FOLDER_TEST(a_second_row_with_the_key_is_a_conflict),
        FOLDER_TEST(misuse_is_caught),
        FOLDER_TEST(a_reader_keeps_its_snapshot_from_begin),
        FOLDER_TEST(a_savepoint_undoes_its_part_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
