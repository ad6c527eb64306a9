#include "tests/unit/unit.h"

#include "base/uuid.h"

static void made_ones_are_valid_version_4_and_differ(void **state)
{
    char a[UUID_TEXT_SIZE], b[UUID_TEXT_SIZE];

    (void)state;
    for (int i = 0; i < 1000; i++) {
        uuid_make(a);
        uuid_make(b);
        assert_true(uuid_is_valid(view_of(a)));
        assert_int_equal(a[14], '4');
        assert_non_null(strchr("89ab", a[19]));
        assert_string_not_equal(a, b);
    }
}

static void timed_ones_are_version_7_and_sort_by_time(void **state)
{
    const int64_t rfc_example_us = 1645557742000000; /* RFC 9562, A.6: 017F22E2-79B0-7... */
    char before[UUID_TEXT_SIZE], a[UUID_TEXT_SIZE], b[UUID_TEXT_SIZE];

    (void)state;
    uuid_make_at(rfc_example_us, before);
    assert_memory_equal(before, "017f22e2-79b0-7000-", 19);
    for (int i = 1; i < 5000; i++) {
        uuid_make_at(rfc_example_us + i, a);
        uuid_make_at(rfc_example_us + i, b);
        assert_true(uuid_is_valid(view_of(a)));
        assert_int_equal(a[14], '7');
        assert_non_null(strchr("89ab", a[19]));
        assert_string_not_equal(a, b);
        assert_true(strcmp(before, a) < 0);
        memcpy(before, a, sizeof before);
    }
}

static void other_shapes_are_not_valid(void **state)
{
    (void)state;
    assert_true(uuid_is_valid(view_of("C6B6A964-d4e2-4956-a527-b25bf9d57e32")));
    assert_false(uuid_is_valid(view_of("")));
    assert_false(uuid_is_valid(view_of("c6b6a964-d4e2-4956-a527-b25bf9d57e3")));
    assert_false(uuid_is_valid(view_of("c6b6a964-d4e2-4956-a527-b25bf9d57e321")));
    assert_false(uuid_is_valid(view_of("c6b6a964xd4e2-4956-a527-b25bf9d57e32")));
    assert_false(uuid_is_valid(view_of("c6b6a964-d4e2-4956-a527-b25bf9d57e3g")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(made_ones_are_valid_version_4_and_differ),
        cmocka_unit_test(timed_ones_are_version_7_and_sort_by_time),
        cmocka_unit_test(other_shapes_are_not_valid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
