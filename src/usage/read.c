#include "base/err.h"
#include "store/db.h"
#include "usage/gather.h"
#include "whazz/usage.h"

#include <stdio.h>

/* Reads rows of meter, sum, first, last. */
static int figures_read(struct db *db, enum stmt stmt, const struct db_arg *args,
                        size_t count, struct usage_totals *totals)
{
    int ended, rc = gather_settle(db);

    rc = rc ? rc : db_run(db, stmt, args, count);
    while (rc == 0) {
        const int row = db_next(db, stmt);
        int64_t meter;

        if (row <= 0) {
            rc = row;
            break;
        }
        meter = db_int(db, stmt, 0);
        if (meter < 0 || meter >= USAGE_METERS_MAX)
            rc = ERR_CORRUPT;
        else
            totals->meters[meter] = (struct usage_figure){
                db_int(db, stmt, 1),
                db_int(db, stmt, 2),
                db_int(db, stmt, 3),
            };
    }
    ended = db_done(db, stmt);
    return rc ? rc : ended;
}

int usage_totals_read(struct db *db, int64_t account_id, struct usage_totals *ret)
{
    struct usage_totals totals = { 0 };
    int rc = db_get_int(db, STMT_ACCOUNT_CREATED, DB_ARGS(DB_INT(account_id)),
                        &totals.created_us);

    if (rc == 0)
        rc = figures_read(db, STMT_TOTALS_OF_ACCOUNT, DB_ARGS(DB_INT(account_id)), &totals);
    else if (rc == ERR_NOT_FOUND)
        rc = 0;
    if (rc == 0)
        *ret = totals;
    return rc;
}

int usage_platform_read(struct db *db, struct usage_totals *ret)
{
    struct usage_totals totals = { 0 };
    int rc = figures_read(db, STMT_PLATFORM_TOTALS_ALL, NULL, 0, &totals);

    if (rc == 0)
        *ret = totals;
    return rc;
}

/* Calls `row` with each type and sum of a statement. */
static int types_read(struct db *db, enum stmt stmt, const struct db_arg *args,
                      size_t count, int (*row)(void *ctx, const char *type, int64_t sum),
                      void *ctx)
{
    int ended, rc = gather_settle(db);

    rc = rc ? rc : db_run(db, stmt, args, count);
    while (rc == 0) {
        char type[USAGE_NAME_MAX + 1];
        const int got = db_next(db, stmt);
        struct view text;

        if (got <= 0) {
            rc = got;
            break;
        }
        text = db_text(db, stmt, 0);
        (void)snprintf(type, sizeof type, "%.*s", (int)text.len, text.ptr);
        rc = row(ctx, type, db_int(db, stmt, 1));
    }
    ended = db_done(db, stmt);
    return rc ? rc : ended;
}

int usage_types_read(struct db *db, int64_t account_id, int meter,
                     int (*row)(void *ctx, const char *type, int64_t sum), void *ctx)
{
    return types_read(db, STMT_TYPES_OF_ACCOUNT, DB_ARGS(DB_INT(account_id), DB_INT(meter)),
                      row, ctx);
}

int usage_platform_types_read(struct db *db, int meter,
                              int (*row)(void *ctx, const char *type, int64_t sum),
                              void *ctx)
{
    return types_read(db, STMT_PLATFORM_TYPES, DB_ARGS(DB_INT(meter)), row, ctx);
}

int usage_top(struct db *db, int meter, size_t most,
              int (*row)(void *ctx, int64_t account_id, int64_t sum), void *ctx)
{
    int ended, rc = gather_settle(db);

    rc = rc ? rc : db_run(db, STMT_TOP_ACCOUNTS, DB_ARGS(DB_INT(meter), DB_INT(most)));
    while (rc == 0) {
        const int got = db_next(db, STMT_TOP_ACCOUNTS);

        if (got <= 0) {
            rc = got;
            break;
        }
        rc = row(ctx, db_int(db, STMT_TOP_ACCOUNTS, 0), db_int(db, STMT_TOP_ACCOUNTS, 1));
    }
    ended = db_done(db, STMT_TOP_ACCOUNTS);
    return rc ? rc : ended;
}
