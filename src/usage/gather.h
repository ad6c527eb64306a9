/* Sums change with every charge, those of a busy account and of the platform many times in
 * one transaction. So they are added up here and written once, before it commits.
 * Operations that are rolled back take their part with them.
 *
 * Whoever reads stored sums on a connection that may have changed some calls
 * gather_settle() first, or adds gather_waiting() to what it read. Readers have connections
 * of their own, on which both do nothing. */
#ifndef USAGE_GATHER_H
#define USAGE_GATHER_H

#include <stdint.h>
#include "base/err.h"
#include "store/db.h"

struct gather_change {
    int64_t account_id; /* 0: the platform */
    int meter;
    const char *type; /* "": of all types */
    int64_t day, amount;
    int64_t held;    /* into the total alone, of no type and not of the platform */
    int64_t seen_us; /* 0: first and last stay */
};

/* Adds to the account's total and, an amount, to its day. */
MUST_CHECK int gather_add(struct db *db, const struct gather_change *change);

/* Writes now what has been added. */
MUST_CHECK int gather_settle(struct db *db);

/* What is not written yet of an account's figure over all types: of its days from first_day
 * on, or of its total (GATHER_TOTAL). */
enum { GATHER_TOTAL = -1 };
int64_t gather_waiting(struct db *db, int64_t account_id, int meter, int64_t first_day);

/* What is not written yet of what is held of an account's meter. */
int64_t gather_waiting_held(struct db *db, int64_t account_id, int meter);

#endif
