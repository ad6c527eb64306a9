/* The platform's sums change with every charge, so within one transaction they are added up
 * here and written once, before it commits. Operations that are rolled back take their part
 * with them. Whoever reads the platform's sums in a transaction that wrote some would miss
 * them: readers have connections of their own. */
#ifndef USAGE_GATHER_H
#define USAGE_GATHER_H

#include <stdint.h>
#include "base/err.h"
#include "store/db.h"

struct gather_change {
    int meter;
    const char *type; /* "": of all types */
    int64_t day, amount;
    int64_t seen_us; /* 0: first and last stay */
};

/* Adds to the platform's total and to its day. */
MUST_CHECK int gather_add(struct db *db, const struct gather_change *change);

#endif
