#include "usage/ledger.h"

#include "store/db.h"
#include "usage/gather.h"
#include "usage/zone.h"

/* Whose sums one change adds to, of which type. */
struct rollup {
    int64_t account_id; /* 0: the platform */
    const char *type;
};

static int rollup_add(struct db *db, const struct rollup *r, const struct ledger_change *c,
                      int64_t seen_us)
{
    int rc;

    if (r->account_id == 0)
        return gather_add(db, &(struct gather_change){ .meter = c->meter,
                                                       .type = r->type,
                                                       .day = c->day,
                                                       .amount = c->amount,
                                                       .seen_us = seen_us });
    rc = db_exec(db, STMT_TOTALS_ADD,
                 DB_ARGS(DB_INT(r->account_id), DB_INT(c->meter), DB_TEXT(r->type),
                         DB_INT(c->amount), DB_INT(seen_us), DB_INT(seen_us)));
    if (rc == 0)
        rc = db_exec(db, STMT_DAILY_ADD,
                     DB_ARGS(DB_INT(r->account_id), DB_INT(c->meter), DB_TEXT(r->type),
                             DB_INT(c->day), DB_INT(c->amount)));
    return rc;
}

static int rollups_add(struct db *db, const struct usage_event *event, const char *type,
                       const struct ledger_change *change)
{
    const int64_t owners[] = { event->subject.account_id, event->subject.group_id, 0 };
    const int64_t seen_us = change->amount > 0 && !change->is_moved ? event->now_us : 0;
    int rc = 0;

    for (size_t i = 0; i < 3 && rc == 0; i++) {
        if (i == 1 && owners[i] == 0)
            continue;
        rc = rollup_add(db, &(struct rollup){ owners[i], "" }, change, seen_us);
        if (rc == 0 && type[0])
            rc = rollup_add(db, &(struct rollup){ owners[i], type }, change, seen_us);
    }
    return rc;
}

int ledger_add(struct db *db, const struct usage_event *event,
               const struct ledger_change *change)
{
    const char *type = event->type ? event->type : "";
    int rc;

    if (change->meter < 0 || change->meter >= USAGE_METERS_MAX)
        return ERR_INVALID;
    rc = db_exec(db, STMT_EVENT_ADD,
                 DB_ARGS(DB_INT(event->now_us), DB_INT(change->day),
                         DB_INT(event->subject.account_id), DB_INT(event->subject.group_id),
                         DB_TEXT(change->kind), DB_INT(change->meter), DB_TEXT(type),
                         DB_TEXT(event->ref ? event->ref : ""), DB_INT(change->amount),
                         DB_INT(change->held)));
    if (rc == 0 && change->amount != 0)
        rc = rollups_add(db, event, type, change);
    return rc;
}

int ledger_account_check(struct db *db, int64_t account_id)
{
    int rc = db_run(db, STMT_ACCOUNT_GET, DB_ARGS(DB_INT(account_id)));
    int ended;

    if (rc == 0) {
        rc = db_next(db, STMT_ACCOUNT_GET);
        rc = rc == 0 ? ERR_NOT_FOUND : rc > 0 ? 0 : rc;
    }
    ended = db_done(db, STMT_ACCOUNT_GET);
    return rc ? rc : ended;
}

int usage_charge(struct db *db, const struct usage_event *event,
                 const struct usage_amount *amounts, size_t count)
{
    const int64_t day = zone_day_of(NULL, event->now_us);
    int rc = ledger_account_check(db, event->subject.account_id);

    for (size_t i = 0; i < count && rc == 0; i++) {
        if (amounts[i].amount == 0)
            continue;
        rc = ledger_add(db, event,
                        &(struct ledger_change){ .kind = "charge",
                                                 .meter = amounts[i].meter,
                                                 .amount = amounts[i].amount,
                                                 .day = day });
    }
    return rc;
}
