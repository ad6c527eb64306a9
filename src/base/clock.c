#include "base/clock.h"

#include <stdatomic.h>
#include <time.h>

/* What has a text form: the years 0 to 9999. */
static const int64_t FIRST_US = -62167219200 * CLOCK_SECOND_US;
static const int64_t LAST_US = 253402300800 * CLOCK_SECOND_US - 1;

static int64_t read_us(clockid_t id)
{
    struct timespec ts;

    (void)clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * CLOCK_SECOND_US + ts.tv_nsec / 1000;
}

int64_t clock_now_us(void)
{
    static _Atomic int64_t latest;
    int64_t now = read_us(CLOCK_REALTIME);
    int64_t seen = atomic_load_explicit(&latest, memory_order_relaxed);

    while (now > seen) {
        if (atomic_compare_exchange_weak_explicit(&latest, &seen, now, memory_order_relaxed,
                                                  memory_order_relaxed))
            return now;
    }
    return seen;
}

int64_t clock_monotonic_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}

int64_t clock_days_from_civil(int year, int month, int day)
{
    const int64_t y = month <= 2 ? year - 1 : year;
    const int64_t era = (y >= 0 ? y : y - 399) / 400;
    const int64_t year_of_era = y - era * 400;
    const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
                               day_of_year;

    return era * 146097 + day_of_era - 719468;
}

void clock_civil_from_days(int64_t days, int *ret_year, int *ret_month, int *ret_day)
{
    const int64_t z = days + 719468;
    const int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    const int64_t day_of_era = z - era * 146097;
    const int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const int64_t day_of_year = day_of_era -
                                (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int64_t shifted_month = (5 * day_of_year + 2) / 153;

    *ret_day = (int)(day_of_year - (153 * shifted_month + 2) / 5 + 1);
    *ret_month = (int)(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
    *ret_year = (int)(year_of_era + era * 400 + (*ret_month <= 2));
}

static void put_digits(char *to, int64_t value, int digits)
{
    for (int i = digits - 1; i >= 0; i--) {
        to[i] = (char)('0' + value % 10);
        value /= 10;
    }
}

void clock_format(int64_t time_us, char text[CLOCK_TEXT_SIZE])
{
    int64_t days = time_us / CLOCK_DAY_US;
    int64_t rest = time_us % CLOCK_DAY_US;
    int year, month, day;

    if (rest < 0) {
        days -= 1;
        rest += CLOCK_DAY_US;
    }
    clock_civil_from_days(days, &year, &month, &day);
    memcpy(text, "0000-00-00T00:00:00.000000Z", CLOCK_TEXT_SIZE);
    put_digits(text, year, 4);
    put_digits(text + 5, month, 2);
    put_digits(text + 8, day, 2);
    put_digits(text + 11, rest / CLOCK_HOUR_US, 2);
    put_digits(text + 14, rest / CLOCK_MINUTE_US % 60, 2);
    put_digits(text + 17, rest / CLOCK_SECOND_US % 60, 2);
    put_digits(text + 20, rest % CLOCK_SECOND_US, 6);
}

/* Takes exactly `digits` decimal digits off the front. */
static bool take_digits(struct view *text, int digits, int *ret)
{
    int value = 0;

    if (text->len < (size_t)digits)
        return false;
    for (int i = 0; i < digits; i++) {
        if (text->ptr[i] < '0' || text->ptr[i] > '9')
            return false;
        value = value * 10 + (text->ptr[i] - '0');
    }
    *text = view_slice(*text, (size_t)digits, text->len);
    *ret = value;
    return true;
}

static bool take_char(struct view *text, const char *any_of)
{
    if (text->len == 0 || text->ptr[0] == '\0' || !strchr(any_of, text->ptr[0]))
        return false;
    *text = view_slice(*text, 1, text->len);
    return true;
}

static bool take_fraction_us(struct view *text, int *ret_us)
{
    int scale = 100000, digits = 0;

    *ret_us = 0;
    if (!take_char(text, "."))
        return true;
    for (int digit; digits < 9 && take_digits(text, 1, &digit); digits++) {
        *ret_us += digit * scale;
        scale /= 10;
    }
    return digits > 0;
}

static bool take_offset_us(struct view *text, int64_t *ret_us)
{
    int hours, minutes, sign;

    if (take_char(text, "Zz")) {
        *ret_us = 0;
        return true;
    }
    if (text->len == 0)
        return false;
    sign = text->ptr[0] == '-' ? -1 : 1;
    if (!take_char(text, "+-") || !take_digits(text, 2, &hours) || !take_char(text, ":") ||
        !take_digits(text, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *ret_us = sign * (hours * CLOCK_HOUR_US + minutes * CLOCK_MINUTE_US);
    return true;
}

static int days_in_month(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month == 2 && leap ? 29 : days[month - 1];
}

bool clock_parse(struct view text, int64_t *ret_us)
{
    int year, month, day, hour, minute, second, fraction_us;
    int64_t offset_us, date_us, time_us;

    if (!take_digits(&text, 4, &year) || !take_char(&text, "-") ||
        !take_digits(&text, 2, &month) || !take_char(&text, "-") ||
        !take_digits(&text, 2, &day) || month < 1 || month > 12 || day < 1 ||
        day > days_in_month(year, month))
        return false;
    date_us = clock_days_from_civil(year, month, day) * CLOCK_DAY_US;
    if (text.len == 0) {
        *ret_us = date_us;
        return true;
    }
    if (!take_char(&text, "Tt ") || !take_digits(&text, 2, &hour) ||
        !take_char(&text, ":") || !take_digits(&text, 2, &minute) ||
        !take_char(&text, ":") || !take_digits(&text, 2, &second) ||
        !take_fraction_us(&text, &fraction_us) || !take_offset_us(&text, &offset_us) ||
        text.len != 0 || hour > 23 || minute > 59 || second > 60)
        return false;
    time_us = date_us + hour * CLOCK_HOUR_US + minute * CLOCK_MINUTE_US +
              second * CLOCK_SECOND_US + fraction_us - offset_us;
    if (time_us < FIRST_US || time_us > LAST_US)
        return false;
    *ret_us = time_us;
    return true;
}
