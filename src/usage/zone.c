#include "usage/zone.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/clock.h"
#include "base/err.h"
#include "whazz/usage.h"

static bool is_utc = true;

int usage_zone_set(const char *zone)
{
    is_utc = strcmp(zone, "UTC") == 0;
    if (setenv("TZ", zone, 1) != 0)
        return ERR_NO_MEMORY;
    tzset();
    return 0;
}

int64_t zone_day_of(int64_t time_us)
{
    struct tm tm;
    time_t seconds;

    if (is_utc)
        return time_us / CLOCK_DAY_US - (time_us % CLOCK_DAY_US < 0);
    seconds = (time_t)(time_us / CLOCK_SECOND_US - (time_us % CLOCK_SECOND_US < 0));
    if (!localtime_r(&seconds, &tm))
        return time_us / CLOCK_DAY_US;
    return clock_days_from_civil(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
}

int64_t zone_day_start_us(int64_t day)
{
    struct tm tm = { .tm_isdst = -1 };
    int year, month, mday;

    if (is_utc)
        return day * CLOCK_DAY_US;
    clock_civil_from_days(day, &year, &month, &mday);
    tm.tm_year = year - 1900;
    tm.tm_mon = month - 1;
    tm.tm_mday = mday;
    return (int64_t)mktime(&tm) * CLOCK_SECOND_US;
}

int64_t zone_month_first_day(int64_t day)
{
    int year, month, mday;

    clock_civil_from_days(day, &year, &month, &mday);
    return day - mday + 1;
}

int64_t zone_next_month_first_day(int64_t day)
{
    /* 31 days after the first is in the next month, whatever the month's length. */
    return zone_month_first_day(zone_month_first_day(day) + 31);
}
