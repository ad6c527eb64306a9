#include "tests/unit/unit.h"

#include "auth/network.h"

static void addresses_fall_into_networks(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "203.0.113.77", "203.0.113.0/24" },
        { "::ffff:203.0.113.77", "203.0.113.0/24" },
        { "2001:db8:1:22ff:3:4:5:6", "2001:db8:1:2200::/56" },
        { "2001:db8::1", "2001:db8::/56" },
        { "fe80::1%eth0", "fe80::/56" },
        { "::1", "::/56" },
    };
    static const char *const wrong[] = {
        "",    "x",         "1.2.3",   "1.2.3.4.5", "1.2.3.4:80", "[::1]", "1.2.3.4%eth0",
        ":::", "256.1.1.1", " 1.2.3.4"
    };
    char key[NETWORK_KEY_SIZE];

    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        assert_true(network_key(cases[i][0], key));
        assert_string_equal(key, cases[i][1]);
    }
    for (size_t i = 0; i < UNIT_COUNT(wrong); i++) {
        assert_false(network_key(wrong[i], key));
        assert_string_equal(key, "");
    }
}

static void ranges_are_read_strictly(void **state)
{
    (void)state;
    static const char *const wrong[] = { "10.0.0.0/33",   "10.0.0.0/",
                                         "10.0.0.0/-1",   "::/129",
                                         "10.0.0.0/8 x",  "localhost",
                                         "10.0.0.0/0008", "/8" };
    struct network_ranges ranges;
    struct err err;

    for (size_t i = 0; i < UNIT_COUNT(wrong); i++)
        assert_int_equal(network_ranges_parse(wrong[i], &ranges, &err), ERR_INVALID);
    assert_int_equal(network_ranges_parse(NULL, &ranges, &err), 0);
    assert_int_equal(ranges.count, 0);
    assert_int_equal(network_ranges_parse(" 10.0.0.0/8, ::1,,192.0.2.1 ", &ranges, &err),
                     0);
    assert_int_equal(ranges.count, 3);
    assert_int_equal(ranges.items[0].bits, 104);
}

static void the_client_is_found_from_the_right(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        /* peer, X-Forwarded-For, client */
        { "203.0.113.9", "198.51.100.1", "203.0.113.9" },
        { "10.0.0.1", "", "10.0.0.1" },
        { "10.0.0.1", "198.51.100.1", "198.51.100.1" },
        { "::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1" },
        { "10.0.0.1", "6.6.6.6, 198.51.100.1", "198.51.100.1" },
        { "10.0.0.1", "127.0.0.1, 198.51.100.1 ,10.0.0.2", "198.51.100.1" },
        { "10.0.0.1", "10.0.0.3,10.0.0.2", "10.0.0.3" },
        { "10.0.0.1", "198.51.100.1, unknown, 10.0.0.2", "10.0.0.2" },
        { "10.0.0.1", "198.51.100.1,", "10.0.0.1" },
        { "::1", "[2001:DB8::7]:4711", "2001:db8::7" },
        { "::1", "2001:db8::7", "2001:db8::7" },
        { "::1", "[2001:db8::7", "::1" },
        { "::1", "198.51.100.1:4711", "198.51.100.1" },
        { "::1", "::ffff:198.51.100.1", "198.51.100.1" },
    };
    char address[NETWORK_ADDRESS_SIZE];
    struct network_ranges trusted;

    assert_int_equal(network_ranges_parse("10.0.0.0/8,::1", &trusted, NULL), 0);
    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        assert_true(network_client(&trusted, cases[i][0], view_of(cases[i][1]), address));
        assert_string_equal(address, cases[i][2]);
    }
    assert_false(network_client(&trusted, "unix:", view_of("1.2.3.4"), address));
    assert_string_equal(address, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_fall_into_networks),
        cmocka_unit_test(ranges_are_read_strictly),
        cmocka_unit_test(the_client_is_found_from_the_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
