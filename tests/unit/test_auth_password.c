#include "tests/unit/unit.h"

#include "auth/auth.h"
#include "base/clock.h"

#define OLD_HASH "$2b$04$abcdefghijklmnopqrstuu..ECdwB5ftHOtfZdMoWOaxWtbxL1ouK"

static void a_hash_verifies_its_password_only(void **state)
{
    (void)state;
    char hash[AUTH_HASH_MAX], again[AUTH_HASH_MAX];
    bool upgrade = true;

    assert_int_equal(auth_password_hash(view_of("correct horse 1"), hash, NULL), 0);
    assert_int_equal(auth_password_hash(view_of("correct horse 1"), again, NULL), 0);
    assert_memory_equal(hash, "$argon2id$v=19$m=19456,t=2,p=1$", 31);
    assert_string_not_equal(hash, again);
    assert_true(auth_password_verify(view_of("correct horse 1"), hash, &upgrade));
    assert_false(upgrade);
    assert_false(auth_password_verify(view_of("correct horse 2"), hash, &upgrade));
    assert_false(
        auth_password_verify((struct view){ "correct horse 1", 16 }, hash, &upgrade));
    assert_false(auth_password_verify(view_of(NULL), hash, &upgrade));
}

static void an_old_hash_verifies_and_asks_for_a_new_one(void **state)
{
    (void)state;
    bool upgrade = false;

    assert_true(auth_password_verify(view_of("correct horse 1"), OLD_HASH, &upgrade));
    assert_true(upgrade);
    assert_false(auth_password_verify(view_of("correct horse 2"), OLD_HASH, &upgrade));
    assert_false(upgrade);
    assert_false(auth_password_verify((struct view){ "correct horse 1\0x", 17 }, OLD_HASH,
                                      &upgrade));
}

static void what_is_no_hash_never_matches(void **state)
{
    (void)state;
    static const char *const hashes[] = {
        "",
        "$2b$",
        "$2b$04$abc",
        "$2a$04$abcdefghijklmnopqrstuu",
        "$argon2id$",
        "plain",
        "$1$abcdefgh$",
        "*0",
        "$argon2id$v=19$m=19456,t=2,p=1$$",
    };
    bool upgrade = true;

    for (size_t i = 0; i < UNIT_COUNT(hashes); i++) {
        assert_false(auth_password_verify(view_of("plain"), hashes[i], &upgrade));
        assert_false(auth_password_verify(view_of(""), hashes[i], &upgrade));
        assert_false(upgrade);
    }
}

static int64_t fastest_us(const char *hash)
{
    int64_t best = INT64_MAX;
    bool upgrade;

    for (int i = 0; i < 5; i++) {
        const int64_t start = clock_monotonic_us();
        int64_t took;

        (void)auth_password_verify(view_of("wrong"), hash, &upgrade);
        took = clock_monotonic_us() - start;
        best = took < best ? took : best;
    }
    return best;
}

static void an_unknown_user_takes_as_long(void **state)
{
    (void)state;
    char hash[AUTH_HASH_MAX];
    int64_t real, none;

    assert_int_equal(auth_password_hash(view_of("right"), hash, NULL), 0);
    real = fastest_us(hash);
    none = fastest_us("");
    assert_true(none * 2 > real && real * 2 > none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hash_verifies_its_password_only),
        cmocka_unit_test(an_old_hash_verifies_and_asks_for_a_new_one),
        cmocka_unit_test(what_is_no_hash_never_matches),
        cmocka_unit_test(an_unknown_user_takes_as_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
