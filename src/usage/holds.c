#include "base/err.h"
#include "store/db.h"
#include "usage/ledger.h"
#include "usage/limits.h"
#include "usage/zone.h"

#include <stdio.h>
#include <string.h>

/* Sums the requests for one meter; false on overflow or a negative amount. */
static bool requested_of(int meter, const struct usage_amount *amounts, size_t count,
                         int64_t *sum)
{
    for (size_t i = 0; i < count; i++) {
        if (amounts[i].amount < 0)
            return false;
        if (amounts[i].meter == meter &&
            __builtin_add_overflow(*sum, amounts[i].amount, sum))
            return false;
    }
    return true;
}

struct hold {
    int meter;
    int64_t group_id, amount;
    char type[USAGE_NAME_MAX + 1];
};

static int holds_read(struct db *db, int64_t account_id, const char *ref,
                      struct hold holds[USAGE_ITEMS_MAX], size_t *ret_count)
{
    int ended,
        rc = db_run(db, STMT_HOLDS_OF_REF, DB_ARGS(DB_INT(account_id), DB_TEXT(ref)));

    *ret_count = 0;
    while (rc == 0 && *ret_count < USAGE_ITEMS_MAX) {
        const int row = db_next(db, STMT_HOLDS_OF_REF);
        struct hold *h = &holds[*ret_count];
        struct view type;

        if (row <= 0) {
            rc = row;
            break;
        }
        type = db_text(db, STMT_HOLDS_OF_REF, 2);
        h->meter = (int)db_int(db, STMT_HOLDS_OF_REF, 0);
        h->group_id = db_int(db, STMT_HOLDS_OF_REF, 1);
        h->amount = db_int(db, STMT_HOLDS_OF_REF, 3);
        (void)snprintf(h->type, sizeof h->type, "%.*s", (int)type.len, type.ptr);
        *ret_count += 1;
    }
    ended = db_done(db, STMT_HOLDS_OF_REF);
    return rc ? rc : ended;
}

static int limits_check(struct db *db, const struct usage_event *event,
                        const struct usage_amount *charges, size_t charges_count,
                        const struct usage_amount *holds, size_t holds_count,
                        struct usage_refusal *ret_refusal)
{
    struct usage_refusal r = { 0 };
    struct usage_limit_state states[2 * USAGE_LIMITS_MAX];
    size_t count;
    int rc = usage_limits_read(db, &event->subject, event->now_us, states, &count);

    if (rc)
        return rc;
    for (size_t i = 0; i < count; i++) {
        int64_t *requested = &states[i].requested;

        *requested = 0;
        if (!requested_of(states[i].meter, charges, charges_count, requested) ||
            !requested_of(states[i].meter, holds, holds_count, requested))
            return ERR_INVALID;
        if (limit_is_passed(&states[i]))
            r.limits[r.count++] = states[i];
    }
    if (r.count == 0)
        return 0;
    *ret_refusal = r;
    return ERR_LIMIT;
}

static int hold_take(struct db *db, const struct usage_event *event,
                     const struct usage_amount *hold, int64_t expires_us)
{
    int rc = db_exec(db, STMT_HOLD_ADD,
                     DB_ARGS(DB_INT(event->subject.account_id), DB_TEXT(event->ref),
                             DB_INT(hold->meter), DB_INT(event->subject.group_id),
                             DB_TEXT(event->type ? event->type : ""), DB_INT(hold->amount),
                             DB_INT(expires_us)));

    if (rc)
        return rc;
    return ledger_add(db, event,
                      &(struct ledger_change){ .kind = "hold",
                                               .meter = hold->meter,
                                               .held = hold->amount,
                                               .day = zone_day_of(NULL, event->now_us) });
}

int usage_admit(struct db *db, const struct usage_event *event,
                const struct usage_amount *charges, size_t charges_count,
                const struct usage_amount *holds, size_t holds_count,
                int64_t holds_expire_us, struct usage_refusal *ret_refusal)
{
    struct hold earlier[USAGE_ITEMS_MAX];
    size_t earlier_count = 0;
    int rc = 0;

    if (charges_count > USAGE_ITEMS_MAX || holds_count > USAGE_ITEMS_MAX ||
        (holds_count && (!event->ref || !event->ref[0])))
        return ERR_INVALID;
    if (holds_count)
        rc = holds_read(db, event->subject.account_id, event->ref, earlier, &earlier_count);
    if (rc == 0 && earlier_count)
        rc = ERR_CONFLICT;
    if (rc == 0)
        rc = limits_check(db, event, charges, charges_count, holds, holds_count,
                          ret_refusal);
    if (rc == 0)
        rc = usage_charge(db, event, charges, charges_count);
    for (size_t i = 0; i < holds_count && rc == 0; i++) {
        if (holds[i].amount > 0)
            rc = hold_take(db, event, &holds[i], holds_expire_us);
    }
    return rc;
}

/* Ends every hold of event->ref, each with a ledger row of that kind. */
static int holds_end(struct db *db, const struct usage_event *event, const char *kind,
                     size_t *ret_count)
{
    struct hold holds[USAGE_ITEMS_MAX];
    int rc = holds_read(db, event->subject.account_id, event->ref, holds, ret_count);

    if (rc == 0)
        rc = db_exec(db, STMT_HOLDS_END,
                     DB_ARGS(DB_INT(event->subject.account_id), DB_TEXT(event->ref)));
    for (size_t i = 0; i < *ret_count && rc == 0; i++) {
        const struct usage_event row = {
            .subject = { event->subject.account_id, holds[i].group_id },
            .type = holds[i].type,
            .ref = event->ref,
            .now_us = event->now_us,
        };

        rc = ledger_add(db, &row,
                        &(struct ledger_change){ .kind = kind,
                                                 .meter = holds[i].meter,
                                                 .held = -holds[i].amount,
                                                 .day = zone_day_of(NULL, event->now_us) });
    }
    return rc;
}

int usage_settle(struct db *db, const struct usage_event *event,
                 const struct usage_amount *charges, size_t charges_count)
{
    struct ledger_change change = { .kind = "charge",
                                    .day = zone_day_of(NULL, event->now_us) };
    size_t held = 0;
    int rc;

    if (!event->ref || !event->ref[0])
        return ERR_INVALID;
    rc = ledger_account_check(db, event->subject.account_id);
    if (rc == 0)
        rc = holds_end(db, event, "settle", &held);
    if (held == 0)
        change.kind = "overrun";
    for (size_t i = 0; i < charges_count && rc == 0; i++) {
        change.meter = charges[i].meter;
        change.amount = charges[i].amount;
        if (change.amount != 0)
            rc = ledger_add(db, event, &change);
    }
    return rc;
}

int usage_release(struct db *db, const struct usage_event *event)
{
    size_t held;

    if (!event->ref || !event->ref[0])
        return ERR_INVALID;
    return holds_end(db, event, "release", &held);
}

int usage_holds_extend(struct db *db, int64_t account_id, const char *ref,
                       int64_t holds_expire_us)
{
    return db_exec(db, STMT_HOLDS_EXTEND,
                   DB_ARGS(DB_INT(holds_expire_us), DB_INT(account_id), DB_TEXT(ref)));
}

static int next_due(struct db *db, int64_t now_us, struct usage_subject *ret,
                    char ref[USAGE_REF_MAX + 1])
{
    int ended, rc = db_run(db, STMT_HOLDS_DUE, DB_ARGS(DB_INT(now_us)));

    if (rc == 0)
        rc = db_next(db, STMT_HOLDS_DUE);
    if (rc > 0) {
        const struct view text = db_text(db, STMT_HOLDS_DUE, 1);

        *ret = (struct usage_subject){ .account_id = db_int(db, STMT_HOLDS_DUE, 0) };
        (void)snprintf(ref, USAGE_REF_MAX + 1, "%.*s", (int)text.len, text.ptr);
    }
    ended = db_done(db, STMT_HOLDS_DUE);
    return rc < 0 ? rc : ended < 0 ? ended : rc;
}

int usage_holds_expire(struct db *db, int64_t now_us, int64_t most, int64_t *ret_count)
{
    char ref[USAGE_REF_MAX + 1];
    struct usage_event event = { .ref = ref, .now_us = now_us };
    size_t ended;
    int rc = 1;

    *ret_count = 0;
    while (*ret_count < most) {
        rc = next_due(db, now_us, &event.subject, ref);
        if (rc <= 0)
            return rc;
        rc = holds_end(db, &event, "expire", &ended);
        if (rc)
            return rc;
        *ret_count += (int64_t)ended;
    }
    return 0;
}
