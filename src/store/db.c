#include "store/db.h"

int db_exec(struct db *db, enum stmt stmt, const struct db_arg *args, size_t args_count)
{
    int ended, rc = db_run(db, stmt, args, args_count);

    while (rc == 0) {
        const int row = db_next(db, stmt);

        if (row <= 0) {
            rc = row;
            break;
        }
    }
    ended = db_done(db, stmt);
    return rc ? rc : ended;
}

int db_get_int(struct db *db, enum stmt stmt, const struct db_arg *args, size_t args_count,
               int64_t *ret)
{
    int64_t value = 0;
    int ended, rc = db_run(db, stmt, args, args_count);

    if (rc == 0)
        rc = db_next(db, stmt);
    if (rc > 0) {
        value = db_int(db, stmt, 0);
        rc = 0;
    } else if (rc == 0) {
        rc = ERR_NOT_FOUND;
    }
    ended = db_done(db, stmt);
    rc = rc ? rc : ended;
    if (rc == 0)
        *ret = value;
    return rc;
}

int db_count_add(struct db *db, const char *name, int64_t delta)
{
    return db_exec(db, STMT_COUNT_ADD, DB_ARGS(DB_TEXT(name), DB_INT(delta)));
}
