#include "server/http/preference.h"
#include "tests/unit/unit.h"

static void lists_name_what_they_name(void **state)
{
    static const struct {
        const char *list, *item;
        bool is_named;
    } cases[] = {
        { "text/html,application/xhtml+xml,*/*;q=0.8", "text/html", true },
        { "application/json", "text/html", false },
        { "*/*", "text/html", false },
        { "TEXT/HTML;level=1; q=0.3", "text/html", true },
        { "gzip, deflate, br", "gzip", true },
        { " deflate ,\tgzip ", "gzip", true },
        { "gzip;q=0", "gzip", false },
        { "gzip; q=0.000, br", "gzip", false },
        { "gzip;q=0.001", "gzip", true },
        { "gzipped, x-gzip", "gzip", false },
        { "", "gzip", false },
        { ",;,;q=0,", "gzip", false },
    };

    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(cases); i++)
        assert_int_equal(preference_names(view_of(cases[i].list), cases[i].item),
                         cases[i].is_named);
    assert_false(preference_names((struct view){ NULL, 0 }, "gzip"));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(lists_name_what_they_name) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
