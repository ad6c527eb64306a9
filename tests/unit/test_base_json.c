#include "tests/unit/unit.h"

#include <math.h>
#include "base/json.h"

static char *written(struct buf *b, void (*write)(struct json *j, const void *arg),
                     const void *arg)
{
    struct json j;

    buf_clear(b);
    json_init(&j, b);
    write(&j, arg);
    assert_int_equal(b->error, 0);
    return b->data;
}

static void write_nested(struct json *j, const void *arg)
{
    (void)arg;
    json_object_begin(j);
    json_put_int(j, "a", -1);
    json_key(j, "b");
    json_array_begin(j);
    json_bool(j, true);
    json_null(j);
    json_object_begin(j);
    json_object_end(j);
    json_array_end(j);
    json_put_time(j, "t", 1795489766879675);
    json_put_time(j, "never", 0);
    json_put_str(j, "none", NULL);
    json_object_end(j);
}

static void nesting_puts_commas_where_they_belong(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 1000);
    assert_string_equal(
        written(&b, write_nested, NULL),
        "{\"a\":-1,\"b\":[true,null,{}],\"t\":\"2026-11-24T03:09:26.879675Z\","
        "\"never\":null,\"none\":null}");
    buf_release(&b);
}

static void write_text(struct json *j, const void *arg)
{
    json_text(j, *(const struct view *)arg);
}

static void text_is_escaped_and_broken_utf8_replaced(void **state)
{
    static const struct {
        struct view text;
        const char *json;
    } cases[] = {
        { { "q\"x\\\n\t\r\b\f", 9 }, "\"q\\\"x\\\\\\n\\t\\r\\b\\f\"" },
        { { "\0\x1f\x0b\x7f", 4 }, "\"\\u0000\\u001f\\u000b\x7f\"" },
        { { "\xE9\x9F\xB3\xF0\x9F\x8E\xB5", 7 }, "\"\xE9\x9F\xB3\xF0\x9F\x8E\xB5\"" },
        { { "a\xFF"
            "b",
            3 },
          "\"a\xEF\xBF\xBD"
          "b\"" },
        { { "\xE9\x9F", 2 }, "\"\xEF\xBF\xBD\xEF\xBF\xBD\"" },
        { { "\xED\xA0\x80", 3 }, "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"" },
        { { "\xC0\xAF", 2 }, "\"\xEF\xBF\xBD\xEF\xBF\xBD\"" },
    };
    struct buf b;

    (void)state;
    buf_init(&b, 1000);
    for (size_t i = 0; i < UNIT_COUNT(cases); i++)
        assert_string_equal(written(&b, write_text, &cases[i].text), cases[i].json);
    buf_release(&b);
}

static void write_ratio(struct json *j, const void *arg)
{
    const int64_t *pair = arg;

    json_ratio(j, pair[0], pair[1]);
}

static void ratios_round_and_print_as_the_replaced_system_does(void **state)
{
    static const struct {
        int64_t pair[2];
        const char *json;
    } cases[] = {
        { { 0, 0 }, "0" },
        { { 0, 5 }, "0.0" },
        { { 15, 100 }, "0.15" },
        { { 700, 60 }, "11.67" },
        { { 100, 1 }, "100.0" },
        { { 5, 1000 }, "0.01" },
        { { 125, 1000 }, "0.12" },
        { { 2675, 1000 }, "2.67" },
        { { 1, 3 }, "0.33" },
        { { 60, 1 }, "60.0" },
        { { 1000000, 1 }, "1000000.0" },
        { { 3, 1 << 20 }, "0.0" },
        { { -1, 3 }, "-0.33" },
    };
    struct buf b;

    (void)state;
    buf_init(&b, 1000);
    for (size_t i = 0; i < UNIT_COUNT(cases); i++)
        assert_string_equal(written(&b, write_ratio, cases[i].pair), cases[i].json);
    buf_release(&b);
}

static void write_double(struct json *j, const void *arg)
{
    json_double(j, *(const double *)arg);
}

static void doubles_are_short_and_read_back_the_same(void **state)
{
    static const struct {
        double value;
        const char *json;
    } cases[] = {
        { 32044.0, "32044.0" },
        { 104857600.0, "104857600.0" },
        { 0.1, "0.1" },
        { 1e22, "1e+22" },
        { 50, "50.0" },
        { (double)INFINITY, "null" },
        { 1.0 / 3.0, "0.3333333333333333" },
    };
    struct buf b;

    (void)state;
    buf_init(&b, 1000);
    for (size_t i = 0; i < UNIT_COUNT(cases); i++)
        assert_string_equal(written(&b, write_double, &cases[i].value), cases[i].json);
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nesting_puts_commas_where_they_belong),
        cmocka_unit_test(text_is_escaped_and_broken_utf8_replaced),
        cmocka_unit_test(ratios_round_and_print_as_the_replaced_system_does),
        cmocka_unit_test(doubles_are_short_and_read_back_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
