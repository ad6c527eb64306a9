#include "server/api/metrics.h"

#include <stdatomic.h>
#include <stdlib.h>

static const int64_t bounds_us[] = { 500,     1000,    2500,    5000,   10000,
                                     25000,   50000,   100000,  250000, 500000,
                                     1000000, 2500000, 10000000 };

enum { BOUNDS = sizeof bounds_us / sizeof bounds_us[0], CLASSES = 6 };

struct metrics {
    atomic_ullong by_class[CLASSES]; /* 1xx to 5xx, by the first digit */
    atomic_ullong buckets[BOUNDS + 1];
    atomic_ullong elapsed_us;
    atomic_ullong decisions[2][2]; /* user or guest, refused or admitted */
};

struct metrics *metrics_new(void)
{
    return calloc(1, sizeof(struct metrics));
}

void metrics_free(struct metrics **metrics)
{
    free(*metrics);
    *metrics = NULL;
}

static void raise_by(atomic_ullong *counter, unsigned long long by)
{
    atomic_fetch_add_explicit(counter, by, memory_order_relaxed);
}

static unsigned long long value_of(atomic_ullong *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

void metrics_request(struct metrics *m, int status, int64_t elapsed_us)
{
    size_t bucket = 0;

    while (bucket < BOUNDS && elapsed_us > bounds_us[bucket])
        bucket++;
    raise_by(&m->buckets[bucket], 1);
    raise_by(&m->elapsed_us, (unsigned long long)elapsed_us);
    raise_by(&m->by_class[status >= 100 && status < 600 ? status / 100 : 5], 1);
}

void metrics_quota_decision(struct metrics *m, bool is_guest, bool is_admitted)
{
    raise_by(&m->decisions[is_guest][is_admitted], 1);
}

static void durations_write(struct metrics *m, struct buf *out)
{
    unsigned long long sum = 0;

    buf_add_text(out, "# TYPE whazz_http_request_duration_seconds histogram\n");
    for (size_t i = 0; i < BOUNDS; i++) {
        sum += value_of(&m->buckets[i]);
        buf_addf(out, "whazz_http_request_duration_seconds_bucket{le=\"%g\"} %llu\n",
                 (double)bounds_us[i] / 1e6, sum);
    }
    sum += value_of(&m->buckets[BOUNDS]);
    buf_addf(out,
             "whazz_http_request_duration_seconds_bucket{le=\"+Inf\"} %llu\n"
             "whazz_http_request_duration_seconds_sum %.6f\n"
             "whazz_http_request_duration_seconds_count %llu\n",
             sum, (double)value_of(&m->elapsed_us) / 1e6, sum);
}

void metrics_write(struct metrics *m, struct buf *out)
{
    buf_add_text(out, "# TYPE whazz_http_requests_total counter\n");
    for (int i = 1; i < CLASSES; i++)
        buf_addf(out, "whazz_http_requests_total{class=\"%dxx\"} %llu\n", i,
                 value_of(&m->by_class[i]));
    durations_write(m, out);
    buf_add_text(out, "# TYPE whazz_quota_decisions_total counter\n");
    for (int guest = 0; guest < 2; guest++) {
        for (int admitted = 0; admitted < 2; admitted++)
            buf_addf(
                out,
                "whazz_quota_decisions_total{subject_kind=\"%s\",decision=\"%s\"} %llu\n",
                guest ? "guest" : "user", admitted ? "admitted" : "refused",
                value_of(&m->decisions[guest][admitted]));
    }
}
