#include "server/api/admin_workers.h"

#include "jobs/progress.h"
#include "jobs/roster.h"

/* How long the next job has waited; 0 when none does. */
static int longest_wait(struct db *db, int64_t now_us, int64_t *ret_us)
{
    int64_t since_us = now_us;
    const int rc = jobs_waiting_since(db, &since_us);

    *ret_us = now_us > since_us ? now_us - since_us : 0;
    return rc == ERR_NOT_FOUND ? 0 : rc;
}

static int queue_write(struct http_request *req, struct json *j)
{
    struct job_counts jobs;
    int64_t wait_us = 0;
    int rc = jobs_counts_read(req->db, req->now_us, &jobs);

    if (rc == 0)
        rc = longest_wait(req->db, req->now_us, &wait_us);
    json_key(j, "queue");
    json_object_begin(j);
    json_put_int(j, "pending", jobs.by_status[JOB_PENDING]);
    json_put_double(j, "longest_wait_seconds", (double)wait_us / 1e6);
    json_object_end(j);
    return rc;
}

/* Null once the job was deleted, and while it is newer than this snapshot. */
static int job_write(struct http_request *req, struct json *j, const char *job_id)
{
    struct progress progress = { 0 };
    struct job job;
    const int rc = job_id[0] ? jobs_get(req->db, view_of(job_id), &job) : ERR_NOT_FOUND;

    if (rc == ERR_NOT_FOUND)
        json_put_null(j, "job");
    if (rc)
        return rc == ERR_NOT_FOUND ? 0 : rc;
    (void)progress_read(api_of(req)->board, view_of(job_id), &progress);
    json_key(j, "job");
    json_object_begin(j);
    json_put_str(j, "job_id", job.job_id);
    json_put_str(j, "original_filename", job.original_filename);
    json_put_str(j, "processing_type", job.processing_type);
    json_put_double(j, "duration", (double)job.duration_us / 1e6);
    json_put_double(j, "progress", progress.permille / 10.0);
    json_put_int(j, "attempt", job.attempts);
    json_object_end(j);
    return 0;
}

static int worker_write(struct http_request *req, struct json *j, int number)
{
    const struct roster_worker w = roster_read(api_of(req)->roster, number, req->now_us);
    int rc;

    json_object_begin(j);
    json_put_int(j, "worker", number + 1);
    json_put_str(j, "state", w.job_id[0] ? "processing" : "idle");
    json_put_time(j, "since", w.since_us);
    rc = job_write(req, j, w.job_id);
    json_put_int(j, "jobs_completed", w.ended[ROSTER_COMPLETED]);
    json_put_int(j, "jobs_failed", w.ended[ROSTER_FAILED]);
    json_put_double(j, "processing_seconds", (double)w.busy_us / 1e6);
    json_object_end(j);
    return rc;
}

int workers_get(struct http_request *req, struct http_reply *reply)
{
    struct roster *roster = api_of(req)->roster;
    struct json j;
    int rc;

    http_reply_json(reply, 200, &j);
    json_object_begin(&j);
    rc = queue_write(req, &j);
    json_key(&j, "workers");
    json_array_begin(&j);
    for (int i = 0; i < roster_count(roster) && rc == 0; i++)
        rc = worker_write(req, &j, i);
    json_array_end(&j);
    json_put_time(&j, "started_at", roster_started_us(roster));
    json_put_time(&j, "timestamp", req->now_us);
    json_object_end(&j);
    return rc;
}

int workers_metrics(struct api *api, struct db *db, int64_t now_us, struct buf *out)
{
    const int count = roster_count(api->roster);
    int64_t wait_us = 0;
    int processing = 0, rc;

    for (int i = 0; i < count; i++)
        processing += roster_read(api->roster, i, now_us).job_id[0] != '\0';
    rc = longest_wait(db, now_us, &wait_us);
    buf_addf(out,
             "# TYPE whazz_workers gauge\n"
             "whazz_workers{state=\"idle\"} %d\nwhazz_workers{state=\"processing\"} %d\n"
             "# TYPE whazz_jobs_longest_wait_seconds gauge\n"
             "whazz_jobs_longest_wait_seconds %.6f\n",
             count - processing, processing, (double)wait_us / 1e6);
    return rc;
}
