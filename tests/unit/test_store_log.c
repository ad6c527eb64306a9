#include "tests/unit/unit.h"
#include "tests/unit/store_folder.h"

#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include "store/sqlite_log.h"

enum { LOG_HEADER_BYTES = 32, FRAME_BYTES = 24 + 4096 };

static void run(sqlite3 *db, const char *sql)
{
    char *error = NULL;

    if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK)
        fail_msg("%s: %s", sql, error);
}

static sqlite3 *opened(const char *path, const char *vfs)
{
    sqlite3 *db;

    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs) !=
        SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(db));
    run(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA "
            "wal_autocheckpoint = 0;"
            "CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, content)");
    return db;
}

static sqlite3 *ours(const char *path)
{
    return opened(path, sqlite_log_vfs);
}

static int64_t number_of(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *stmt;
    int64_t number;

    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    number = sqlite3_column_int64(stmt, 0);
    assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
    return number;
}

static void rows_add(sqlite3 *db, int count)
{
    char sql[256];

    (void)snprintf(
        sql, sizeof sql,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
        " INSERT INTO t (content) SELECT zeroblob(3000) FROM n",
        count);
    run(db, sql);
}

static void assert_is_whole(sqlite3 *db)
{
    assert_int_equal(number_of(db, "SELECT COUNT(*) FROM pragma_integrity_check "
                                   "WHERE integrity_check <> 'ok'"),
                     0);
}

static int64_t log_bytes(const char *path)
{
    char log[256];
    struct stat st;

    (void)snprintf(log, sizeof log, "%s-wal", path);
    assert_int_equal(stat(log, &st), 0);
    return st.st_size;
}

/* Calls of this process that wrote, by the system's own count. */
static long writes(void)
{
    FILE *io = fopen("/proc/self/io", "r");
    char line[64];
    long count = -1;

    assert_non_null(io);
    while (fgets(line, sizeof line, io))
        (void)sscanf(line, "syscw: %ld", &count);
    assert_int_equal(fclose(io), 0);
    assert_true(count >= 0);
    return count;
}

static void a_transaction_takes_few_calls(void **state)
{
    const struct folder *f = *state;
    sqlite3 *db = ours(f->path);
    const int64_t bytes_before = log_bytes(f->path);
    long before = writes(), frames;

    rows_add(db, 200);
    before = writes() - before;
    frames = (long)((log_bytes(f->path) - bytes_before) / FRAME_BYTES);
    assert_true(frames >= 200);
    assert_true(before <= 1 + frames / 20);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* Also without a sync, which would hand over too. */
static void a_commit_leaves_nothing_behind(void **state)
{
    const struct folder *f = *state;
    sqlite3 *writer = ours(f->path), *reader = opened(f->path, NULL);

    run(writer, "PRAGMA synchronous = OFF");
    for (int i = 1; i <= 50; i++) {
        rows_add(writer, i);
        assert_int_equal((log_bytes(f->path) - LOG_HEADER_BYTES) % FRAME_BYTES, 0);
        assert_int_equal(number_of(reader, "SELECT COUNT(*) FROM t"), i * (i + 1) / 2);
        assert_int_equal(number_of(reader, "SELECT SUM(LENGTH(content)) FROM t"),
                         3000 * i * (i + 1) / 2);
    }
    assert_is_whole(reader);
    assert_int_equal(sqlite3_close(reader), SQLITE_OK);
    assert_int_equal(sqlite3_close(writer), SQLITE_OK);
}

/* Pages that leave the cache before the commit go to the log, and are read back from it. */
static void what_does_not_fit_the_cache_is_read_back(void **state)
{
    const struct folder *f = *state;
    sqlite3 *db = ours(f->path);

    run(db, "PRAGMA cache_size = 10; BEGIN");
    rows_add(db, 500);
    run(db, "UPDATE t SET content = zeroblob(2000) WHERE id % 2");
    assert_int_equal(number_of(db, "SELECT SUM(LENGTH(content)) FROM t"), 250 * 5000);
    run(db, "SAVEPOINT s; DELETE FROM t WHERE id % 3 = 0; ROLLBACK TO s");
    assert_int_equal(number_of(db, "SELECT COUNT(*) FROM t"), 500);
    run(db, "ROLLBACK");
    assert_int_equal(number_of(db, "SELECT COUNT(*) FROM t"), 0);
    rows_add(db, 300);
    assert_is_whole(db);
    run(db, "PRAGMA wal_checkpoint(TRUNCATE)");
    assert_int_equal(log_bytes(f->path), 0);
    assert_int_equal(number_of(db, "SELECT COUNT(*) FROM t"), 300);
    assert_is_whole(db);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void killed_at_once(const char *path, int round)
{
    sqlite3 *db = ours(path);

    run(db, "PRAGMA cache_size = 10");
    rows_add(db, 40 + round);
    run(db, "BEGIN");
    rows_add(db, 60 + 7 * round); /* begins to go to the log, and is never whole */
    (void)kill(getpid(), SIGKILL);
    _exit(1);
}

static void a_killed_writer_loses_only_what_was_not_committed(void **state)
{
    const struct folder *f = *state;
    int64_t rows = 0;
    sqlite3 *db;

    for (int round = 0; round < 10; round++) {
        const pid_t pid = fork();
        int status;

        if (pid == 0)
            killed_at_once(f->path, round);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        rows += 40 + round;
        db = opened(f->path, round % 2 ? sqlite_log_vfs : NULL);
        assert_int_equal(number_of(db, "SELECT COUNT(*) FROM t"), rows);
        assert_is_whole(db);
        assert_int_equal(sqlite3_close(db), SQLITE_OK);
    }
}

static int log_setup(void **state)
{
    sqlite_log_register();
    return folder_setup(state);
}

#define LOG_TEST(f_) cmocka_unit_test_setup_teardown(f_, log_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOG_TEST(a_transaction_takes_few_calls),
        LOG_TEST(a_commit_leaves_nothing_behind),
        LOG_TEST(what_does_not_fit_the_cache_is_read_back),
        LOG_TEST(a_killed_writer_loses_only_what_was_not_committed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
