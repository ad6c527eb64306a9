/* What a database driver does for store/db.h. Errors go into db->last and come back as
 * codes; only open() has no db yet to keep them in. */
#ifndef STORE_DRIVER_H
#define STORE_DRIVER_H

#include "store/db.h"

enum db_tx {
    DB_TX_BEGIN,
    DB_TX_COMMIT,
    DB_TX_ROLLBACK, /* succeeds without a transaction */
    DB_TX_SAVEPOINT,
    DB_TX_RELEASE,
    DB_TX_ROLLBACK_TO,
    DB_TX_COUNT
};

struct db_driver {
    int (*open)(const char *url, enum db_mode mode, struct db **ret, struct err *reterr);
    void (*close)(struct db *db); /* frees db */
    int (*tx)(struct db *db, enum db_tx step);
    int (*prepare)(struct db *db, enum stmt stmt); /* once; later calls do nothing */
    int (*script)(struct db *db, const char *sql); /* any number of statements */
    int (*run)(struct db *db, enum stmt stmt, const struct db_arg *args, size_t args_count);
    int (*next)(struct db *db, enum stmt stmt);
    int (*done)(struct db *db, enum stmt stmt);
    int64_t (*column_int)(struct db *db, enum stmt stmt, int column);
    bool (*column_is_null)(struct db *db, enum stmt stmt, int column);
    struct view (*column_text)(struct db *db, enum stmt stmt, int column);
    int64_t (*changes)(struct db *db);
    int64_t (*log_pages)(struct db *db);
    int (*checkpoint)(struct db *db, int64_t *ret_left);
};

/* First member of each driver's own struct. */
struct db {
    const struct db_driver *driver;
    struct err last;
    struct db_pending *pending; /* owned; NULL: none */
};

extern const struct db_driver db_sqlite;

#endif
