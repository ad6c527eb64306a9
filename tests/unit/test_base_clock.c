#include "tests/unit/unit.h"

#include "base/clock.h"

static int64_t parsed(const char *text)
{
    int64_t us = -1;

    assert_true(clock_parse(view_of(text), &us));
    return us;
}

static void known_moments_read_and_print_the_same(void **state)
{
    static const struct {
        const char *text;
        int64_t us;
    } moments[] = {
        { "0000-01-01T00:00:00.000000Z", -62167219200000000 },
        { "1970-01-01T00:00:00.000000Z", 0 },
        { "1969-12-31T23:59:59.999999Z", -1 },
        { "2000-02-29T12:00:00.000001Z", 951825600000001 },
        { "2026-11-24T03:09:26.879675Z", 1795489766879675 },
        { "9999-12-31T23:59:59.999999Z", 253402300799999999 },
    };
    char text[CLOCK_TEXT_SIZE];

    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(moments); i++) {
        clock_format(moments[i].us, text);
        assert_string_equal(text, moments[i].text);
        assert_int_equal(parsed(moments[i].text), moments[i].us);
    }
}

static void offsets_fractions_and_bare_dates_are_read(void **state)
{
    (void)state;
    assert_int_equal(parsed("1970-01-01T05:30:00+05:30"), 0);
    assert_int_equal(parsed("1969-12-31T19:00:00.5-05:00"), 500000);
    assert_int_equal(parsed("1970-01-01T00:00:00.123456789Z"), 123456);
    assert_int_equal(parsed("1970-01-02"), CLOCK_DAY_US);
    assert_int_equal(parsed("1970-01-01 00:00:01z"), CLOCK_SECOND_US);
}

static void what_is_no_time_is_refused(void **state)
{
    static const char *const wrong[] = {
        "",
        "1970",
        "1970-13-01",
        "1970-02-30",
        "2023-02-29",
        "1970-01-00",
        "1970-1-1",
        "1970-01-01T",
        "1970-01-01T00:00:00",
        "1970-01-01T24:00:00Z",
        "1970-01-01T00:60:00Z",
        "1970-01-01T00:00:00.Z",
        "1970-01-01T00:00:00Zx",
        "1970-01-01T00:00:00+24:00",
        "1970-01-01T00:00:00+0530",
        "0000-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "9999-12-31T23:59:60Z",
        "now",
    };
    int64_t us = 77;

    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(wrong); i++)
        assert_false(clock_parse(view_of(wrong[i]), &us));
    assert_int_equal(us, 77);
}

static void every_day_of_800_years_survives_the_round_trip(void **state)
{
    int year, month, day;

    (void)state;
    for (int64_t days = -146097; days < 146097; days++) {
        clock_civil_from_days(days, &year, &month, &day);
        assert_int_equal(clock_days_from_civil(year, month, day), days);
    }
}

static void the_clock_never_goes_back(void **state)
{
    int64_t before = clock_now_us();

    (void)state;
    for (int i = 0; i < 100000; i++) {
        const int64_t now = clock_now_us();

        assert_true(now >= before);
        before = now;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_moments_read_and_print_the_same),
        cmocka_unit_test(offsets_fractions_and_bare_dates_are_read),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(every_day_of_800_years_survives_the_round_trip),
        cmocka_unit_test(the_clock_never_goes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
