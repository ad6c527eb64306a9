/* Days and months of the ledger, in the process's zone (usage_zone_set; UTC until then). */
#ifndef USAGE_ZONE_H
#define USAGE_ZONE_H

#include <stdint.h>

/* Days since 1970-01-01 of the civil date at that moment. */
int64_t zone_day_of(int64_t time_us);
/* The moment that civil day begins. */
int64_t zone_day_start_us(int64_t day);
/* The first day of the calendar month that holds `day`, and of the month after it. */
int64_t zone_month_first_day(int64_t day);
int64_t zone_next_month_first_day(int64_t day);

#endif
