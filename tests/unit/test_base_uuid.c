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
        cmocka_unit_test(other_shapes_are_not_valid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
