/* Time in microseconds, and its one text form: RFC 3339, UTC, six fraction digits, Z.
 * Any thread. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include "base/view.h"

#define CLOCK_SECOND_US ((int64_t)1000000)
#define CLOCK_MINUTE_US (60 * CLOCK_SECOND_US)
#define CLOCK_HOUR_US   (60 * CLOCK_MINUTE_US)
#define CLOCK_DAY_US    (24 * CLOCK_HOUR_US)

/* Microseconds since the epoch, UTC. It never goes back within one process: where the
 * system clock is set back, it stands still until that has caught up. */
int64_t clock_now_us(void);
/* For durations and deadlines: no relation to the date. */
int64_t clock_monotonic_us(void);

enum { CLOCK_TEXT_SIZE = 28 }; /* "2026-11-24T03:09:26.879675Z" and a NUL */

/* Writes the text form of a time in the years 0 to 9999. */
void clock_format(int64_t time_us, char text[CLOCK_TEXT_SIZE]);
/* Reads RFC 3339 (any offset, up to nine fraction digits) or a bare YYYY-MM-DD (midnight
 * UTC). False, and *ret_us is left alone, when it is neither, or when an offset takes it
 * out of the years that have a text form. */
bool clock_parse(struct view text, int64_t *ret_us);

/* Days since 1970-01-01 of a civil date in the proleptic Gregorian calendar, and back
 * (Hinnant, "chrono-Compatible Low-Level Date Algorithms", 2013). */
int64_t clock_days_from_civil(int year, int month, int day);
void clock_civil_from_days(int64_t days, int *ret_year, int *ret_month, int *ret_day);

#endif
