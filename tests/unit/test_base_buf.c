#include "tests/unit/unit.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
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

/* Whatever room there was: one print may do, or it takes a second. */
static void formats_of_any_length_are_joined(void **state)
{
    char want[1200] = "";
    struct buf b;

    (void)state;
    buf_init(&b, 4096);
    for (int i = 0; i < 40; i++) {
        char part[64];

        (void)snprintf(part, sizeof part, "%0*d|", i, i);
        strcat(want, part);
        buf_addf(&b, "%0*d|", i, i);
        assert_string_equal(b.data, want);
        assert_int_equal(b.len, strlen(want));
    }
    buf_addf(&b, "%05000d", 1);
    assert_int_equal(b.error, ERR_TOO_LARGE);
    assert_string_equal(b.data, want);
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_are_joined_and_terminated),
        cmocka_unit_test(the_extremes_of_an_integer_are_printed),
        cmocka_unit_test(the_maximum_holds_exactly_and_the_error_sticks),
        cmocka_unit_test(a_format_past_the_maximum_adds_nothing),
        cmocka_unit_test(formats_of_any_length_are_joined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
