#include "store/driver.h"

static const struct {
    const char *scheme;
    const struct db_driver *driver;
} drivers[] = {
    { "sqlite", &db_sqlite },
};

/* The bytes before the colon of "scheme:rest"; none for a bare path. */
static struct view scheme_of(const char *url)
{
    const size_t len = strspn(url, "abcdefghijklmnopqrstuvwxyz0123456789+.-");

    return url[len] == ':' ? (struct view){ url, len } : (struct view){ url, 0 };
}

int db_open(const char *url, enum db_mode mode, struct db **ret, struct err *reterr)
{
    const struct view scheme = scheme_of(url);

    if (scheme.len == 0)
        return db_sqlite.open(url, mode, ret, reterr);
    for (size_t i = 0; i < sizeof drivers / sizeof drivers[0]; i++) {
        if (view_eq(scheme, drivers[i].scheme))
            return drivers[i].driver->open(url, mode, ret, reterr);
    }
    return err_set(reterr, ERR_INVALID, "database: no driver for \"%.*s:\"",
                   (int)scheme.len, scheme.ptr);
}

void db_close(struct db **db)
{
    if (*db) {
        if ((*db)->pending)
            (*db)->pending->free((*db)->pending);
        (*db)->driver->close(*db);
    }
    *db = NULL;
}

int db_begin(struct db *db)
{
    return db->driver->tx(db, DB_TX_BEGIN);
}

int db_commit(struct db *db)
{
    const int rc = db->pending ? db->pending->flush(db->pending, db) : 0;

    return rc ? rc : db->driver->tx(db, DB_TX_COMMIT);
}

void db_rollback(struct db *db)
{
    if (db->pending)
        db->pending->forget(db->pending);
    (void)db->driver->tx(db, DB_TX_ROLLBACK);
}

int db_savepoint(struct db *db)
{
    if (db->pending)
        db->pending->mark(db->pending);
    return db->driver->tx(db, DB_TX_SAVEPOINT);
}

int db_savepoint_release(struct db *db)
{
    return db->driver->tx(db, DB_TX_RELEASE);
}

int db_savepoint_rollback(struct db *db)
{
    const int rc = db->driver->tx(db, DB_TX_ROLLBACK_TO);

    if (db->pending)
        db->pending->undo(db->pending);
    return rc ? rc : db->driver->tx(db, DB_TX_RELEASE);
}

void db_pending_attach(struct db *db, struct db_pending *pending)
{
    db->pending = pending;
}

struct db_pending *db_pending_of(struct db *db)
{
    return db->pending;
}

int db_run(struct db *db, enum stmt stmt, const struct db_arg *args, size_t args_count)
{
    return db->driver->run(db, stmt, args, args_count);
}

int db_next(struct db *db, enum stmt stmt)
{
    return db->driver->next(db, stmt);
}

int64_t db_int(struct db *db, enum stmt stmt, int column)
{
    return db->driver->column_int(db, stmt, column);
}

bool db_is_null(struct db *db, enum stmt stmt, int column)
{
    return db->driver->column_is_null(db, stmt, column);
}

struct view db_text(struct db *db, enum stmt stmt, int column)
{
    return db->driver->column_text(db, stmt, column);
}

int db_done(struct db *db, enum stmt stmt)
{
    return db->driver->done(db, stmt);
}

int64_t db_changes(struct db *db)
{
    return db->driver->changes(db);
}

int64_t db_log_pages(struct db *db)
{
    return db->driver->log_pages(db);
}

int db_checkpoint(struct db *db, int64_t *ret_left)
{
    return db->driver->checkpoint(db, ret_left);
}

void db_error(struct db *db, struct err *reterr)
{
    if (reterr)
        *reterr = db->last;
}

int db_exec(struct db *db, enum stmt stmt, const struct db_arg *args, size_t args_count)
{
    int rc = db_run(db, stmt, args, args_count);
    int ended;

    if (rc)
        return rc;
    do
        rc = db_next(db, stmt);
    while (rc > 0);
    ended = db_done(db, stmt);
    return rc ? rc : ended;
}

int db_get_int(struct db *db, enum stmt stmt, const struct db_arg *args, size_t args_count,
               int64_t *ret)
{
    int64_t value = 0;
    int rc = db_run(db, stmt, args, args_count);
    int ended;

    if (rc)
        return rc;
    rc = db_next(db, stmt);
    if (rc > 0)
        value = db_int(db, stmt, 0);
    ended = db_done(db, stmt);
    if (rc < 0 || ended < 0)
        return rc < 0 ? rc : ended;
    if (rc == 0)
        return ERR_NOT_FOUND;
    *ret = value;
    return 0;
}

int db_count_add(struct db *db, const char *name, int64_t delta)
{
    return db_exec(db, STMT_COUNT_ADD, DB_ARGS(DB_TEXT(name), DB_INT(delta)));
}
