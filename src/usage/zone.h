/* Civil days and months in a time zone, read from the system's zone files (TZif, RFC 9636).
 * A zone is immutable once loaded: any thread. Past the last transition of its file its
 * last offset goes on. NULL stands for the ledger's own zone (usage_zone_set; UTC until
 * then). */
#ifndef USAGE_ZONE_H
#define USAGE_ZONE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"

struct zone;

/* An IANA name such as "Asia/Kolkata". ERR_INVALID when there is no such zone. */
MUST_CHECK int zone_load(const char *name, struct zone **ret);
void zone_free(struct zone **zone);
/* Whether that is the ledger's own. */
bool zone_is_ledgers(const char *name);

/* Seconds that local time is ahead of UTC at that moment. */
int64_t zone_offset_s(const struct zone *z, int64_t time_us);
/* Days since 1970-01-01 of the civil date at that moment. */
int64_t zone_day_of(const struct zone *z, int64_t time_us);
/* The first moment of that civil day. */
int64_t zone_day_start_us(const struct zone *z, int64_t day);
/* The first day of the calendar month that holds `day`, and of the month after it. */
int64_t zone_month_first_day(int64_t day);
int64_t zone_next_month_first_day(int64_t day);

#endif
