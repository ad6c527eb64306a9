#include "tests/unit/unit.h"

#include <limits.h>
#include "base/buf.h"

static void appends_are_joined_and_terminated(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 1000);
    buf_add_text(&b, "one ");
    buf_add_int(&b, -42);
    buf_add_char(&b, ' ');
    buf_addf(&b, "%s=%d", "x", 7);
    assert_int_equal(b.error, 0);
    assert_string_equal(b.data, "one -42 x=7");
    assert_int_equal(b.len, 11);
    buf_release(&b);
    assert_null(b.data);
}

static void the_extremes_of_an_integer_are_printed(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 100);
    buf_add_int(&b, INT64_MIN);
    buf_add_char(&b, ',');
    buf_add_int(&b, INT64_MAX);
    buf_add_char(&b, ',');
    buf_add_int(&b, 0);
    assert_string_equal(b.data, "-9223372036854775808,9223372036854775807,0");
    buf_release(&b);
}

static void the_maximum_holds_exactly_and_the_error_sticks(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 4);
    buf_add_text(&b, "four");
    assert_int_equal(b.error, 0);
    buf_add_char(&b, '!');
    assert_int_equal(b.error, ERR_TOO_LARGE);
    buf_add_text(&b, "");
    assert_string_equal(b.data, "four");
    buf_clear(&b);
    assert_int_equal(b.error, 0);
    buf_add_text(&b, "new");
    assert_string_equal(b.data, "new");
    buf_release(&b);
}

static void a_format_past_the_maximum_adds_nothing(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 8);
    buf_addf(&b, "%s", "nine byte");
    assert_int_equal(b.error, ERR_TOO_LARGE);
    assert_int_equal(b.len, 0);
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_are_joined_and_terminated),
        cmocka_unit_test(the_extremes_of_an_integer_are_printed),
        cmocka_unit_test(the_maximum_holds_exactly_and_the_error_sticks),
        cmocka_unit_test(a_format_past_the_maximum_adds_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
