#include "tests/unit/unit.h"

#include <string.h>
#include "base/filename.h"

static void made(const char *text, const char *want)
{
    char to[32];

    assert_int_equal(filename_make(view_of(text), to, sizeof to), strlen(want));
    assert_string_equal(to, want);
}

static void what_is_harmless_stays(void **state)
{
    (void)state;
    made("vocals", "vocals");
    made("Gesang (laut) 2", "Gesang (laut) 2");
    made("\xc3\xa9t\xc3\xa9 \xe9\x9f\xb3", "\xc3\xa9t\xc3\xa9 \xe9\x9f\xb3");
    made("a.b", "a.b");
    made("", "");
}

static void what_could_harm_becomes_a_line(void **state)
{
    (void)state;
    made("a\nb\x7f", "a_b_");
    made("../../etc/passwd", "___.._etc_passwd");
}

static void ends_and_bytes(void **state)
{
    char to[6];

    (void)state;
    made(" .hidden. ", "__hidden__");
    made("a\\b:c*d?e\"f<g>h|", "a_b_c_d_e_f_g_h_");
    made("\xff\xc3", "__");
    made("x\xe2\x80\xaey", "x_y"); /* turns what follows around */
    assert_int_equal(filename_make(view_of("abcd\xc3\xa9"), to, sizeof to), 4);
    assert_string_equal(to, "abcd");
    assert_int_equal(filename_make((struct view){ "a\0b", 3 }, to, sizeof to), 3);
    assert_string_equal(to, "a_b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_harmless_stays),
        cmocka_unit_test(what_could_harm_becomes_a_line),
        cmocka_unit_test(ends_and_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
