#include "tests/unit/http_fake.h"

#include "jobs/meters.h"
#include "server/api/problem.h"

static void codes_become_statuses(void **state)
{
    static const struct {
        int code, status;
        const char *detail; /* NULL: the error's own words */
    } cases[] = {
        { ERR_INVALID, 400, NULL },
        { ERR_NOT_FOUND, 404, NULL },
        { ERR_CONFLICT, 409, NULL },
        { ERR_UNAUTHENTICATED, 401, NULL },
        { ERR_FORBIDDEN, 403, NULL },
        { ERR_THROTTLED, 429, NULL },
        { ERR_TOO_LARGE, 413, NULL },
        { ERR_GONE, 410, NULL },
        { ERR_NOT_MEDIA, 400, NULL },
        { ERR_BUSY, 503, "The server is busy. Try again in a moment." },
        { ERR_NO_SPACE, 507, "The server is out of storage." },
        { ERR_STORE, 503, "The server cannot reach its database. Try again later." },
        { ERR_INTERNAL, 500, "Internal Server Error" },
        { ERR_CORRUPT, 500, "Internal Server Error" },
        { -999, 500, "Internal Server Error" },
        { 404, 404, "Not Found" },
        { 413, 413, "Content Too Large" },
    };

    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        struct fake f = { 0 };
        char want[256];

        fake_begin(&f);
        (void)strcpy(f.req.err.text, "the \"words\"");
        problem_write(&f.req, &f.reply, cases[i].code);
        (void)snprintf(
            want, sizeof want,
            "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,\"detail\":"
            "\"%s\"}",
            http_status_title(cases[i].status), cases[i].status,
            cases[i].detail ? cases[i].detail : "the \\\"words\\\"");
        assert_int_equal(f.reply.status, cases[i].status);
        assert_string_equal(f.reply.content_type, "application/problem+json");
        assert_string_equal(f.reply.body.data, want);
        assert_int_equal(fake_reply_header(&f, "WWW-Authenticate") != NULL,
                         cases[i].status == 401);
        assert_int_equal(fake_reply_header(&f, "Retry-After") != NULL,
                         cases[i].status == 503);
        fake_end(&f);
    }
}

/* What a step had begun is dropped, but not its headers. */
static void a_reply_starts_over(void **state)
{
    struct fake f = { 0 };

    (void)state;
    fake_begin(&f);
    buf_add_text(&f.reply.body, "{\"half\":");
    http_reply_header(&f.reply, "Allow", "GET");
    problem_write(&f.req, &f.reply, 405);
    assert_string_equal(
        f.reply.body.data,
        "{\"type\":\"about:blank\",\"title\":\"Method Not Allowed\",\"status\":"
        "405,\"detail\":\"Method Not Allowed\"}");
    assert_string_equal(fake_reply_header(&f, "Allow"), "GET");
    fake_end(&f);
}

static void refusals_say_what_they_were_told(void **state)
{
    struct fake f = { 0 };

    (void)state;
    fake_begin(&f);
    f.req.err.retry_after_s = 17;
    assert_int_equal(api_refuse(&f.req, 415, "no %s", "way"), ERR_INVALID);
    problem_write(&f.req, &f.reply, ERR_INVALID);
    assert_int_equal(f.reply.status, 415);
    assert_non_null(strstr(f.reply.body.data, "\"detail\":\"no way\""));
    assert_string_equal(fake_reply_header(&f, "Retry-After"), "17");
    fake_end(&f);
}

static void invalid_input_is_a_422_with_its_list(void **state)
{
    struct fake f = { 0 };

    (void)state;
    fake_begin(&f);
    buf_add_text(&f.context.invalid, "[{\"type\":\"missing\"}]");
    problem_write(&f.req, &f.reply, ERR_INVALID);
    assert_int_equal(f.reply.status, 422);
    assert_non_null(strstr(f.reply.body.data, "\"detail\":[{\"type\":\"missing\"}]"));
    fake_end(&f);
}

static struct usage_limit_state files_limit(void)
{
    return (struct usage_limit_state){ .meter = METER_FILES_UPLOADED,
                                       .window = USAGE_WINDOW_DAY,
                                       .limit = 5,
                                       .used = 4,
                                       .reserved = 1,
                                       .requested = 1,
                                       .resets_us = NOW + 1500000 };
}

static void a_daily_limit_is_a_429_until_it_resets(void **state)
{
    struct fake f = { 0 };

    (void)state;
    fake_begin(&f);
    f.context.refusal.limits[0] = files_limit();
    f.context.refusal.limits[1] = files_limit();
    f.context.refusal.limits[1].of_group = true;
    f.context.refusal.limits[1].limit = 10;
    f.context.refusal.limits[1].resets_us = NOW + 1;
    f.context.refusal.count = 2;
    problem_write(&f.req, &f.reply, ERR_LIMIT);
    assert_int_equal(f.reply.status, 429);
    assert_string_equal(fake_reply_header(&f, "Retry-After"), "2");
    assert_string_equal(
        fake_reply_header(&f, "RateLimit-Policy"),
        "\"files_per_day\";q=5;w=86400, \"network_files_per_day\";q=10;w=86400");
    assert_string_equal(fake_reply_header(&f, "RateLimit"),
                        "\"files_per_day\";r=0;t=2, \"network_files_per_day\";r=5;t=1");
    assert_non_null(
        strstr(f.reply.body.data,
               "\"detail\":\"Daily upload limit of 5 files reached\","
               "\"violated-policies\":[\"files_per_day\",\"network_files_per_day\"],"
               "\"limits\":[{\"policy\":\"files_per_day\",\"limit\":5,\"used\":4,"
               "\"reserved\":1,\"requested\":1,\"resets_at\":"));
    fake_end(&f);
}

static void a_storage_limit_is_a_403_since_waiting_does_not_help(void **state)
{
    struct fake f = { 0 };

    (void)state;
    fake_begin(&f);
    f.context.refusal.limits[0] = files_limit();
    f.context.refusal.limits[1] = (struct usage_limit_state){ .meter = METER_STORED_BYTES,
                                                              .window = USAGE_WINDOW_STORED,
                                                              .limit = 50 << 20,
                                                              .used = 60 << 20 };
    f.context.refusal.count = 2;
    problem_write(&f.req, &f.reply, ERR_LIMIT);
    assert_int_equal(f.reply.status, 403);
    assert_null(fake_reply_header(&f, "Retry-After"));
    assert_non_null(strstr(fake_reply_header(&f, "RateLimit"), "\"storage_mb\";r=0"));
    assert_non_null(strstr(f.reply.body.data, "\"resets_at\":null"));
    fake_end(&f);
}

static void limits_are_told_in_peoples_units(void **state)
{
    static const struct {
        int meter;
        bool of_group;
        int64_t limit;
        const char *words, *policy;
    } cases[] = {
        { METER_FILES_UPLOADED, true, 10,
          "Daily upload limit of 10 files for all guests of your network reached",
          "network_files_per_day" },
        { METER_STORED_BYTES, false, 50 << 20, "Storage limit of 50MB reached",
          "storage_mb" },
        { METER_PROCESSING_TIME, false, 10 * CLOCK_MINUTE_US,
          "Processing time limit of 10 minutes reached", "processing_minutes" },
    };
    char text[128];

    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        const struct usage_limit_state limit = { .meter = cases[i].meter,
                                                 .of_group = cases[i].of_group,
                                                 .limit = cases[i].limit };

        problem_limit_message(&limit, text, sizeof text);
        assert_string_equal(text, cases[i].words);
        assert_string_equal(problem_policy_name(&limit), cases[i].policy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_become_statuses),
        cmocka_unit_test(a_reply_starts_over),
        cmocka_unit_test(refusals_say_what_they_were_told),
        cmocka_unit_test(invalid_input_is_a_422_with_its_list),
        cmocka_unit_test(a_daily_limit_is_a_429_until_it_resets),
        cmocka_unit_test(a_storage_limit_is_a_403_since_waiting_does_not_help),
        cmocka_unit_test(limits_are_told_in_peoples_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
