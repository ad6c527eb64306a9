#include "base/err.h"
#include "store/db.h"
#include "whazz/usage.h"

#include <stdio.h>

struct row_text {
    char kind[USAGE_NAME_MAX + 1], type[USAGE_NAME_MAX + 1], ref[USAGE_REF_MAX + 1];
};

static void copy_text(struct db *db, enum stmt stmt, int column, char *to, size_t size)
{
    const struct view text = db_text(db, stmt, column);

    (void)snprintf(to, size, "%.*s", (int)text.len, text.ptr ? text.ptr : "");
}

/* A name per meter, read once per export. */
static int meter_names_read(struct db *db, char names[USAGE_METERS_MAX][USAGE_NAME_MAX + 1])
{
    int rc = 0;

    for (int meter = 0; meter < USAGE_METERS_MAX && rc == 0; meter++) {
        int ended;

        names[meter][0] = '\0';
        rc = db_run(db, STMT_METER_NAME, DB_ARGS(DB_INT(meter)));
        if (rc == 0)
            rc = db_next(db, STMT_METER_NAME);
        if (rc > 0) {
            copy_text(db, STMT_METER_NAME, 0, names[meter], sizeof names[meter]);
            rc = 0;
        }
        ended = db_done(db, STMT_METER_NAME);
        rc = rc ? rc : ended;
    }
    return rc;
}

static int row_read(struct db *db, enum stmt stmt,
                    char names[USAGE_METERS_MAX][USAGE_NAME_MAX + 1], struct row_text *text,
                    struct usage_row *ret)
{
    const int64_t meter = db_int(db, stmt, 5);

    if (meter < 0 || meter >= USAGE_METERS_MAX)
        return ERR_CORRUPT;
    copy_text(db, stmt, 4, text->kind, sizeof text->kind);
    copy_text(db, stmt, 6, text->type, sizeof text->type);
    copy_text(db, stmt, 7, text->ref, sizeof text->ref);
    *ret = (struct usage_row){
        .event_id = db_int(db, stmt, 0),
        .occurred_us = db_int(db, stmt, 1),
        .account_id = db_int(db, stmt, 2),
        .group_id = db_int(db, stmt, 3),
        .kind = text->kind,
        .meter = names[meter],
        .type = text->type,
        .ref = text->ref,
        .amount = db_int(db, stmt, 8),
        .held = db_int(db, stmt, 9),
    };
    return 0;
}

int usage_rows_read(struct db *db, int64_t account_id, int64_t start_us, int64_t end_us,
                    int64_t after_event_id, size_t most,
                    int (*row)(void *ctx, const struct usage_row *row), void *ctx)
{
    const enum stmt stmt = account_id ? STMT_ROWS_OF_ACCOUNT : STMT_ROWS_OF_ALL;
    const struct db_arg args[] = { DB_INT(account_id), DB_INT(after_event_id),
                                   DB_INT(start_us), DB_INT(end_us), DB_INT(most) };
    const size_t skipped = account_id ? 0 : 1;
    char names[USAGE_METERS_MAX][USAGE_NAME_MAX + 1];
    struct row_text text;
    struct usage_row one;
    int ended, rc = meter_names_read(db, names);

    if (rc)
        return rc;
    rc = db_run(db, stmt, args + skipped, 5 - skipped);
    while (rc == 0) {
        const int got = db_next(db, stmt);

        if (got <= 0) {
            rc = got;
            break;
        }
        rc = row_read(db, stmt, names, &text, &one);
        if (rc == 0)
            rc = row(ctx, &one);
    }
    ended = db_done(db, stmt);
    return rc ? rc : ended;
}
