/* The driver interface: one database connection, statements known by number.
 *
 * All SQL of the program is in src/store/sql/FILE.sql; tools/gen_statements.py turns each
 * "-- name: x" block into STMT_X of the generated store/statements.h. Parameters are $1 to
 * $9..., in order of first appearance (the generator refuses anything else, since to SQLite
 * `$1` is a name). Callers in usage/, auth/ and jobs/ bind values and read columns; no
 * value is ever formatted into SQL.
 *
 * A connection is used by one thread at a time. */
#ifndef STORE_DB_H
#define STORE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "base/view.h"
#include "store/statements.h"

struct db;

enum db_mode {
    DB_READ,   /* sees one snapshot from db_begin to db_commit; never blocks a writer */
    DB_WRITE,  /* the committer's */
    DB_CREATE, /* like DB_WRITE, and makes the file when it is missing */
};

enum db_arg_type { DB_ARG_NULL, DB_ARG_INT, DB_ARG_TEXT };

struct db_arg {
    enum db_arg_type type;
    int64_t integer;
    struct view text; /* borrowed until db_done */
};

#define DB_INT(value_) ((struct db_arg){ .type = DB_ARG_INT, .integer = (int64_t)(value_) })
#define DB_VIEW(view_) db_arg_view(view_) /* ptr NULL binds NULL */
#define DB_TEXT(str_)  db_arg_view(view_of(str_))
#define DB_NULL        ((struct db_arg){ .type = DB_ARG_NULL })
/* 0 binds NULL: for optional references and times. */
#define DB_INT_OR_NULL(value_) db_arg_int_or_null((int64_t)(value_))

static inline struct db_arg db_arg_view(struct view v)
{
    return v.ptr ? (struct db_arg){ .type = DB_ARG_TEXT, .text = v } : DB_NULL;
}

static inline struct db_arg db_arg_int_or_null(int64_t value)
{
    return value ? DB_INT(value) : DB_NULL;
}

/* Opens the database at `url` ("sqlite:PATH", "sqlite:///PATH" or a bare path; an absolute
 * PATH makes that four slashes). A file that DB_CREATE makes is readable by its owner
 * alone. ERR_INVALID for a URL of no known driver, ERR_NOT_FOUND, ERR_CORRUPT, ERR_IO,
 * ERR_NO_SPACE, ERR_BUSY (locked by another program for ten seconds) with text. */
MUST_CHECK int db_open(const char *url, enum db_mode mode, struct db **ret,
                       struct err *reterr);
void db_close(struct db **db); /* accepts NULL */

/* Transactions. A DB_READ connection outside one takes a snapshot per statement. */
MUST_CHECK int db_begin(struct db *db);
MUST_CHECK int db_commit(struct db *db);
void db_rollback(struct db *db);
/* Savepoints do not nest. */
MUST_CHECK int db_savepoint(struct db *db);
MUST_CHECK int db_savepoint_release(struct db *db);
MUST_CHECK int db_savepoint_rollback(struct db *db);

/* What a layer above keeps back within a transaction, to write it once before the commit.
 * One per connection, which owns it once attached and calls it with what happens. */
struct db_pending {
    int (*flush)(struct db_pending *p, struct db *db); /* before COMMIT: write it */
    void (*mark)(struct db_pending *p);                /* a savepoint begins */
    void (*undo)(struct db_pending *p);                /* back to the savepoint */
    void (*forget)(struct db_pending *p);              /* the transaction is rolled back */
    void (*free)(struct db_pending *p);
};

void db_pending_attach(struct db *db, struct db_pending *pending);
/* NULL: none is attached. */
struct db_pending *db_pending_of(struct db *db);

/* Starts `stmt` with its parameters; then db_next until it returns 0, and always db_done,
 * whose result counts: a write can still fail there. Two runs of one statement on one
 * connection do not nest. */
MUST_CHECK int db_run(struct db *db, enum stmt stmt, const struct db_arg *args,
                      size_t args_count);
/* 1: a row, 0: no more, < 0: error. */
MUST_CHECK int db_next(struct db *db, enum stmt stmt);
int64_t db_int(struct db *db, enum stmt stmt, int column); /* NULL reads as 0 */
bool db_is_null(struct db *db, enum stmt stmt, int column);
/* Borrowed until the next db_next or db_done of this statement, without a zero at its end;
 * ptr NULL for NULL. */
struct view db_text(struct db *db, enum stmt stmt, int column);
MUST_CHECK int db_done(struct db *db, enum stmt stmt);

/* The usual shapes in one call. */

/* Runs a statement for its effect. Returns 0 or an error; ERR_CONFLICT when a UNIQUE or
 * PRIMARY KEY rule refuses it. */
MUST_CHECK int db_exec(struct db *db, enum stmt stmt, const struct db_arg *args,
                       size_t args_count);
/* Runs a statement and reads the first column of its first row: ERR_NOT_FOUND when there is
 * no row. */
MUST_CHECK int db_get_int(struct db *db, enum stmt stmt, const struct db_arg *args,
                          size_t args_count, int64_t *ret);
/* Rows changed by the last db_exec on this connection. */
int64_t db_changes(struct db *db);

#define DB_ARGS(...)                                                                       \
    (const struct db_arg[]){ __VA_ARGS__ },                                                \
        sizeof((const struct db_arg[]){ __VA_ARGS__ }) / sizeof(struct db_arg)

/* Pages in the write-ahead log as of this connection's last commit. Nothing else writes
 * them back: whoever commits more than a little calls db_checkpoint now and then. */
int64_t db_log_pages(struct db *db);
/* Writes back what no reader holds up, while others commit; *ret_left: pages that remain.
 * ERR_BUSY while another connection does the same. Outside transactions. */
MUST_CHECK int db_checkpoint(struct db *db, int64_t *ret_left);

/* The driver's words for the connection's last failure: one line for the log. */
void db_error(struct db *db, struct err *reterr);

/* Brings the schema up to date from the embedded sql/NNNN_*.sql, one transaction each,
 * under the database's write lock. ERR_CORRUPT when the database is newer than this
 * program. */
MUST_CHECK int db_migrate(struct db *db, struct err *reterr);

/* Whether the schema is this program's, for who only reads: ERR_CORRUPT with the reason
 * when it is older, newer or another's. */
MUST_CHECK int db_schema_check(struct db *db, struct err *reterr);

/* Adds `delta` to the named row of platform_counts, making it at 0 first: the maintained
 * figures of the admin's overview (users_active, jobs_pending, ...). */
MUST_CHECK int db_count_add(struct db *db, const char *name, int64_t delta);

#endif
