#include "store/driver.h"

#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include "store/sqlite_log.h"

enum {
    BUSY_TIMEOUT_MS = 10000, /* for another process that holds the write lock */
    BUSY_PAUSE_MS = 5,
};

struct slot {
    sqlite3_stmt *handle; /* NULL until first used */
    bool running;         /* between run and done */
    bool ended;           /* stepped to its end: another step would run it again */
};

struct sqlite {
    struct db base;
    sqlite3 *handle;
    enum db_mode mode;
    int64_t log_pages;
    sqlite3_stmt *tx[DB_TX_COUNT];
    sqlite3_stmt *snapshot; /* DB_READ: the first read, which fixes the snapshot */
    struct slot slots[STMT_COUNT];
};

static const char *const tx_texts[DB_TX_COUNT] = {
    [DB_TX_BEGIN] = "BEGIN IMMEDIATE", [DB_TX_COMMIT] = "COMMIT",
    [DB_TX_ROLLBACK] = "ROLLBACK",     [DB_TX_SAVEPOINT] = "SAVEPOINT op",
    [DB_TX_RELEASE] = "RELEASE op",    [DB_TX_ROLLBACK_TO] = "ROLLBACK TO op",
};

static struct sqlite *sqlite_of(struct db *db)
{
    return (struct sqlite *)db;
}

static int code_of_io(int errnum)
{
    switch (errnum) {
    case ENOENT:
        return ERR_NOT_FOUND;
    case ENOSPC:
    case EDQUOT:
        return ERR_NO_SPACE;
    default:
        return ERR_IO;
    }
}

static int code_of(int rc, int errnum)
{
    if (rc == SQLITE_CONSTRAINT_UNIQUE || rc == SQLITE_CONSTRAINT_PRIMARYKEY ||
        rc == SQLITE_CONSTRAINT_ROWID)
        return ERR_CONFLICT;
    switch (rc & 0xff) {
    case SQLITE_FULL:
        return ERR_NO_SPACE;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return ERR_CORRUPT;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ERR_BUSY;
    case SQLITE_NOMEM:
        return ERR_NO_MEMORY;
    case SQLITE_CANTOPEN:
        return code_of_io(errnum);
    case SQLITE_IOERR:
        return errnum == ENOENT ? ERR_IO : code_of_io(errnum);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return ERR_IO;
    default:
        return ERR_STORE;
    }
}

static int fail(struct sqlite *s, int rc, const char *what)
{
    return err_set(&s->base.last, code_of(rc, sqlite3_system_errno(s->handle)), "%s: %s",
                   what, sqlite3_errmsg(s->handle));
}

static int compile(struct sqlite *s, const char *what, const char *text, sqlite3_stmt **ret)
{
    int rc;

    if (*ret)
        return 0;
    rc = sqlite3_prepare_v3(s->handle, text, -1, SQLITE_PREPARE_PERSISTENT, ret, NULL);
    return rc == SQLITE_OK ? 0 : fail(s, rc, what);
}

static int prepare(struct db *db, enum stmt stmt)
{
    struct sqlite *s = sqlite_of(db);

    return compile(s, stmt_sources[stmt].name, stmt_sources[stmt].text,
                   &s->slots[stmt].handle);
}

static int script(struct db *db, const char *sql)
{
    struct sqlite *s = sqlite_of(db);
    const int rc = sqlite3_exec(s->handle, sql, NULL, NULL, NULL);

    return rc == SQLITE_OK ? 0 : fail(s, rc, "script");
}

/* Runs a statement that has no parameters and whose rows do not matter. */
static int run_plain(struct sqlite *s, const char *text, sqlite3_stmt **stmt)
{
    int rc = compile(s, text, text, stmt);

    if (rc)
        return rc;
    (void)sqlite3_step(*stmt);
    rc = sqlite3_reset(*stmt);
    return rc == SQLITE_OK ? 0 : fail(s, rc, text);
}

static int tx(struct db *db, enum db_tx step)
{
    struct sqlite *s = sqlite_of(db);
    const bool inside = !sqlite3_get_autocommit(s->handle);
    int rc;

    if (step == DB_TX_ROLLBACK && !inside)
        return 0;
    /* SQLite itself ends a transaction after some failures; a SAVEPOINT would start
     * another. */
    if (step != DB_TX_BEGIN && !inside)
        return err_set(&db->last, ERR_STORE, "%s: no transaction", tx_texts[step]);
    if (step != DB_TX_BEGIN || s->mode != DB_READ)
        return run_plain(s, tx_texts[step], &s->tx[step]);
    rc = run_plain(s, "BEGIN", &s->tx[DB_TX_BEGIN]);
    if (rc == 0)
        rc = run_plain(s, "SELECT 1 FROM sqlite_schema", &s->snapshot);
    if (rc)
        (void)tx(db, DB_TX_ROLLBACK);
    return rc;
}

static int bind_one(sqlite3_stmt *stmt, int at, const struct db_arg *arg)
{
    switch (arg->type) {
    case DB_ARG_INT:
        return sqlite3_bind_int64(stmt, at, arg->integer);
    case DB_ARG_TEXT:
        return sqlite3_bind_text64(stmt, at, arg->text.ptr, arg->text.len, SQLITE_STATIC,
                                   SQLITE_UTF8);
    default:
        return sqlite3_bind_null(stmt, at);
    }
}

static int run(struct db *db, enum stmt stmt, const struct db_arg *args, size_t args_count)
{
    struct sqlite *s = sqlite_of(db);
    struct slot *slot = &s->slots[stmt];
    const char *name = stmt_sources[stmt].name;
    int rc = prepare(db, stmt);

    if (rc)
        return rc;
    if (slot->running)
        return err_set(&db->last, ERR_INTERNAL, "%s: runs already", name);
    if ((size_t)sqlite3_bind_parameter_count(slot->handle) != args_count)
        return err_set(&db->last, ERR_INTERNAL, "%s: %zu values for %d parameters", name,
                       args_count, sqlite3_bind_parameter_count(slot->handle));
    for (size_t i = 0; i < args_count; i++) {
        rc = bind_one(slot->handle, (int)i + 1, &args[i]);
        if (rc != SQLITE_OK) {
            rc = fail(s, rc, name);
            (void)sqlite3_clear_bindings(slot->handle);
            return rc;
        }
    }
    slot->running = true;
    slot->ended = false;
    return 0;
}

static int next(struct db *db, enum stmt stmt)
{
    struct sqlite *s = sqlite_of(db);
    struct slot *slot = &s->slots[stmt];
    int rc;

    if (!slot->running)
        return err_set(&db->last, ERR_INTERNAL, "%s: not running", stmt_sources[stmt].name);
    if (slot->ended)
        return 0;
    rc = sqlite3_step(slot->handle);
    if (rc == SQLITE_ROW)
        return 1;
    slot->ended = true;
    return rc == SQLITE_DONE ? 0 : fail(s, rc, stmt_sources[stmt].name);
}

/* A write that returned rows, run outside a transaction, commits in sqlite3_reset. */
static int done(struct db *db, enum stmt stmt)
{
    struct sqlite *s = sqlite_of(db);
    struct slot *slot = &s->slots[stmt];
    const int rc = sqlite3_reset(slot->handle);
    const int ret = rc == SQLITE_OK ? 0 : fail(s, rc, stmt_sources[stmt].name);

    if (slot->handle)
        (void)sqlite3_clear_bindings(slot->handle);
    slot->running = false;
    return ret;
}

static int64_t column_int(struct db *db, enum stmt stmt, int column)
{
    return sqlite3_column_int64(sqlite_of(db)->slots[stmt].handle, column);
}

static bool column_is_null(struct db *db, enum stmt stmt, int column)
{
    return sqlite3_column_type(sqlite_of(db)->slots[stmt].handle, column) == SQLITE_NULL;
}

static struct view column_text(struct db *db, enum stmt stmt, int column)
{
    sqlite3_stmt *handle = sqlite_of(db)->slots[stmt].handle;
    /* As bytes: for text SQLite would make a copy with a zero at its end. */
    const char *text = sqlite3_column_blob(handle, column);

    if (!text && sqlite3_column_type(handle, column) != SQLITE_NULL)
        text = "";
    return (struct view){ text, text ? (size_t)sqlite3_column_bytes(handle, column) : 0 };
}

static int64_t changes(struct db *db)
{
    return sqlite3_changes64(sqlite_of(db)->handle);
}

static int64_t log_pages(struct db *db)
{
    return sqlite_of(db)->log_pages;
}

static int checkpoint(struct db *db, int64_t *ret_left)
{
    struct sqlite *s = sqlite_of(db);
    int pages = 0, written = 0;
    const int rc = sqlite3_wal_checkpoint_v2(s->handle, NULL, SQLITE_CHECKPOINT_PASSIVE,
                                             &pages, &written);

    if (rc != SQLITE_OK)
        return fail(s, rc, "checkpoint");
    *ret_left = pages - written;
    return 0;
}

static void close_sqlite(struct db *db)
{
    struct sqlite *s = sqlite_of(db);

    for (int i = 0; i < STMT_COUNT; i++)
        (void)sqlite3_finalize(s->slots[i].handle);
    for (int i = 0; i < DB_TX_COUNT; i++)
        (void)sqlite3_finalize(s->tx[i]);
    (void)sqlite3_finalize(s->snapshot);
    (void)sqlite3_close(s->handle);
    free(s);
}

/* Programs that open a new file together meet here, and SQLite answers BUSY at once,
 * without its timeout. */
static int enter_wal(struct sqlite *s)
{
    const char *text = "PRAGMA journal_mode = WAL";
    sqlite3_stmt *stmt = NULL;
    const char *mode;
    int rc = compile(s, text, text, &stmt), waited_ms = 0;

    if (rc)
        return rc;
    while ((sqlite3_step(stmt) & 0xff) == SQLITE_BUSY && waited_ms < BUSY_TIMEOUT_MS) {
        (void)sqlite3_reset(stmt);
        waited_ms += sqlite3_sleep(BUSY_PAUSE_MS);
    }
    mode = (const char *)sqlite3_column_text(stmt, 0);
    if (mode && strcmp(mode, "wal") != 0)
        rc = err_set(&s->base.last, ERR_IO, "no write-ahead log here: it stays in mode %s",
                     mode);
    if (sqlite3_reset(stmt) != SQLITE_OK)
        rc = fail(s, sqlite3_extended_errcode(s->handle), text);
    (void)sqlite3_finalize(stmt);
    return rc;
}

static int note_commit(void *ctx, sqlite3 *handle, const char *schema, int pages)
{
    struct sqlite *s = ctx;

    (void)handle;
    (void)schema;
    s->log_pages = pages;
    return SQLITE_OK;
}

/* What a savepoint may have to undo stays in memory: a file for it would be made and
 * removed with every large transaction. */
static int configure_writer(struct sqlite *s)
{
    (void)sqlite3_wal_hook(s->handle, note_commit, s); /* ends SQLite's own checkpoints */
    return script(&s->base, "PRAGMA temp_store = MEMORY");
}

static int configure(struct sqlite *s)
{
    int rc;

    (void)sqlite3_extended_result_codes(s->handle, 1);
    (void)sqlite3_busy_timeout(s->handle, BUSY_TIMEOUT_MS);
    (void)sqlite3_db_config(s->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(s->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    (void)sqlite3_db_config(s->handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    (void)sqlite3_db_config(s->handle, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    if (s->mode != DB_READ && sqlite3_db_readonly(s->handle, "main") == 1)
        return err_set(&s->base.last, ERR_IO, "the file is read-only");
    rc = script(&s->base, "SELECT 1 FROM sqlite_schema");
    if (rc == 0 && s->mode != DB_READ)
        rc = enter_wal(s);
    if (rc == 0)
        rc = script(&s->base, "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
    if (rc == 0 && s->mode != DB_READ)
        rc = configure_writer(s);
    return rc;
}

/* The file is for its owner alone. No descriptor is opened here: closing one would drop the
 * locks of this process's other connections. */
static int create_file(const char *path, struct err *reterr)
{
    if (mknod(path, S_IFREG | 0600, 0) == 0 || errno == EEXIST)
        return 0;
    return err_set(reterr, code_of_io(errno), "database %s: %s", path,
                   strerrordesc_np(errno));
}

/* NULL for what is no path. */
static const char *path_of(const char *url)
{
    if (strncmp(url, "sqlite:", 7) == 0) {
        url += 7;
        if (strncmp(url, "///", 3) == 0)
            url += 3;
        else if (strncmp(url, "//", 2) == 0)
            return NULL;
    }
    return *url && *url != ':' ? url : NULL;
}

/* Its counts of memory cost every allocation of every thread one lock. A program that has
 * SQLite running already keeps them. */
static void set_up(void)
{
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    sqlite_log_register();
}

static int open_sqlite(const char *url, enum db_mode mode, struct db **ret,
                       struct err *reterr)
{
    const int flags = SQLITE_OPEN_NOMUTEX |
                      (mode == DB_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
    const char *path = path_of(url);
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct sqlite *s;
    int rc;

    if (!path)
        return err_set(reterr, ERR_INVALID, "database \"%s\": no path to a file", url);
    rc = mode == DB_CREATE ? create_file(path, reterr) : 0;
    if (rc)
        return rc;
    s = calloc(1, sizeof *s);
    if (!s)
        return err_set(reterr, ERR_NO_MEMORY, "database %s: no memory", path);
    (void)pthread_once(&once, set_up);
    s->base.driver = &db_sqlite;
    s->mode = mode;
    rc = sqlite3_open_v2(path, &s->handle, flags, sqlite_log_vfs);
    if (rc != SQLITE_OK)
        rc = fail(s, rc, "open");
    else
        rc = configure(s);
    if (rc) {
        (void)err_set(reterr, rc, "database %s: %s", path, s->base.last.text);
        close_sqlite(&s->base);
        return rc;
    }
    *ret = &s->base;
    return 0;
}

const struct db_driver db_sqlite = {
    .open = open_sqlite,
    .close = close_sqlite,
    .tx = tx,
    .prepare = prepare,
    .script = script,
    .run = run,
    .next = next,
    .done = done,
    .column_int = column_int,
    .column_is_null = column_is_null,
    .column_text = column_text,
    .changes = changes,
    .log_pages = log_pages,
    .checkpoint = checkpoint,
};
