#include "base/err.h"
#include "store/db.h"
#include "usage/gather.h"
#include "usage/ledger.h"
#include "whazz/usage.h"

#include <stdio.h>
#include <stdlib.h>

/* One sum to move: the part of (meter, day) that belongs to `type`. */
struct share {
    int meter;
    int64_t day, sum;
    char type[USAGE_NAME_MAX + 1];
};

struct shares {
    struct share *at;
    size_t count, room;
};

static int share_add(struct shares *s, const struct share *share)
{
    if (s->count == s->room) {
        const size_t room = s->room ? s->room * 2 : 64;
        struct share *at = realloc(s->at, room * sizeof *at);

        if (!at)
            return ERR_NO_MEMORY;
        s->at = at;
        s->room = room;
    }
    s->at[s->count++] = *share;
    return 0;
}

/* Rows come ordered by meter, day and type, the figure over all types ('') first. What the
 * typed rows leave of it was charged without a type. */
static int shares_read(struct db *db, int64_t account_id, struct shares *s)
{
    int ended, rc = db_run(db, STMT_DAILY_OF_ACCOUNT, DB_ARGS(DB_INT(account_id)));
    size_t untyped = 0;

    while (rc == 0) {
        const int row = db_next(db, STMT_DAILY_OF_ACCOUNT);
        struct share one = { 0 };
        struct view type;

        if (row <= 0) {
            rc = row;
            break;
        }
        type = db_text(db, STMT_DAILY_OF_ACCOUNT, 2);
        one.meter = (int)db_int(db, STMT_DAILY_OF_ACCOUNT, 0);
        one.day = db_int(db, STMT_DAILY_OF_ACCOUNT, 1);
        one.sum = db_int(db, STMT_DAILY_OF_ACCOUNT, 3);
        (void)snprintf(one.type, sizeof one.type, "%.*s", (int)type.len, type.ptr);
        if (one.type[0])
            s->at[untyped].sum -= one.sum;
        else
            untyped = s->count;
        rc = share_add(s, &one);
    }
    ended = db_done(db, STMT_DAILY_OF_ACCOUNT);
    return rc ? rc : ended;
}

static int share_move(struct db *db, const struct share *share, int64_t from, int64_t to,
                      int64_t now_us)
{
    struct usage_event event = { .subject = { from, 0 },
                                 .type = share->type,
                                 .now_us = now_us };
    struct ledger_change change = { .kind = "merge",
                                    .meter = share->meter,
                                    .amount = -share->sum,
                                    .day = share->day,
                                    .is_moved = true };
    int rc;

    if (share->sum == 0)
        return 0;
    rc = ledger_add(db, &event, &change);
    event.subject.account_id = to;
    change.amount = share->sum;
    return rc ? rc : ledger_add(db, &event, &change);
}

static int held_read(struct db *db, int64_t account_id, int64_t held[USAGE_METERS_MAX])
{
    int row, ended, rc = db_run(db, STMT_HELD_OF_ACCOUNT, DB_ARGS(DB_INT(account_id)));

    while (rc == 0 && (row = db_next(db, STMT_HELD_OF_ACCOUNT)) != 0) {
        const int64_t meter = row > 0 ? db_int(db, STMT_HELD_OF_ACCOUNT, 0) : -1;

        if (row < 0)
            rc = row;
        else if (meter >= 0 && meter < USAGE_METERS_MAX)
            held[meter] = db_int(db, STMT_HELD_OF_ACCOUNT, 1);
    }
    ended = db_done(db, STMT_HELD_OF_ACCOUNT);
    return rc ? rc : ended;
}

static int held_sums_move(struct db *db, int64_t from, int64_t to)
{
    const struct usage_subject source = { from, 0 }, target = { to, 0 };
    int64_t held[USAGE_METERS_MAX] = { 0 };
    int rc = held_read(db, from, held);

    for (int meter = 0; meter < USAGE_METERS_MAX && rc == 0; meter++) {
        if (held[meter] == 0)
            continue;
        rc = ledger_held_add(db, &source, meter, -held[meter]);
        if (rc == 0)
            rc = ledger_held_add(db, &target, meter, held[meter]);
    }
    return rc;
}

/* Reservations move row by row, each with both sides in the ledger; their group stays. */
static int holds_move(struct db *db, int64_t from, int64_t to, int64_t now_us)
{
    int rc = db_exec(db, STMT_HOLDS_MERGE_OUT, DB_ARGS(DB_INT(now_us), DB_INT(from)));

    if (rc == 0)
        rc = db_exec(db, STMT_HOLDS_MERGE_IN,
                     DB_ARGS(DB_INT(now_us), DB_INT(to), DB_INT(from)));
    if (rc == 0)
        rc = held_sums_move(db, from, to);
    return rc ? rc : db_exec(db, STMT_HOLDS_MOVE, DB_ARGS(DB_INT(to), DB_INT(from)));
}

int usage_merge(struct db *db, int64_t from_account_id, int64_t to_account_id,
                int64_t now_us)
{
    struct shares shares = { 0 };
    int rc = from_account_id == to_account_id ? ERR_INVALID
                                              : ledger_account_check(db, to_account_id);

    if (rc == 0) {
        rc = ledger_account_check(db, from_account_id);
        rc = rc == ERR_NOT_FOUND ? ERR_CONFLICT : rc;
    }
    if (rc == 0)
        rc = gather_settle(db);
    if (rc == 0)
        rc = shares_read(db, from_account_id, &shares);
    for (size_t i = 0; i < shares.count && rc == 0; i++)
        rc = share_move(db, &shares.at[i], from_account_id, to_account_id, now_us);
    if (rc == 0)
        rc = gather_settle(db);
    if (rc == 0)
        rc = db_exec(db, STMT_TOTALS_TIMES_MERGE,
                     DB_ARGS(DB_INT(from_account_id), DB_INT(to_account_id)));
    if (rc == 0)
        rc = holds_move(db, from_account_id, to_account_id, now_us);
    if (rc == 0)
        rc = db_exec(
            db, STMT_ACCOUNT_MERGED,
            DB_ARGS(DB_INT(now_us), DB_INT(to_account_id), DB_INT(from_account_id)));
    free(shares.at);
    return rc;
}
