#include "usage/ledger.h"

#include "store/db.h"
#include "usage/gather.h"
#include "usage/zone.h"

static int rollups_add(struct db *db, const struct usage_event *event, const char *type,
                       const struct ledger_change *change)
{
    const int64_t owners[] = { event->subject.account_id, event->subject.group_id, 0 };
    struct gather_change sum = { .meter = change->meter,
                                 .day = change->day,
                                 .amount = change->amount };
    int rc = 0;

    if (change->amount > 0 && !change->is_moved)
        sum.seen_us = event->now_us;
    for (size_t i = 0; i < 3 && rc == 0; i++) {
        if (i == 1 && owners[i] == 0)
            continue;
        sum.account_id = owners[i];
        sum.type = "";
        rc = gather_add(db, &sum);
        sum.type = type;
        if (rc == 0 && type[0])
            rc = gather_add(db, &sum);
    }
    return rc;
}

int ledger_held_add(struct db *db, const struct usage_subject *subject, int meter,
                    int64_t held)
{
    struct gather_change sum = {
        .account_id = subject->account_id, .meter = meter, .type = "", .held = held
    };
    int rc = gather_add(db, &sum);

    sum.account_id = subject->group_id;
    return rc || sum.account_id == 0 ? rc : gather_add(db, &sum);
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
    if (rc == 0 && change->held != 0)
        rc = ledger_held_add(db, &event->subject, change->meter, change->held);
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
