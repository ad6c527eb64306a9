#include "store/db.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include "store/migrate.h"

enum { BUSY_TIMEOUT_MS = 10000 };

struct db {
    sqlite3 *sqlite;
    enum db_mode mode;
    struct err failure; /* the last one, kept: rollbacks overwrite SQLite's own text */
    sqlite3_stmt *prepared[STMT_COUNT];
};

static int code_of(int sqlite_code)
{
    switch (sqlite_code & 0xff) {
    case SQLITE_OK:
    case SQLITE_DONE:
    case SQLITE_ROW:
        return 0;
    case SQLITE_CONSTRAINT:
        return ERR_CONFLICT;
    case SQLITE_FULL:
        return ERR_NO_SPACE;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return ERR_CORRUPT;
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return ERR_IO;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ERR_BUSY;
    case SQLITE_NOMEM:
        return ERR_NO_MEMORY;
    default:
        return ERR_STORE;
    }
}

static int result_of(struct db *db, int sqlite_code, const char *what)
{
    const int rc = code_of(sqlite_code);

    if (rc)
        (void)err_set(&db->failure, rc, "%s: %s", what, sqlite3_errmsg(db->sqlite));
    return rc;
}

void db_error(struct db *db, struct err *reterr)
{
    if (reterr)
        *reterr = db->failure;
}

int db_script(struct db *db, const char *text)
{
    return result_of(db, sqlite3_exec(db->sqlite, text, NULL, NULL, NULL), "script");
}

int db_script_int(struct db *db, const char *text, int64_t *ret)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(db->sqlite, text, -1, &s, NULL);

    *ret = 0;
    if (rc == SQLITE_OK)
        rc = sqlite3_step(s);
    if (rc == SQLITE_ROW)
        *ret = sqlite3_column_int64(s, 0);
    rc = result_of(db, rc, "script");
    (void)sqlite3_finalize(s);
    return rc;
}

/* The file's path in "sqlite:PATH", "sqlite:///PATH" or a bare path; NULL: another scheme.
 * As in the replaced system's URLs, three slashes begin a relative path and four an
 * absolute. */
static const char *path_of_url(const char *url)
{
    if (strncmp(url, "sqlite:///", 10) == 0)
        return url + 10;
    if (strncmp(url, "sqlite:", 7) == 0)
        return url + 7;
    return strstr(url, "://") ? NULL : url;
}

/* The switch to WAL answers busy at once, without waiting, while another process opens or
 * closes the same file. */
static int wal_enter(struct db *db)
{
    int rc = db_script(db, "PRAGMA journal_mode = WAL");

    for (int waited_ms = 0; rc == ERR_BUSY && waited_ms < BUSY_TIMEOUT_MS; waited_ms += 5) {
        (void)sqlite3_sleep(5);
        rc = db_script(db, "PRAGMA journal_mode = WAL");
    }
    return rc;
}

static int configure(struct db *db)
{
    int rc;

    (void)sqlite3_extended_result_codes(db->sqlite, 1);
    (void)sqlite3_busy_timeout(db->sqlite, BUSY_TIMEOUT_MS);
    if (db->mode == DB_READ)
        return db_script(db, "PRAGMA query_only = 1; SELECT COUNT(*) FROM sqlite_schema");
    rc = wal_enter(db);
    return rc ? rc : db_script(db, "PRAGMA synchronous = FULL; PRAGMA foreign_keys = 1");
}

int db_open(const char *url, enum db_mode mode, struct db **ret, struct err *reterr)
{
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
                      (mode == DB_CREATE ? SQLITE_OPEN_CREATE : 0);
    const char *path = path_of_url(url);
    struct db *db = path ? calloc(1, sizeof *db) : NULL;
    int rc;

    if (!path)
        return err_set(reterr, ERR_INVALID, "no driver for this database URL");
    if (!db)
        return err_set(reterr, ERR_NO_MEMORY, "database");
    db->mode = mode;
    rc = result_of(db, sqlite3_open_v2(path, &db->sqlite, flags, NULL), path);
    if (rc == 0)
        rc = configure(db);
    if (rc == 0) {
        *ret = db;
        return 0;
    }
    (void)err_set(reterr, rc, "database %s: %s", path, db->failure.text);
    db_close(&db);
    return rc;
}

void db_close(struct db **db)
{
    if (!*db)
        return;
    for (size_t i = 0; i < STMT_COUNT; i++)
        (void)sqlite3_finalize((*db)->prepared[i]);
    (void)sqlite3_close_v2((*db)->sqlite);
    free(*db);
    *db = NULL;
}

int db_begin(struct db *db)
{
    return db_script(db, db->mode == DB_READ ? "BEGIN" : "BEGIN IMMEDIATE");
}

int db_commit(struct db *db)
{
    return db_script(db, "COMMIT");
}

void db_rollback(struct db *db)
{
    if (!sqlite3_get_autocommit(db->sqlite))
        (void)sqlite3_exec(db->sqlite, "ROLLBACK", NULL, NULL, NULL);
}

int db_savepoint(struct db *db)
{
    return db_script(db, "SAVEPOINT op");
}

int db_savepoint_release(struct db *db)
{
    return db_script(db, "RELEASE op");
}

int db_savepoint_rollback(struct db *db)
{
    return result_of(
        db, sqlite3_exec(db->sqlite, "ROLLBACK TO op; RELEASE op", NULL, NULL, NULL),
        "rollback");
}

static int prepare(struct db *db, enum stmt stmt)
{
    if (db->prepared[stmt])
        return 0;
    return result_of(db,
                     sqlite3_prepare_v3(db->sqlite, statements[stmt].text, -1,
                                        SQLITE_PREPARE_PERSISTENT, &db->prepared[stmt],
                                        NULL),
                     statements[stmt].name);
}

int db_prepare_all(struct db *db, struct err *reterr)
{
    int rc = 0;

    for (int i = 0; i < STMT_COUNT && rc == 0; i++)
        rc = prepare(db, (enum stmt)i);
    if (rc)
        db_error(db, reterr);
    return rc;
}

static int bind(sqlite3_stmt *s, int at, const struct db_arg *arg)
{
    switch (arg->type) {
    case DB_ARG_INT:
        return sqlite3_bind_int64(s, at, arg->integer);
    case DB_ARG_TEXT:
        return sqlite3_bind_text64(s, at, arg->text.ptr, arg->text.len, SQLITE_STATIC,
                                   SQLITE_UTF8);
    case DB_ARG_NULL:
        break;
    }
    return sqlite3_bind_null(s, at);
}

int db_run(struct db *db, enum stmt stmt, const struct db_arg *args, size_t args_count)
{
    int rc = prepare(db, stmt);

    if (rc == 0 && (int)args_count != statements[stmt].parameters)
        rc = err_set(&db->failure, ERR_INTERNAL, "%s: %zu parameters instead of %d",
                     statements[stmt].name, args_count, statements[stmt].parameters);
    for (size_t i = 0; i < args_count && rc == 0; i++)
        rc = result_of(db, bind(db->prepared[stmt], (int)i + 1, &args[i]),
                       statements[stmt].name);
    return rc;
}

int db_next(struct db *db, enum stmt stmt)
{
    const int step = sqlite3_step(db->prepared[stmt]);

    return step == SQLITE_ROW ? 1 : result_of(db, step, statements[stmt].name);
}

int64_t db_int(struct db *db, enum stmt stmt, int column)
{
    return sqlite3_column_int64(db->prepared[stmt], column);
}

bool db_is_null(struct db *db, enum stmt stmt, int column)
{
    return sqlite3_column_type(db->prepared[stmt], column) == SQLITE_NULL;
}

struct view db_text(struct db *db, enum stmt stmt, int column)
{
    const unsigned char *text = sqlite3_column_text(db->prepared[stmt], column);

    if (!text)
        return (struct view){ NULL, 0 };
    return (struct view){ (const char *)text,
                          (size_t)sqlite3_column_bytes(db->prepared[stmt], column) };
}

int db_done(struct db *db, enum stmt stmt)
{
    int rc;

    if (!db->prepared[stmt])
        return 0;
    rc = result_of(db, sqlite3_reset(db->prepared[stmt]), statements[stmt].name);
    (void)sqlite3_clear_bindings(db->prepared[stmt]);
    return rc;
}

int64_t db_changes(struct db *db)
{
    return sqlite3_changes64(db->sqlite);
}
