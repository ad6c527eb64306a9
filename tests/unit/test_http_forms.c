#include "tests/unit/unit.h"

#include "server/http/forms.h"

static void parameters_are_split_and_decoded(void **state)
{
    const struct view query = view_of("a=1&b=x+y%2Bz&&c&=v&a=2%20&d==&e%26=%e9");
    char storage[64];
    struct form f;

    (void)state;
    assert_int_equal(form_parse(query, storage, &f), 0);
    assert_int_equal(f.count, 7);
    assert_true(view_eq(form_value(&f, "a"), "2 "));
    assert_true(view_eq(form_value(&f, "b"), "x y+z"));
    assert_non_null(form_value(&f, "c").ptr);
    assert_true(view_eq(form_value(&f, ""), "v"));
    assert_true(view_eq(form_value(&f, "d"), "="));
    assert_true(view_eq(form_value(&f, "e&"), "\xe9"));
    assert_null(form_value(&f, "z").ptr);
    assert_int_equal(form_parse(view_of(NULL), storage, &f), 0);
    assert_int_equal(f.count, 0);
}

static void bad_escapes_and_nul_are_reported(void **state)
{
    static const char *const wrong[] = { "a=%", "a=%4", "a=%zz", "%0g=1", "a=1&b=%00" };
    char storage[64];
    struct form f;

    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(wrong); i++) {
        assert_int_equal(form_parse(view_of(wrong[i]), storage, &f), ERR_INVALID);
        assert_int_equal(f.count, 0);
    }
    assert_int_equal(form_parse((struct view){ "a=\0b", 4 }, storage, &f), ERR_INVALID);
}

static void the_number_of_parameters_is_bounded(void **state)
{
    char query[2 * FORM_PARAMS_MAX + 2], storage[sizeof query];
    struct form f;

    (void)state;
    for (size_t i = 0; i < sizeof query; i += 2) {
        query[i] = 'a';
        query[i + 1] = '&';
    }
    assert_int_equal(form_parse((struct view){ query, 2 * FORM_PARAMS_MAX }, storage, &f),
                     0);
    assert_int_equal(f.count, FORM_PARAMS_MAX);
    assert_int_equal(form_parse((struct view){ query, sizeof query }, storage, &f),
                     ERR_TOO_LARGE);
}

static void integers_read_as_in_python(void **state)
{
    static const struct {
        const char *text;
        int rc;
        int64_t value;
    } cases[] = {
        { "0", 0, 0 },
        { " -12\n", 0, -12 },
        { "+007", 0, 7 },
        { "1_000", 0, 1000 },
        { "5.0", 0, 5 },
        { "9223372036854775807", 0, INT64_MAX },
        { "-9223372036854775808", 0, INT64_MIN },
        { "9223372036854775808", ERR_TOO_LARGE, 99 },
        { "-9223372036854775809", ERR_TOO_LARGE, 99 },
        { "99999999999999999999999999", ERR_TOO_LARGE, 99 },
        { "", ERR_INVALID, 99 },
        { "-", ERR_INVALID, 99 },
        { "1__0", ERR_INVALID, 99 },
        { "_1", ERR_INVALID, 99 },
        { "1_", ERR_INVALID, 99 },
        { "5.", ERR_INVALID, 99 },
        { "5.1", ERR_INVALID, 99 },
        { "1 2", ERR_INVALID, 99 },
        { "0x10", ERR_INVALID, 99 },
        { "--1", ERR_INVALID, 99 },
    };

    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        int64_t value = 99;

        assert_int_equal(form_int(view_of(cases[i].text), &value), cases[i].rc);
        assert_int_equal(value, cases[i].value);
    }
}

static void booleans_read_as_in_python(void **state)
{
    static const char *const yes[] = { "true", "TRUE", "Yes", "on", "1", "t", "Y" };
    static const char *const no[] = { "false", "False", "NO", "off", "0", "f", "n" };
    static const char *const neither[] = { "", "2", "truee", " true", "tr", "null" };
    bool value;

    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(yes); i++) {
        assert_int_equal(form_bool(view_of(yes[i]), &value), 0);
        assert_true(value);
        assert_int_equal(form_bool(view_of(no[i]), &value), 0);
        assert_false(value);
    }
    for (size_t i = 0; i < UNIT_COUNT(neither); i++)
        assert_int_equal(form_bool(view_of(neither[i]), &value), ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters_are_split_and_decoded),
        cmocka_unit_test(bad_escapes_and_nul_are_reported),
        cmocka_unit_test(the_number_of_parameters_is_bounded),
        cmocka_unit_test(integers_read_as_in_python),
        cmocka_unit_test(booleans_read_as_in_python),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
