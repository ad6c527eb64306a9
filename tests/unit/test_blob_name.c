#include "tests/unit/unit.h"

#include "blob/name.h"

static void a_name_says_its_place(void **state)
{
    static const struct pack_place places[] = {
        { 0, 0, 1 },
        { PACK_ID_MAX, 0xfffff, PACK_NAME_BYTES_MAX },
        { 0x123456789abc, 0xdef01, 0x23456 },
    };
    char name[BLOB_NAME_SIZE], other[BLOB_NAME_SIZE];
    struct pack_place found;

    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(places); i++) {
        blob_name_of_place(name, &places[i], "m4a");
        blob_name_of_place(other, &places[i], "m4a");
        assert_string_not_equal(name, other);
        assert_true(blob_name_is_valid(name));
        assert_string_equal(name + UUID_TEXT_SIZE - 1, ".m4a");
        assert_true(blob_name_place(name, &found));
        assert_memory_equal(&found, &places[i], sizeof found);
    }
    assert_false(blob_name_place("01234567-0123-4123-8123-0123456789ab.wav", &found));
    assert_false(blob_name_place("01234567-0123-8123-8123-0123456789ab", &found));
    assert_false(blob_name_place("../packs/0123456789ab", &found));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_says_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
