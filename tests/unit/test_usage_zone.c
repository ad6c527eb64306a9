#include "base/clock.h"
#include "tests/unit/unit.h"
#include "usage/zone.h"

static struct zone *zone_of(const char *name)
{
    struct zone *z;

    assert_int_equal(zone_load(name, &z), 0);
    return z;
}

static int64_t day_of(int year, int month, int day)
{
    return clock_days_from_civil(year, month, day);
}

static int64_t hours_of(const struct zone *z, int64_t day)
{
    return (zone_day_start_us(z, day + 1) - zone_day_start_us(z, day)) / CLOCK_HOUR_US;
}

static void days_are_longer_and_shorter_when_clocks_change(void **state)
{
    struct zone *z = zone_of("Europe/Berlin");

    (void)state;
    assert_int_equal(hours_of(z, day_of(2026, 3, 28)), 24);
    assert_int_equal(hours_of(z, day_of(2026, 3, 29)), 23);
    assert_int_equal(hours_of(z, day_of(2026, 10, 25)), 25);
    zone_free(&z);
}

/* In Havana clocks go forward at midnight: that day begins at one. */
static void a_day_without_midnight_begins_at_its_first_moment(void **state)
{
    struct zone *z = zone_of("America/Havana");
    const int64_t day = day_of(2025, 3, 9), start_us = zone_day_start_us(z, day);

    (void)state;
    assert_int_equal(start_us, day * CLOCK_DAY_US + 5 * CLOCK_HOUR_US);
    assert_int_equal(zone_day_of(z, start_us), day);
    assert_int_equal(zone_day_of(z, start_us - 1), day - 1);
    assert_int_equal(hours_of(z, day), 23);
    zone_free(&z);
}

static void every_day_of_every_year_meets_the_next(void **state)
{
    static const char *const names[] = { "Europe/Berlin", "America/Havana", "Asia/Kolkata",
                                         "Australia/Lord_Howe", "Asia/Beirut" };

    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(names); i++) {
        struct zone *z = zone_of(names[i]);

        for (int64_t day = day_of(1971, 1, 1); day < day_of(2036, 1, 1); day++) {
            const int64_t start_us = zone_day_start_us(z, day);

            assert_int_equal(zone_day_of(z, start_us), day);
            assert_int_equal(zone_day_of(z, start_us - 1), day - 1);
        }
        zone_free(&z);
    }
}

static void names_that_are_no_zone_are_refused(void **state)
{
    static const char *const names[] = {
        "",       "Mars/Base", "../../etc/passwd", "/etc/localtime",
        "Europe", "tzdata.zi", "Europe/Berlin ",   "UTC\n"
    };
    struct zone *z;

    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(names); i++) {
        assert_int_equal(zone_load(names[i], &z), ERR_INVALID);
        assert_null(z);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_are_longer_and_shorter_when_clocks_change),
        cmocka_unit_test(a_day_without_midnight_begins_at_its_first_moment),
        cmocka_unit_test(every_day_of_every_year_meets_the_next),
        cmocka_unit_test(names_that_are_no_zone_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
