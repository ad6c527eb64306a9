/* Writing one ledger row with every rollup that it changes: the only place where a usage
 * figure changes. Inside the caller's write transaction. */
#ifndef USAGE_LEDGER_H
#define USAGE_LEDGER_H

#include "base/err.h"
#include "whazz/usage.h"

struct ledger_change {
    const char *kind; /* charge, hold, settle, release, expire, merge, overrun */
    int meter;
    int64_t amount; /* changes the sums */
    int64_t held;   /* changes what is reserved */
    int64_t day;    /* of the sums: zone_day_of(now) but for a merge */
    bool is_moved;  /* a merge: nothing happened now, so first and last stay */
};

/* ERR_INVALID for a negative meter; errors of the store otherwise. */
MUST_CHECK int ledger_add(struct db *db, const struct usage_event *event,
                          const struct ledger_change *change);

/* Adds to what is held of a meter, of the account and of its group (0: none), for rows that
 * are in the ledger already. Errors of the store. */
MUST_CHECK int ledger_held_add(struct db *db, const struct usage_subject *subject,
                               int meter, int64_t held);

/* 0 for an open account, ERR_NOT_FOUND for an unknown or closed one. */
MUST_CHECK int ledger_account_check(struct db *db, int64_t account_id);

#endif
