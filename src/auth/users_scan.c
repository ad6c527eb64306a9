#include "auth/internal.h"

#include <stdio.h>
#include <string.h>

enum { PASSED_PER_SEEN = 20 }; /* to pass over one costs so much less: the index has it */

static bool wants_all(const struct user_filter *f)
{
    return f->search.len == 0 && f->is_active < 0 && f->is_verified < 0 && f->is_admin < 0;
}

/* Goes past users that are to be skipped, without a look at them. */
static int pass(struct db *db, struct user_scan *scan, int64_t most)
{
    struct user_filter *f = &scan->filter;
    const int64_t count = f->skip < most ? f->skip : most;
    int ended, rc = db_run(db, STMT_USERS_PASS,
                           DB_ARGS(DB_INT(scan->created_us), DB_INT(scan->account_id),
                                   DB_INT(count - 1)));

    if (rc == 0)
        rc = db_next(db, STMT_USERS_PASS);
    if (rc > 0) {
        scan->created_us = db_int(db, STMT_USERS_PASS, 0);
        scan->account_id = db_int(db, STMT_USERS_PASS, 1);
        f->skip -= count;
    }
    scan->is_over = rc == 0;
    ended = db_done(db, STMT_USERS_PASS);
    return rc < 0 ? rc : ended;
}

/* One that the filter lets through. */
static int wanted(struct db *db, struct user_scan *scan,
                  int (*row)(void *ctx, const struct user *user), void *ctx)
{
    struct user user;

    if (scan->filter.skip > 0) {
        scan->filter.skip--;
        return 0;
    }
    user_row(db, STMT_USERS_SCAN, &user);
    scan->is_over = --scan->filter.limit <= 0;
    return row(ctx, &user);
}

static int look(struct db *db, struct user_scan *scan, int64_t most,
                int (*row)(void *ctx, const struct user *user), void *ctx)
{
    const struct user_filter *f = &scan->filter;
    char pattern[AUTH_EMAIL_MAX + 3] = "";
    int64_t seen = 0;
    int ended, got = 0, rc;

    if (f->search.len)
        (void)snprintf(pattern, sizeof pattern, "%%%.*s%%", (int)f->search.len,
                       f->search.ptr);
    rc = db_run(db, STMT_USERS_SCAN,
                DB_ARGS(DB_TEXT(pattern), DB_INT(f->is_active), DB_INT(f->is_verified),
                        DB_INT(f->is_admin), DB_INT(scan->created_us),
                        DB_INT(scan->account_id), DB_INT(most)));
    while (rc == 0 && !scan->is_over && (got = db_next(db, STMT_USERS_SCAN)) > 0) {
        seen++;
        scan->account_id = db_int(db, STMT_USERS_SCAN, 0);
        scan->created_us = db_int(db, STMT_USERS_SCAN, 7);
        if (db_int(db, STMT_USERS_SCAN, 9))
            rc = wanted(db, scan, row, ctx);
    }
    if (rc == 0 && got < 0)
        rc = got;
    scan->is_over |= rc == 0 && seen < most;
    ended = db_done(db, STMT_USERS_SCAN);
    return rc ? rc : ended;
}

int auth_user_scan(struct db *db, struct user_scan *scan, int64_t most,
                   int (*row)(void *ctx, const struct user *user), void *ctx)
{
    if (!scan->has_begun) {
        scan->has_begun = true;
        scan->created_us = scan->account_id = INT64_MAX;
        /* Nothing is that long. */
        scan->is_over = scan->filter.limit <= 0 || scan->filter.search.len > AUTH_EMAIL_MAX;
    }
    if (scan->is_over)
        return 0;
    return scan->filter.skip > 0 && wants_all(&scan->filter)
               ? pass(db, scan, most * PASSED_PER_SEEN)
               : look(db, scan, most, row, ctx);
}
