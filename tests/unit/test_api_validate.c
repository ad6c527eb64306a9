#include "tests/unit/http_fake.h"

#include "server/api/validate.h"

static const struct json_value *body_of(struct fake *f, const char *text)
{
    fake_body(f, text);
    return validate_body(&f->req);
}

/* The list so far, which must be JSON. */
static const char *invalid(struct fake *f)
{
    struct json_document *doc = NULL;
    size_t offset;

    if (validate_result(&f->req) == 0)
        return "";
    assert_int_equal(validate_result(&f->req), ERR_INVALID);
    assert_int_equal(json_parse(buf_view(&f->context.invalid), &doc, &offset, NULL), 0);
    json_document_free(&doc);
    return f->context.invalid.data;
}

static void a_body_must_be_a_json_object(void **state)
{
    static const struct {
        const char *body, *list;
    } cases[] = {
        { "", "[{\"type\":\"missing\",\"loc\":[\"body\"],\"msg\":\"Field required\"}]" },
        { "[1]", "[{\"type\":\"model_attributes_type\",\"loc\":[\"body\"],\"msg\":\"Input "
                 "should be a valid dictionary or object to extract fields from\"}]" },
        { "{\"a\":", "[{\"type\":\"json_invalid\",\"loc\":[\"body\",5],\"msg\":\"JSON "
                     "decode error\",\"ctx\":{\"error\":\"Expecting value\"}}]" },
        { "{\"a\":\"\\q\"}",
          "[{\"type\":\"json_invalid\",\"loc\":[\"body\",6],\"msg\":\"JSON decode "
          "error\",\"ctx\":{\"error\":\"Invalid \\\\escape\"}}]" },
    };
    struct fake f = { 0 };

    (void)state;
    fake_begin(&f);
    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        assert_null(body_of(&f, cases[i].body));
        assert_string_equal(invalid(&f), cases[i].list);
    }
    assert_non_null(body_of(&f, "{\"a\":1}"));
    assert_string_equal(invalid(&f), "");
    fake_end(&f);
}

static void the_content_type_must_be_json_or_absent(void **state)
{
    static const struct {
        const char *type;
        bool is_taken;
    } cases[] = {
        { "application/json", true },
        { "Application/JSON; charset=utf-8", true },
        { "application/json ;x=y", true },
        { "", true },
        { "text/plain", false },
        { "application/jsonp", false },
        { "application/x-www-form-urlencoded", false },
    };
    struct fake f = { 0 };

    (void)state;
    fake_begin(&f);
    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        f.headers[0] = (struct fake_header){ "Content-Type", cases[i].type };
        assert_int_equal(body_of(&f, "{}") != NULL, cases[i].is_taken);
        assert_int_equal(validate_result(&f.req), cases[i].is_taken ? 0 : ERR_INVALID);
    }
    fake_end(&f);
}

static void strings_are_measured_in_characters(void **state)
{
    struct fake f = { 0 };
    const struct json_value *body;
    struct view got;

    (void)state;
    fake_begin(&f);
    body = body_of(&f, "{\"n\":\"\xc3\xa9\xc3\xa9\xc3\xa9\"}");
    got = validate_string(&f.req, body, "n", VALIDATE_REQUIRED, 3, 3);
    assert_int_equal(got.len, 6);
    assert_string_equal(invalid(&f), "");
    assert_null(validate_string(&f.req, body, "n", 0, 4, 9).ptr);
    assert_string_equal(
        invalid(&f),
        "[{\"type\":\"string_too_short\",\"loc\":[\"body\",\"n\"],\"msg\":\"String should "
        "have at least 4 characters\",\"ctx\":{\"min_length\":4}}]");
    body = body_of(&f, "{\"n\":\"abc\"}");
    assert_null(validate_string(&f.req, body, "n", 0, 0, 2).ptr);
    assert_string_equal(
        invalid(&f),
        "[{\"type\":\"string_too_long\",\"loc\":[\"body\",\"n\"],\"msg\":\"String should "
        "have at most 2 characters\",\"ctx\":{\"max_length\":2}}]");
    fake_end(&f);
}

static void strings_may_be_absent_only_when_not_required(void **state)
{
    struct fake f = { 0 };
    const struct json_value *body;

    (void)state;
    fake_begin(&f);
    body = body_of(&f, "{\"null\":null,\"empty\":\"\"}");
    assert_null(validate_string(&f.req, body, "none", 0, 1, 9).ptr);
    assert_null(validate_string(&f.req, body, "null", 0, 1, 9).ptr);
    assert_non_null(validate_string(&f.req, body, "empty", VALIDATE_REQUIRED, 0, 9).ptr);
    assert_string_equal(invalid(&f), "");
    assert_null(validate_string(&f.req, body, "none", VALIDATE_REQUIRED, 0, 9).ptr);
    assert_null(validate_string(&f.req, body, "null", VALIDATE_REQUIRED, 0, 9).ptr);
    assert_string_equal(
        invalid(&f), "[{\"type\":\"missing\",\"loc\":[\"body\",\"none\"],\"msg\":\"Field "
                     "required\"},{\"type\":\"string_type\",\"loc\":[\"body\",\"null\"],"
                     "\"msg\":\"Input should be a valid string\"}]");
    fake_end(&f);
}

static void strings_hold_no_nul_and_no_lone_surrogate(void **state)
{
    static const char *const bodies[] = { "{\"n\":\"a\\u0000b\"}", "{\"n\":\"\\ud800\"}",
                                          "{\"n\":\"\\udfff\\ud800\"}" };
    struct fake f = { 0 };

    (void)state;
    fake_begin(&f);
    for (size_t i = 0; i < UNIT_COUNT(bodies); i++) {
        const struct json_value *body = body_of(&f, bodies[i]);

        assert_non_null(body);
        assert_null(validate_string(&f.req, body, "n", VALIDATE_REQUIRED, 0, 0).ptr);
        assert_non_null(strstr(invalid(&f), "\"string_unicode\""));
    }
    fake_end(&f);
}

static void passwords_are_never_repeated(void **state)
{
    static const struct {
        const char *body;
        const char *type;
    } cases[] = {
        { "{\"p\":\"secret7\"}", "\"string_too_short\"" },
        { "{\"p\":\"secret................................................................."
          ".....\"}",
          "\"string_too_long\"" },
        { "{\"p\":"
          "\"secret\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
          "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82"
          "\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2"
          "\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\"}",
          "\"value_error\"" },
        { "{\"p\":[\"secret\"]}", "\"string_type\"" },
        { "{\"p\":\"secret\\u0000.\"}", "\"string_unicode\"" },
    };
    struct fake f = { 0 };

    (void)state;
    fake_begin(&f);
    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        const struct json_value *body = body_of(&f, cases[i].body);

        assert_null(validate_password(&f.req, body, "p").ptr);
        assert_non_null(strstr(invalid(&f), cases[i].type));
        assert_null(strstr(f.context.invalid.data, "secret"));
    }
    assert_int_equal(
        validate_password(&f.req, body_of(&f, "{\"p\":\"12345678\"}"), "p").len, 8);
    assert_string_equal(invalid(&f), "");
    fake_end(&f);
}

static void emails_are_normalised_or_told_why_not(void **state)
{
    struct fake f = { 0 };
    char email[AUTH_EMAIL_MAX + 1];

    (void)state;
    fake_begin(&f);
    assert_true(validate_email(&f.req, body_of(&f, "{\"email\":\"Ann@Example.ORG\"}"),
                               VALIDATE_REQUIRED, email));
    assert_string_equal(email, "Ann@example.org");
    assert_false(validate_email(&f.req, body_of(&f, "{}"), 0, email));
    assert_string_equal(invalid(&f), "");
    assert_false(validate_email(&f.req, body_of(&f, "{\"email\":\"a\\\"b\\\\\"}"),
                                VALIDATE_REQUIRED, email));
    assert_string_equal(
        invalid(&f),
        "[{\"type\":\"value_error\",\"loc\":[\"body\",\"email\"],\"msg\":\"value is not a "
        "valid email address: An email address must have an "
        "@-sign.\",\"ctx\":{\"reason\":\"An email address must have an @-sign.\"}}]");
    fake_end(&f);
}

/* Whatever is repeated, the list stays JSON: bytes that are no UTF-8, and very long input.
 */
static void odd_input_leaves_the_list_readable(void **state)
{
    struct fake f = { 0 };
    char text[60000], email[AUTH_EMAIL_MAX + 1];
    const struct json_value *body;

    (void)state;
    fake_begin(&f);
    memset(text, 0xff, sizeof text);
    memcpy(text, "{\"email\":\"", 10);
    memcpy(text + sizeof text - 3, "\"}", 3);
    body = body_of(&f, text);
    if (body)
        assert_false(validate_email(&f.req, body, VALIDATE_REQUIRED, email));
    assert_string_not_equal(invalid(&f), "");
    memset(text + 10, '\x01' + ' ', sizeof text - 13);
    body = body_of(&f, text);
    assert_non_null(body);
    assert_false(validate_email(&f.req, body, VALIDATE_REQUIRED, email));
    assert_string_not_equal(invalid(&f), "");
    fake_end(&f);
}

static void booleans_take_the_old_spellings(void **state)
{
    struct fake f = { 0 };
    const struct json_value *body;

    (void)state;
    fake_begin(&f);
    body = body_of(&f, "{\"a\":true,\"b\":\"NO\",\"c\":1,\"d\":0,\"e\":null,\"f\":2,\"g\":"
                       "\"\",\"h\":1.0,\"i\":[]}");
    assert_int_equal(validate_bool(&f.req, body, "a"), 1);
    assert_int_equal(validate_bool(&f.req, body, "b"), 0);
    assert_int_equal(validate_bool(&f.req, body, "c"), 1);
    assert_int_equal(validate_bool(&f.req, body, "d"), 0);
    assert_int_equal(validate_bool(&f.req, body, "e"), -1);
    assert_int_equal(validate_bool(&f.req, body, "none"), -1);
    assert_string_equal(invalid(&f), "");
    assert_int_equal(validate_bool(&f.req, body, "f"), -1);
    assert_string_equal(invalid(&f),
                        "[{\"type\":\"bool_parsing\",\"loc\":[\"body\",\"f\"],\"msg\":"
                        "\"Input should be a valid boolean, unable to interpret input\"}]");
    assert_int_equal(validate_bool(&f.req, body, "g"), -1);
    assert_int_equal(validate_bool(&f.req, body, "i"), -1);
    (void)invalid(&f);
    fake_end(&f);
}

static void query_integers_keep_to_their_bounds(void **state)
{
    static const struct {
        const char *query;
        int64_t value; /* 50: kept */
        const char *part;
    } cases[] = {
        { "", 50, "" },
        { "limit=7", 7, "" },
        { "limit=%2B7", 7, "" },
        { "limit=1.0", 1, "" },
        { "limit=1_0", 10, "" },
        { "limit=7&limit=8", 8, "" },
        { "limit=0", 50,
          "\"msg\":\"Input should be greater than or equal to 1\",\"ctx\":{\"ge\":1}" },
        { "limit=-99999999999999999999", 50, "\"ctx\":{\"ge\":1}" },
        { "limit=101", 50,
          "\"msg\":\"Input should be less than or equal to 100\",\"ctx\":{\"le\":100}" },
        { "limit=99999999999999999999", 50, "\"ctx\":{\"le\":100}" },
        { "limit=", 50, "\"type\":\"int_parsing\",\"loc\":[\"query\",\"limit\"]" },
        { "limit=x%22", 50, "int_parsing" },
        { "limit=1.5", 50, "int_parsing" },
        { "limit=1e2", 50, "int_parsing" },
    };
    struct fake f = { 0 };

    (void)state;
    fake_begin(&f);
    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        int64_t value = 50;

        fake_query(&f, cases[i].query);
        validate_query_int(&f.req, "limit", 1, 100, &value);
        assert_int_equal(value, cases[i].value);
        assert_non_null(strstr(invalid(&f), cases[i].part));
        assert_int_equal(!invalid(&f)[0], !cases[i].part[0]);
    }
    fake_end(&f);
}

static void path_integers_are_read_or_refused(void **state)
{
    struct fake f = { 0 };
    int64_t id = 5;

    (void)state;
    fake_begin(&f);
    f.req.path_params[0] = view_of("99999999999999999999");
    validate_path_int(&f.req, 0, "user_id", &id);
    assert_int_equal(id, INT64_MAX);
    f.req.path_params[0] = view_of("-7");
    validate_path_int(&f.req, 0, "user_id", &id);
    assert_int_equal(id, -7);
    assert_string_equal(invalid(&f), "");
    f.req.path_params[0] = view_of("seven");
    validate_path_int(&f.req, 0, "user_id", &id);
    assert_int_equal(id, -7);
    assert_string_equal(
        invalid(&f),
        "[{\"type\":\"int_parsing\",\"loc\":[\"path\",\"user_id\"],\"msg\":\"Input should "
        "be a valid integer, unable to parse string as an integer\"}]");
    fake_end(&f);
}

static void query_booleans_and_times(void **state)
{
    struct fake f = { 0 };
    int64_t time_us = 5;
    int truth = 7;

    (void)state;
    fake_begin(&f);
    fake_query(&f, "a=YES&from=1970-01-02&b=maybe&to=yesterday");
    validate_query_bool(&f.req, "none", &truth);
    assert_int_equal(truth, -1);
    validate_query_bool(&f.req, "a", &truth);
    assert_int_equal(truth, 1);
    validate_query_time(&f.req, "none", &time_us);
    assert_int_equal(time_us, 5);
    validate_query_time(&f.req, "from", &time_us);
    assert_int_equal(time_us, CLOCK_DAY_US);
    assert_string_equal(invalid(&f), "");
    validate_query_bool(&f.req, "b", &truth);
    assert_int_equal(truth, -1);
    validate_query_time(&f.req, "to", &time_us);
    assert_int_equal(time_us, CLOCK_DAY_US);
    assert_string_equal(invalid(&f),
                        "[{\"type\":\"bool_parsing\",\"loc\":[\"query\",\"b\"],\"msg\":"
                        "\"Input should be a valid boolean, unable to interpret "
                        "input\"},{\"type\":\"datetime_parsing\",\"loc\":[\"query\",\"to\"]"
                        ",\"msg\":\"Input should be a valid date or RFC 3339 time\"}]");
    fake_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_must_be_a_json_object),
        cmocka_unit_test(the_content_type_must_be_json_or_absent),
        cmocka_unit_test(strings_are_measured_in_characters),
        cmocka_unit_test(strings_may_be_absent_only_when_not_required),
        cmocka_unit_test(strings_hold_no_nul_and_no_lone_surrogate),
        cmocka_unit_test(passwords_are_never_repeated),
        cmocka_unit_test(emails_are_normalised_or_told_why_not),
        cmocka_unit_test(odd_input_leaves_the_list_readable),
        cmocka_unit_test(booleans_take_the_old_spellings),
        cmocka_unit_test(query_integers_keep_to_their_bounds),
        cmocka_unit_test(path_integers_are_read_or_refused),
        cmocka_unit_test(query_booleans_and_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
