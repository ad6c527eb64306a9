/* The limits of an account and how much of each is taken. Inside the caller's transaction.
 */
#ifndef USAGE_LIMITS_H
#define USAGE_LIMITS_H

#include "base/err.h"
#include "whazz/usage.h"

/* Appends the state of every limit of `account_id`'s plan to states[*count], which has room
 * for USAGE_LIMITS_MAX more. ERR_NOT_FOUND for an unknown or closed account. */
MUST_CHECK int limits_of_account(struct db *db, int64_t account_id, bool of_group,
                                 int64_t now_us, struct usage_limit_state *states,
                                 size_t *count);
/* Whether what is requested passes the limit, with what is used and reserved. */
bool limit_is_passed(const struct usage_limit_state *s);

#endif
