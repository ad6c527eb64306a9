#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include "server/http/http.h"

enum { LONG = HTTP_TARGET_BYTES_MAX };

static void begin(struct http_reply *reply)
{
    *reply = (struct http_reply){ .file_fd = -1 };
    http_reply_clear(reply);
}

static void headers_follow_each_other(void **state)
{
    static const char expected[] = "A\0one 1\0B\0\0C\0three";
    struct http_reply reply;

    (void)state;
    begin(&reply);
    http_reply_header_format(&reply, "A", "%s %d", "one", 1);
    http_reply_header(&reply, "B", "");
    http_reply_header(&reply, "C",
                      "\r\nth\tr\x7f"
                      "ee\n");
    assert_int_equal(reply.headers.len, sizeof expected);
    assert_memory_equal(reply.headers.data, expected, sizeof expected);
    http_reply_clear(&reply);
}

static void times_are_dates_of_http(void **state)
{
    static const char expected[] = "A\0Sun, 06 Nov 1994 08:49:37 GMT";
    struct http_reply reply;

    (void)state;
    begin(&reply);
    http_reply_header_time(&reply, "A", 784111777999999);
    assert_int_equal(reply.headers.len, sizeof expected);
    assert_memory_equal(reply.headers.data, expected, sizeof expected);
    http_reply_clear(&reply);
}

static void a_long_value_is_there_whole_or_not_at_all(void **state)
{
    char *value = malloc(LONG + 2);
    struct http_reply reply;

    (void)state;
    assert_non_null(value);
    memset(value, 'v', LONG + 1);
    value[LONG + 1] = '\0';
    begin(&reply);
    http_reply_header(&reply, "A", value);
    assert_int_equal(reply.headers.len, 0);
    http_reply_header(&reply, "A", value + 1);
    assert_int_equal(reply.headers.len, 2 + LONG + 1);
    assert_string_equal(reply.headers.data + 2, value + 1);
    http_reply_header(&reply, "B", value);
    http_reply_header(&reply, "C", "c");
    assert_int_equal(reply.headers.len, 2 + LONG + 1 + 4);
    assert_string_equal(reply.headers.data + 2 + LONG + 1, "C");
    http_reply_clear(&reply);
    free(value);
}

static void too_many_leave_those_that_came_first(void **state)
{
    char *value = calloc(1, LONG + 1);
    struct http_reply reply;
    size_t len;

    (void)state;
    assert_non_null(value);
    memset(value, 'v', LONG);
    begin(&reply);
    for (int i = 0; i < 3; i++)
        http_reply_header(&reply, "A", value);
    len = reply.headers.len;
    assert_int_equal(len, 3 * (2 + LONG + 1));
    http_reply_header(&reply, "A", value);
    assert_int_equal(reply.headers.len, len);
    http_reply_header(&reply, "B", "b");
    assert_int_equal(reply.headers.len, len + 4);
    assert_int_equal(reply.headers.error, 0);
    http_reply_clear(&reply);
    free(value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_follow_each_other),
        cmocka_unit_test(times_are_dates_of_http),
        cmocka_unit_test(a_long_value_is_there_whole_or_not_at_all),
        cmocka_unit_test(too_many_leave_those_that_came_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
