#include "tests/unit/unit.h"

#include "server/http/target.h"

static void targets_split_into_path_and_query(void **state)
{
    static const struct {
        const char *target, *path, *x; /* x: the parameter of that name, NULL: none */
    } cases[] = {
        { "/", "/", NULL },
        { "/a/b?x=1", "/a/b", "1" },
        { "/a%20b+c?x=a+b%2Bc", "/a b+c", "a b+c" },
        { "/a?x=1?2", "/a", "1?2" },
        { "/a?", "/a", NULL },
        { "/a?x", "/a", "" },
        { "/a?x=http://h/p", "/a", "http://h/p" },
        { "http://localhost:8000/a?x=1", "/a", "1" },
        { "http://localhost", "/", NULL },
        { "http://localhost?x=/b", "/", "/b" },
        { "http://localhost/a?x=http://h/b", "/a", "http://h/b" },
        { "*", "*", NULL },
        { "*?x=http://h/b", "*", "http://h/b" },
        { "://h/b", "://h/b", NULL },
        { "", "", NULL },
    };
    char decoded[64];

    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        struct http_request req = { 0 };
        struct view x;

        assert_true(target_parse(cases[i].target, decoded, &req));
        x = form_value(&req.query, "x");
        if (!view_eq(req.path, cases[i].path) || !x.ptr != !cases[i].x ||
            (x.ptr && !view_eq(x, cases[i].x)))
            fail_msg("%s gives %.*s and %.*s", cases[i].target, (int)req.path.len,
                     req.path.ptr, (int)x.len, x.ptr ? x.ptr : "");
    }
}

static void what_cannot_be_decoded_is_told(void **state)
{
    static const char *const targets[] = { "/%",     "/%4",      "/%zz",      "/%00",
                                           "/a?x=%", "/a?%00=1", "/a?&&&a=%4" };
    char decoded[64], many[64] = "/?";

    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(targets); i++) {
        struct http_request req = { 0 };

        assert_false(target_parse(targets[i], decoded, &req));
        assert_int_equal(req.query.count, 0);
    }
    for (int i = 0; i < FORM_PARAMS_MAX; i++)
        (void)strcat(many, "a&");
    assert_true(target_parse(many, decoded, &(struct http_request){ 0 }));
    assert_false(target_parse(strcat(many, "a"), decoded, &(struct http_request){ 0 }));
}

static void a_redirect_keeps_what_was_sent(void **state)
{
    static const struct {
        const char *target, *location; /* NULL: no slash to take off */
    } cases[] = {
        { "/a/", "/a" },
        { "/a/?x=1&y=%2F", "/a?x=1&y=%2F" },
        { "/a%20b/%3F/?x", "/a%20b/%3F?x" },
        { "/a/?", "/a" },
        { "http://host/a/?x=1", "/a?x=1" },
        { "/a", NULL },
        { "/a?x=/", NULL },
        { "/a%2F", NULL },
        { "/", NULL },
        { "http://host/", NULL },
        { "", NULL },
    };

    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        struct buf out;

        buf_init(&out, 256);
        assert_int_equal(target_without_slash(cases[i].target, &out), !!cases[i].location);
        if (cases[i].location)
            assert_string_equal(out.data, cases[i].location);
        buf_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets_split_into_path_and_query),
        cmocka_unit_test(what_cannot_be_decoded_is_told),
        cmocka_unit_test(a_redirect_keeps_what_was_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
