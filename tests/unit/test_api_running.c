#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>
#include "server/api/running.h"

enum { MANY = 5000 };

static const struct principal ann = { .kind = PRINCIPAL_USER, .account_id = 7 };
static const struct principal bob = { .kind = PRINCIPAL_USER, .account_id = 8 };
/* One has an account, the other is new: it is the same guest. */
static const struct principal guest = { .kind = PRINCIPAL_GUEST, .guest_id = "g" };
static const struct principal guest_later = { .kind = PRINCIPAL_GUEST,
                                              .account_id = 9,
                                              .guest_id = "g" };
static const struct principal other_guest = { .kind = PRINCIPAL_GUEST, .guest_id = "h" };

static void a_key_is_held_once_until_it_is_let_go(void **state)
{
    struct running *r = running_new();
    struct running_key first = { 0 }, second = { 0 };

    (void)state;
    assert_int_equal(running_begin(r, &first, &ann, view_of("k")), 0);
    assert_int_equal(running_begin(r, &second, &ann, view_of("k")), ERR_CONFLICT);
    running_end(r, &second); /* held nothing */
    assert_int_equal(running_begin(r, &second, &ann, view_of("k")), ERR_CONFLICT);
    running_end(r, &first);
    running_end(r, &first);
    assert_int_equal(running_begin(r, &second, &ann, view_of("k")), 0);
    running_end(r, &second);
    running_free(&r);
    assert_null(r);
    running_free(&r);
}

static void keys_are_each_callers_own(void **state)
{
    struct running *r = running_new();
    struct running_key k[5] = { 0 };

    (void)state;
    assert_int_equal(running_begin(r, &k[0], &ann, view_of("k")), 0);
    assert_int_equal(running_begin(r, &k[1], &bob, view_of("k")), 0);
    assert_int_equal(running_begin(r, &k[2], &guest, view_of("k")), 0);
    assert_int_equal(running_begin(r, &k[3], &other_guest, view_of("k")), 0);
    assert_int_equal(running_begin(r, &k[4], &guest_later, view_of("k")), ERR_CONFLICT);
    for (size_t i = 0; i < UNIT_COUNT(k); i++)
        running_end(r, &k[i]);
    running_free(&r);
}

static void many_are_told_apart_whatever_the_order(void **state)
{
    static struct running_key k[MANY], again;
    static char names[MANY][8];
    struct running *r = running_new();

    (void)state;
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(names[i], sizeof names[i], "%d", i);
        assert_int_equal(running_begin(r, &k[i], &ann, view_of(names[i])), 0);
    }
    for (int i = 0; i < MANY; i += 2)
        running_end(r, &k[i]);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(running_begin(r, &again, &ann, view_of(names[i])),
                         i % 2 ? ERR_CONFLICT : 0);
        running_end(r, &again);
        running_end(r, &k[i]);
    }
    running_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_held_once_until_it_is_let_go),
        cmocka_unit_test(keys_are_each_callers_own),
        cmocka_unit_test(many_are_told_apart_whatever_the_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
