/* What belongs to no resource: the front door, health, metrics. */
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "jobs/meters.h"
#include "server/api/admin_workers.h"
#include "server/api/api.h"
#include "server/api/metrics.h"
#include "server/api/webapp.h"

static const char SERVICE[] = "Whazz Audio Authentication API"; /* as old clients know it */

static int root(struct http_request *req, struct http_reply *reply)
{
    struct json j;

    if (webapp_is_wanted(req) && webapp_index(req, reply) == 0)
        return 0;
    http_reply_header(reply, "Vary", "Accept");
    http_reply_json(reply, 200, &j);
    json_object_begin(&j);
    json_put_str(&j, "message", "Welcome to Whazz Audio Authentication API");
    json_put_str(&j, "version", "1.0.0");
    json_put_str(&j, "docs", "/docs");
    json_object_end(&j);
    return 0;
}

static int health(struct http_request *req, struct http_reply *reply)
{
    const bool is_healthy = api_of(req)->store_health(api_of(req), &req->err) == 0;
    struct json j;

    http_reply_json(reply, is_healthy ? 200 : 503, &j);
    json_object_begin(&j);
    json_put_str(&j, "status", is_healthy ? "healthy" : "unhealthy");
    json_put_str(&j, "service", SERVICE);
    json_object_end(&j);
    return 0;
}

static void counter(struct buf *out, const char *name, const char *labels, int64_t value)
{
    buf_addf(out, "# TYPE %s counter\n%s%s %lld\n", name, name, labels, (long long)value);
}

struct series {
    struct buf *out;
    const char *outcome; /* NULL: seconds */
};

static int series_write(void *ctx, const char *type, int64_t sum)
{
    const struct series *s = ctx;

    if (s->outcome)
        buf_addf(
            s->out,
            "whazz_files_processed_total{processing_type=\"%s\",outcome=\"%s\"} %lld\n",
            type, s->outcome, (long long)sum);
    else
        buf_addf(s->out, "whazz_processing_seconds_total{processing_type=\"%s\"} %.6f\n",
                 type, (double)sum / 1e6);
    return 0;
}

/* What is told of each processing type. */
static int types_metrics(struct db *db, struct buf *out)
{
    struct series completed = { out, "completed" }, failed = { out, "failed" };
    struct series seconds = { out, NULL };
    int rc;

    buf_add_text(out, "# TYPE whazz_files_processed_total counter\n");
    rc = usage_platform_types_read(db, METER_FILES_PROCESSED, series_write, &completed);
    if (rc == 0)
        rc = usage_platform_types_read(db, METER_FILES_FAILED, series_write, &failed);
    buf_add_text(out, "# TYPE whazz_processing_seconds_total counter\n");
    return rc ? rc
              : usage_platform_types_read(db, METER_PROCESSING_TIME, series_write,
                                          &seconds);
}

static int metrics(struct http_request *req, struct http_reply *reply)
{
    struct buf *out = &reply->body;
    struct usage_totals t;
    struct job_counts jobs;
    int rc = usage_platform_read(req->db, &t);

    if (rc == 0)
        rc = jobs_counts_read(req->db, req->now_us, &jobs);
    if (rc)
        return rc;
    reply->content_type = "text/plain; version=0.0.4; charset=utf-8";
    buf_add_text(out,
                 "# TYPE whazz_build_info gauge\nwhazz_build_info{version=\"" WHAZZ_VERSION
                 "\"} 1\n");
    counter(out, "whazz_files_uploaded_total", "", t.meters[METER_FILES_UPLOADED].sum);
    counter(out, "whazz_files_downloaded_total", "", t.meters[METER_FILES_DOWNLOADED].sum);
    counter(out, "whazz_input_bytes_total", "", t.meters[METER_INPUT_BYTES].sum);
    counter(out, "whazz_output_bytes_total", "", t.meters[METER_OUTPUT_BYTES].sum);
    rc = types_metrics(req->db, out);
    buf_addf(out,
             "# TYPE whazz_stored_bytes gauge\nwhazz_stored_bytes %lld\n"
             "# TYPE whazz_jobs gauge\n",
             (long long)t.meters[METER_STORED_BYTES].sum);
    for (int s = 0; s < JOB_STATUS_COUNT; s++)
        buf_addf(out, "whazz_jobs{status=\"%s\"} %lld\n",
                 job_status_name((enum job_status)s), (long long)jobs.by_status[s]);
    if (rc == 0)
        rc = workers_metrics(api_of(req), req->db, req->now_us, out);
    metrics_write(api_of(req)->metrics, out);
    return rc;
}

const struct route api_routes_general[] = {
    { HTTP_GET, "/", ROUTE_PUBLIC, .prepare = root },
    { HTTP_GET, "/health", ROUTE_PUBLIC, .prepare = health },
    { HTTP_GET, "/metrics", ROUTE_PUBLIC, .read = metrics },
    { 0 },
};
