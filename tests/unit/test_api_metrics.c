#include "tests/unit/unit.h"

#include <pthread.h>
#include <string.h>
#include "server/api/metrics.h"

static void assert_line(struct metrics *m, const char *line)
{
    struct buf out;

    buf_init(&out, 1 << 16);
    metrics_write(m, &out);
    assert_int_equal(out.error, 0);
    if (!strstr(out.data, line))
        fail_msg("no %s in:\n%s", line, out.data);
    buf_release(&out);
}

static void requests_are_counted_by_class(void **state)
{
    static const int statuses[] = { 100, 200, 206, 307, 404, 422, 429, 500, 503, 0, 999 };
    struct metrics *m = metrics_new();

    (void)state;
    assert_non_null(m);
    for (size_t i = 0; i < UNIT_COUNT(statuses); i++)
        metrics_request(m, statuses[i], 0);
    assert_line(m, "whazz_http_requests_total{class=\"1xx\"} 1\n");
    assert_line(m, "whazz_http_requests_total{class=\"2xx\"} 2\n");
    assert_line(m, "whazz_http_requests_total{class=\"3xx\"} 1\n");
    assert_line(m, "whazz_http_requests_total{class=\"4xx\"} 3\n");
    assert_line(m, "whazz_http_requests_total{class=\"5xx\"} 4\n");
    metrics_free(&m);
    assert_null(m);
}

/* Buckets are cumulative, and a bound belongs to its own bucket. */
static void durations_fall_into_cumulative_buckets(void **state)
{
    struct metrics *m = metrics_new();

    (void)state;
    metrics_request(m, 200, 500);
    metrics_request(m, 200, 501);
    metrics_request(m, 200, 10000000);
    metrics_request(m, 200, 10000001);
    assert_line(m, "_bucket{le=\"0.0005\"} 1\n");
    assert_line(m, "_bucket{le=\"0.001\"} 2\n");
    assert_line(m, "_bucket{le=\"2.5\"} 2\n");
    assert_line(m, "_bucket{le=\"10\"} 3\n");
    assert_line(m, "_bucket{le=\"+Inf\"} 4\n");
    assert_line(m, "_sum 20.001002\n");
    assert_line(m, "_count 4\n");
    metrics_free(&m);
}

static void decisions_are_told_apart(void **state)
{
    struct metrics *m = metrics_new();

    (void)state;
    metrics_quota_decision(m, false, true);
    metrics_quota_decision(m, true, false);
    metrics_quota_decision(m, true, false);
    assert_line(m, "{subject_kind=\"user\",decision=\"admitted\"} 1\n");
    assert_line(m, "{subject_kind=\"user\",decision=\"refused\"} 0\n");
    assert_line(m, "{subject_kind=\"guest\",decision=\"refused\"} 2\n");
    metrics_free(&m);
}

static void *count_many(void *m)
{
    for (int i = 0; i < 10000; i++)
        metrics_request(m, 200, 1);
    return NULL;
}

static void no_request_is_lost_among_threads(void **state)
{
    struct metrics *m = metrics_new();
    pthread_t threads[4];

    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_many, m), 0);
    for (size_t i = 0; i < UNIT_COUNT(threads); i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_line(m, "_count 40000\n");
    assert_line(m, "_sum 0.040000\n");
    metrics_free(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_counted_by_class),
        cmocka_unit_test(durations_fall_into_cumulative_buckets),
        cmocka_unit_test(decisions_are_told_apart),
        cmocka_unit_test(no_request_is_lost_among_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
