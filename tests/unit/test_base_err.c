#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>
#include "base/err.h"

static void a_text_is_one_line_that_fits(void **state)
{
    char long_text[2 * ERR_TEXT_MAX];
    struct err err = { 0 };

    (void)state;
    assert_int_equal(err_set(&err, ERR_GONE, "a\nb\r\n%d", 7), ERR_GONE);
    assert_int_equal(err.code, ERR_GONE);
    assert_string_equal(err.text, "a b  7");
    memset(long_text, 'x', sizeof long_text);
    long_text[sizeof long_text - 1] = '\0';
    assert_int_equal(err_set(&err, ERR_IO, "%s", long_text), ERR_IO);
    assert_int_equal(strlen(err.text), ERR_TEXT_MAX - 1);
    assert_int_equal(err_set(NULL, ERR_BUSY, "%s", "nobody reads this"), ERR_BUSY);
}

static void errno_values_have_codes(void **state)
{
    static const struct {
        int errnum, code;
    } cases[] = { { ENOSPC, ERR_NO_SPACE },
                  { EDQUOT, ERR_NO_SPACE },
                  { ENOMEM, ERR_NO_MEMORY },
                  { EACCES, ERR_IO },
                  { 0, ERR_IO },
                  { 99999, ERR_IO } };
    struct err err = { 0 };

    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        assert_int_equal(err_set_errno(&err, cases[i].errnum, "the file"), cases[i].code);
        assert_int_equal(err.code, cases[i].code);
        assert_memory_equal(err.text, "the file: ", 10);
    }
    assert_int_equal(err_set_errno(&err, EACCES, "x"), ERR_IO);
    assert_string_equal(err.text, "x: Permission denied");
    assert_int_equal(err_set_errno(NULL, ENOSPC, "x"), ERR_NO_SPACE);
}

/* A new code without a name would show as ERR_UNKNOWN in the log. */
static void every_code_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int code = ERR_ENGINE; code < 0; code++) {
        assert_string_not_equal(err_name(code), "ERR_UNKNOWN");
        for (int other = ERR_ENGINE; other < code; other++)
            assert_string_not_equal(err_name(code), err_name(other));
    }
    assert_string_equal(err_name(ERR_INVALID), "ERR_INVALID");
    assert_string_equal(err_name(ERR_LIMIT), "ERR_LIMIT");
    assert_string_equal(err_name(ERR_ENGINE), "ERR_ENGINE");
    assert_string_equal(err_name(0), "ERR_UNKNOWN");
    assert_string_equal(err_name(1), "ERR_UNKNOWN");
    assert_string_equal(err_name(ERR_ENGINE - 1), "ERR_UNKNOWN");
    assert_string_equal(err_name(INT32_MIN), "ERR_UNKNOWN");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_is_one_line_that_fits),
        cmocka_unit_test(errno_values_have_codes),
        cmocka_unit_test(every_code_has_a_name_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
