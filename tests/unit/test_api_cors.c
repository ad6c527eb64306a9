#include "tests/unit/http_fake.h"

#include "server/api/cors.h"

#define ORIGIN "https://app.example.org"
#define LISTED "http://localhost:5173," ORIGIN

static void begin(struct fake *f, const char *origin, const char *method)
{
    fake_begin(f);
    f->options.cors_origins = LISTED;
    f->headers[0] = (struct fake_header){ "Origin", origin };
    f->headers[1] = (struct fake_header){ "Access-Control-Request-Method", method };
    f->headers[2] = (struct fake_header){ "Access-Control-Request-Headers", "x-guest-id" };
}

static void a_listed_origin_may_read_replies(void **state)
{
    struct fake f = { 0 };

    (void)state;
    begin(&f, ORIGIN, "GET");
    cors_decorate(&f.req, &f.reply);
    assert_string_equal(fake_reply_header(&f, "Access-Control-Allow-Origin"), ORIGIN);
    assert_string_equal(fake_reply_header(&f, "Vary"), "Origin");
    assert_non_null(
        strstr(fake_reply_header(&f, "Access-Control-Expose-Headers"), "RateLimit-Policy"));
    fake_end(&f);
}

/* Parts, prefixes and several at once are no listed origin. */
static void other_origins_may_not(void **state)
{
    static const char *const origins[] = {
        "https://app.example.org.evil.com",
        "https://app.example.or",
        "http://localhost",
        "null",
        "http://app.example.org",
        LISTED,
        "",
        " ",
    };

    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(origins); i++) {
        struct fake f = { 0 };

        begin(&f, origins[i], "GET");
        cors_decorate(&f.req, &f.reply);
        assert_null(fake_reply_header(&f, "Access-Control-Allow-Origin"));
        assert_int_equal(cors_preflight(&f.req, &f.reply), 0);
        assert_int_equal(f.reply.status, 400);
        assert_string_equal(f.reply.body.data, "Disallowed CORS origin");
        fake_end(&f);
    }
}

static void a_preflight_is_answered_by_the_lists(void **state)
{
    static const struct {
        const char *method;
        int status;
    } cases[] = { { "GET", 200 }, { "PATCH", 200 },    { "DELETE", 200 }, { "TRACE", 400 },
                  { "get", 400 }, { "GET, PUT", 400 }, { "", 400 } };

    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        struct fake f = { 0 };

        begin(&f, ORIGIN, cases[i].method);
        assert_int_equal(cors_preflight(&f.req, &f.reply), 0);
        assert_int_equal(f.reply.status, cases[i].status);
        assert_string_equal(f.reply.body.data,
                            cases[i].status == 200 ? "OK" : "Disallowed CORS method");
        assert_string_equal(fake_reply_header(&f, "Access-Control-Allow-Headers"),
                            "x-guest-id");
        fake_end(&f);
    }
}

static void without_origin_or_method_it_is_no_preflight(void **state)
{
    struct fake f = { 0 };

    (void)state;
    begin(&f, ORIGIN, NULL);
    assert_int_equal(cors_preflight(&f.req, &f.reply), 405);
    f.headers[0] = (struct fake_header){ "Access-Control-Request-Method", "GET" };
    f.headers[1] = (struct fake_header){ NULL, NULL };
    assert_int_equal(cors_preflight(&f.req, &f.reply), 405);
    cors_decorate(&f.req, &f.reply);
    assert_null(fake_reply_header(&f, "Access-Control-Allow-Credentials"));
    fake_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_listed_origin_may_read_replies),
        cmocka_unit_test(other_origins_may_not),
        cmocka_unit_test(a_preflight_is_answered_by_the_lists),
        cmocka_unit_test(without_origin_or_method_it_is_no_preflight),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
