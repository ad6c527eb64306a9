#include "tests/unit/unit.h"

#include "server/http/etag.h"
#include "server/http/range.h"

static void range_fields_are_read_as_rfc_9110_says(void **state)
{
    static const struct {
        const char *field;
        int64_t size;
        enum range_result result;
        int64_t first, len;
    } cases[] = {
        { NULL, 100, RANGE_WHOLE, 0, 0 },
        { "", 100, RANGE_WHOLE, 0, 0 },
        { "bytes=0-9", 100, RANGE_SLICE, 0, 10 },
        { "Bytes= 0-9\t,", 100, RANGE_SLICE, 0, 10 },
        { "bytes=99-", 100, RANGE_SLICE, 99, 1 },
        { "bytes=0-0", 1, RANGE_SLICE, 0, 1 },
        { "bytes=50-1000", 100, RANGE_SLICE, 50, 50 },
        { "bytes=0-99999999999999999999999", 100, RANGE_SLICE, 0, 100 },
        { "bytes=-1", 100, RANGE_SLICE, 99, 1 },
        { "bytes=-1000", 100, RANGE_SLICE, 0, 100 },
        { "bytes=-99999999999999999999999", 100, RANGE_SLICE, 0, 100 },
        { "bytes=0-", INT64_MAX, RANGE_SLICE, 0, INT64_MAX },
        { "bytes=9223372036854775806-9223372036854775807", INT64_MAX, RANGE_SLICE,
          INT64_MAX - 1, 1 },
        { "bytes=100-", 100, RANGE_UNSATISFIABLE, 0, 0 },
        { "bytes=99999999999999999999-", 100, RANGE_UNSATISFIABLE, 0, 0 },
        { "bytes=-0", 100, RANGE_UNSATISFIABLE, 0, 0 },
        { "bytes=0-", 0, RANGE_UNSATISFIABLE, 0, 0 },
        { "bytes=-5", 0, RANGE_WHOLE, 0, 0 },
        { "bytes=9-0", 100, RANGE_WHOLE, 0, 0 },
        { "bytes=0-1,5-6", 100, RANGE_WHOLE, 0, 0 },
        { "items=0-1", 100, RANGE_WHOLE, 0, 0 },
        { "bytes=-", 100, RANGE_WHOLE, 0, 0 },
        { "bytes=", 100, RANGE_WHOLE, 0, 0 },
        { "bytes=5", 100, RANGE_WHOLE, 0, 0 },
        { "bytes=0 - 9", 100, RANGE_WHOLE, 0, 0 },
        { "bytes=+0-9", 100, RANGE_WHOLE, 0, 0 },
        { "bytes=--9", 100, RANGE_WHOLE, 0, 0 },
        { "bytes 0-9", 100, RANGE_WHOLE, 0, 0 },
    };

    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        struct range r = { 0, 0 };

        assert_int_equal(range_parse(view_of(cases[i].field), cases[i].size, &r),
                         cases[i].result);
        assert_int_equal(r.first_bytes, cases[i].first);
        assert_int_equal(r.len_bytes, cases[i].len);
    }
}

static void content_range_is_printed(void **state)
{
    char text[RANGE_TEXT_SIZE];

    (void)state;
    range_format((struct range){ 0, 10 }, 32044, text);
    assert_string_equal(text, "bytes 0-9/32044");
    range_format((struct range){ INT64_MAX - 1, 1 }, INT64_MAX, text);
    assert_string_equal(
        text, "bytes 9223372036854775806-9223372036854775806/9223372036854775807");
    range_format_unsatisfied(7, text);
    assert_string_equal(text, "bytes */7");
}

static void if_range_needs_the_same_strong_tag(void **state)
{
    (void)state;
    assert_true(range_if_range_holds(view_of(NULL), view_of("\"a\"")));
    assert_true(range_if_range_holds(view_of(" \"a\""), view_of("\"a\"")));
    assert_false(range_if_range_holds(view_of(""), view_of("\"a\"")));
    assert_false(range_if_range_holds(view_of("\"b\""), view_of("\"a\"")));
    assert_false(range_if_range_holds(view_of("W/\"a\""), view_of("\"a\"")));
    assert_false(range_if_range_holds(view_of("W/\"a\""), view_of("W/\"a\"")));
    assert_false(
        range_if_range_holds(view_of("Tue, 24 Nov 2026 03:09:26 GMT"), view_of("\"a\"")));
}

static void if_none_match_lists_are_searched(void **state)
{
    static const struct {
        const char *list;
        bool names;
    } cases[] = {
        { NULL, false },
        { "", false },
        { "*", true },
        { " * ", true },
        { "*, \"x\"", false },
        { "\"a,b\"", true },
        { "W/\"a,b\"", true },
        { "\"x\" , ,\"a,b\"", true },
        { "\"x\", W/\"y\"", false },
        { "\"a\",\"b\"", false },
        { "a,b", false },
        { "\"x\" \"a,b\"", false },
        { "\"a,b", false },
        { "W/", false },
    };

    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        assert_int_equal(etag_list_names(view_of(cases[i].list), view_of("\"a,b\"")),
                         cases[i].names);
        assert_int_equal(etag_list_names(view_of(cases[i].list), view_of("W/\"a,b\"")),
                         cases[i].names);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(range_fields_are_read_as_rfc_9110_says),
        cmocka_unit_test(content_range_is_printed),
        cmocka_unit_test(if_range_needs_the_same_strong_tag),
        cmocka_unit_test(if_none_match_lists_are_searched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
