/* /admin: users, guests, jobs, workers and the overview. */
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "blob/blob.h"
#include "jobs/meters.h"
#include "jobs/progress.h"
#include "server/api/api.h"
#include "server/api/admin_users.h"
#include "server/api/admin_workers.h"
#include "server/api/files.h"
#include "server/api/job.h"
#include "server/api/limits.h"
#include "server/api/people.h"
#include "server/api/validate.h"

enum { CLEANUP_MOST = 1000 };

/* ---- guests ---- */

struct page {
    struct http_request *req;
    struct json j;
    int64_t skip, limit;
    int with_expired;
};

static int page_prepare(struct http_request *req, struct http_reply *reply)
{
    struct page *p = api_own(req, sizeof *p, NULL);

    (void)reply;
    if (!p)
        return ERR_NO_MEMORY;
    p->req = req;
    p->limit = 50;
    validate_query_int(req, "skip", 0, INT64_MAX, &p->skip);
    validate_query_int(req, "limit", 1, 100, &p->limit);
    validate_query_bool(req, "include_expired", &p->with_expired);
    return validate_result(req);
}

static int guest_row(void *ctx, const struct guest *g)
{
    struct json *j = &((struct page *)ctx)->j;

    json_object_begin(j);
    json_put_int(j, "id", g->account_id);
    json_put_str(j, "guest_id", g->guest_id);
    json_put_str(j, "ip_address", g->address);
    json_put_str(j, "user_agent", g->user_agent[0] ? g->user_agent : NULL);
    json_put_null(j, "session_metadata");
    if (g->converted_to)
        json_put_int(j, "converted_to_user_id", g->converted_to);
    else
        json_put_null(j, "converted_to_user_id");
    json_put_time(j, "created_at", g->created_us);
    json_put_time(j, "last_active_at", g->last_active_us);
    json_put_time(j, "expires_at", g->expires_us);
    json_object_end(j);
    return 0;
}

static int guests_list(struct http_request *req, struct http_reply *reply)
{
    struct page *p = api_context_of(req)->own;
    int rc;

    http_reply_json(reply, 200, &p->j);
    json_array_begin(&p->j);
    rc = auth_guest_list(req->db, p->skip, p->limit, p->with_expired == 1, req->now_us,
                         guest_row, p);
    json_array_end(&p->j);
    return rc;
}

static int guest_delete(struct http_request *req, struct http_reply *reply)
{
    struct guest guest;
    int rc = auth_guest_get(req->db, req->path_params[0], &guest);

    if (rc == ERR_NOT_FOUND)
        return err_set(&req->err, rc, "Guest session not found");
    if (rc == 0 && !guest.converted_to)
        rc = files_forget(req, guest.account_id);
    if (rc == 0)
        rc = auth_guest_delete(req->db, req->path_params[0], req->now_us);
    if (rc == 0)
        people_message(reply,
                       "Guest session %s and all associated data deleted successfully",
                       guest.guest_id);
    return rc;
}

/* ---- jobs ---- */

struct job_query {
    struct page page;
    int status;
    bool is_none; /* a status that there is not */
    int64_t account_id;
};

static int jobs_prepare(struct http_request *req, struct http_reply *reply)
{
    struct job_query *q = api_own(req, sizeof *q, NULL);
    const struct view status = http_query(req, "status_filter");
    enum job_status found;

    (void)reply;
    if (!q)
        return ERR_NO_MEMORY;
    q->page = (struct page){ .req = req, .limit = 50 };
    q->status = -1;
    if (status.len && job_status_of(status, &found))
        q->status = (int)found;
    else
        q->is_none = status.len > 0;
    validate_query_int(req, "skip", 0, INT64_MAX, &q->page.skip);
    validate_query_int(req, "limit", 1, 100, &q->page.limit);
    validate_query_int(req, "user_id", INT64_MIN, INT64_MAX, &q->account_id);
    return validate_result(req);
}

/* Whose job it is: a user's id or a guest's; neither for one that was deleted. */
static int owner_write(struct http_request *req, struct json *j, int64_t account_id)
{
    struct guest guest;
    struct user user;
    int rc = auth_user_get(req->db, account_id, &user);

    if (rc == 0) {
        json_put_int(j, "user_id", account_id);
        json_put_null(j, "guest_id");
        return 0;
    }
    json_put_null(j, "user_id");
    if (rc == ERR_NOT_FOUND)
        rc = auth_guest_by_account(req->db, account_id, &guest);
    json_put_str(j, "guest_id", rc == 0 ? guest.guest_id : NULL);
    return rc == ERR_NOT_FOUND ? 0 : rc;
}

static void put_or_null(struct json *j, const char *name, const char *text)
{
    json_put_str(j, name, text[0] ? text : NULL);
}

static int job_row(void *ctx, const struct job *job)
{
    struct page *p = ctx;
    struct json *j = &p->j;
    struct progress progress = { .permille = job->status == JOB_COMPLETED ? 1000 : 0 };
    int rc;

    if (job->status == JOB_PROCESSING)
        (void)progress_read(api_of(p->req)->board, view_of(job->job_id), &progress);
    json_object_begin(j);
    json_put_int(j, "id", job->created_us);
    json_put_str(j, "job_id", job->job_id);
    rc = owner_write(p->req, j, job->account_id);
    put_or_null(j, "filename", job->input_blob);
    json_put_str(j, "original_filename", job->original_filename);
    put_or_null(j, "input_file_path", job->input_blob);
    put_or_null(j, "output_file_path", job->output_blob);
    json_put_str(j, "status", job_status_name(job->status));
    json_put_double(j, "progress", progress.permille / 10.0);
    json_put_double(j, "file_size", (double)job->input_bytes);
    json_put_str(j, "file_format", job->format);
    json_put_double(j, "duration", (double)job->duration_us / 1e6);
    json_put_int(j, "sample_rate", job->sample_rate_hz);
    json_put_int(j, "channels", job->channels);
    json_put_str(j, "processing_type", job->processing_type);
    put_or_null(j, "error_message", job->error);
    json_put_null(j, "job_metadata");
    json_put_time(j, "created_at", job->created_us);
    json_put_time(j, "started_at", job->started_us);
    json_put_time(j, "completed_at", job->completed_us);
    json_put_time(j, "expires_at", job->expires_us);
    json_object_end(j);
    return rc;
}

static int jobs_all(struct http_request *req, struct http_reply *reply)
{
    struct job_query *q = api_context_of(req)->own;
    const struct view guest_id = http_query(req, "guest_id");
    struct job_filter filter = { .account_id = q->account_id,
                                 .status = q->status,
                                 .skip = q->page.skip,
                                 .limit = q->page.limit };
    struct guest guest;
    int rc = 0;

    if (guest_id.len) {
        rc = auth_guest_get(req->db, guest_id, &guest);
        q->is_none |= rc == ERR_NOT_FOUND;
        filter.account_id = rc == 0 ? guest.account_id : -1;
    }
    http_reply_json(reply, 200, &q->page.j);
    json_array_begin(&q->page.j);
    rc = q->is_none ? 0 : rc ? rc : jobs_list(req->db, &filter, job_row, &q->page);
    json_array_end(&q->page.j);
    return rc;
}

static int job_delete(struct http_request *req, struct http_reply *reply)
{
    struct job_deletion *d = api_own(req, sizeof *d, NULL);
    int rc = d ? jobs_delete(req->db, req->path_params[0], true, req->now_us, &d->job,
                             &d->blobs)
               : ERR_NO_MEMORY;

    if (rc == ERR_NOT_FOUND)
        return err_set(&req->err, rc, "Job not found");
    if (rc == 0)
        job_deleted_reply(reply, &d->job);
    return rc;
}

/* ---- overview and cleanup ---- */

static void users_write(struct json *j, const struct auth_counts *c)
{
    json_key(j, "users");
    json_object_begin(j);
    json_put_int(j, "total", c->users_total);
    json_put_int(j, "active", c->users_active);
    json_put_int(j, "verified", c->users_verified);
    json_put_int(j, "admins", c->users_admins);
    json_put_int(j, "inactive", c->users_total - c->users_active);
    json_put_int(j, "new_last_24h", c->users_new_last_24h);
    json_object_end(j);
    json_key(j, "guests");
    json_object_begin(j);
    json_put_int(j, "total", c->guests_total);
    json_put_int(j, "active", c->guests_active);
    json_put_int(j, "expired", c->guests_expired);
    json_object_end(j);
}

static int overview(struct http_request *req, struct http_reply *reply)
{
    struct auth_counts people;
    struct job_counts jobs;
    struct json j;
    int rc = auth_counts_read(req->db, req->now_us, &people);

    if (rc == 0)
        rc = jobs_counts_read(req->db, req->now_us, &jobs);
    if (rc)
        return rc;
    http_reply_json(reply, 200, &j);
    json_object_begin(&j);
    users_write(&j, &people);
    json_key(&j, "jobs");
    json_object_begin(&j);
    json_put_int(&j, "total", jobs.total);
    json_put_int(&j, "pending", jobs.by_status[JOB_PENDING]);
    json_put_int(&j, "processing", jobs.by_status[JOB_PROCESSING]);
    json_put_int(&j, "completed", jobs.by_status[JOB_COMPLETED]);
    json_put_int(&j, "failed", jobs.by_status[JOB_FAILED]);
    json_put_ratio(&j, "success_rate_percent", 100 * jobs.completed_ever,
                   jobs.completed_ever + jobs.failed_ever);
    json_put_int(&j, "new_last_24h", jobs.new_last_24h);
    json_object_end(&j);
    json_put_time(&j, "timestamp", req->now_us);
    json_object_end(&j);
    return 0;
}

static int guest_files_forget(void *ctx, struct db *db, int64_t account_id)
{
    (void)db; /* the request's */
    return files_forget(ctx, account_id);
}

static int cleanup(struct http_request *req, struct http_reply *reply)
{
    int64_t guests = 0, jobs = 0;
    int rc = files_expire(req, CLEANUP_MOST, &jobs);

    if (rc == 0)
        rc = auth_cleanup(req->db, req->now_us, CLEANUP_MOST, guest_files_forget, req,
                          &guests);
    if (rc == 0)
        people_message(reply,
                       "Cleanup completed: %lld jobs and %lld guest sessions removed",
                       (long long)jobs, (long long)guests);
    return rc;
}

/* ---- limits ---- */

static int limits_in_force(struct http_request *req, struct http_reply *reply)
{
    const char *const plans[] = { PLAN_USER, PLAN_GUEST, PLAN_NETWORK };
    struct usage_limit_state states[2 * USAGE_LIMITS_MAX];
    struct json j;
    int rc = 0;

    http_reply_json(reply, 200, &j);
    json_object_begin(&j);
    for (size_t i = 0; i < 3 && rc == 0; i++) {
        size_t count;

        rc = usage_plan_read(req->db, plans[i], req->now_us, states, &count);
        json_key(&j, plans[i]);
        if (rc == 0)
            limits_plan_write(&j, states, count);
    }
    json_object_end(&j);
    return rc;
}

const struct route api_routes_admin[] = {
    { HTTP_GET, "/admin/users", ROUTE_ADMIN, .prepare = users_prepare, .read = users_list },
    { HTTP_POST, "/admin/users", ROUTE_ADMIN, .prepare = user_create_prepare,
      .work = user_create_work, .write = user_create_write,
      .body_bytes_max = ADMIN_BODY_BYTES_MAX },
    { HTTP_GET, "/admin/users/{user_id}", ROUTE_ADMIN, .prepare = user_prepare,
      .read = user_get },
    { HTTP_PATCH, "/admin/users/{user_id}", ROUTE_ADMIN, .prepare = user_patch_prepare,
      .write = user_patch_write, .body_bytes_max = ADMIN_BODY_BYTES_MAX },
    { HTTP_DELETE, "/admin/users/{user_id}", ROUTE_ADMIN, .prepare = user_prepare,
      .write = user_delete, .read = files_remove },
    { HTTP_POST, "/admin/users/{user_id}/password", ROUTE_ADMIN,
      .prepare = user_password_prepare, .work = user_password_work,
      .write = user_password_write, .body_bytes_max = ADMIN_BODY_BYTES_MAX },
    { HTTP_POST, "/admin/users/{user_id}/verify", ROUTE_ADMIN, .prepare = user_prepare,
      .write = user_verify },
    { HTTP_POST, "/admin/users/{user_id}/activate", ROUTE_ADMIN, .prepare = user_prepare,
      .write = user_activate },
    { HTTP_POST, "/admin/users/{user_id}/deactivate", ROUTE_ADMIN, .prepare = user_prepare,
      .write = user_deactivate },
    { HTTP_GET, "/admin/guests", ROUTE_ADMIN, .prepare = page_prepare,
      .read = guests_list },
    { HTTP_DELETE, "/admin/guests/{guest_id}", ROUTE_ADMIN, .prepare = files_prepare,
      .write = guest_delete, .read = files_remove },
    { HTTP_GET, "/admin/jobs", ROUTE_ADMIN, .prepare = jobs_prepare, .read = jobs_all },
    { HTTP_DELETE, "/admin/jobs/{job_id}", ROUTE_ADMIN, .write = job_delete,
      .read = job_deletion_read },
    { HTTP_GET, "/admin/limits", ROUTE_ADMIN, .read = limits_in_force },
    { HTTP_GET, "/admin/workers", ROUTE_ADMIN, .read = workers_get },
    { HTTP_GET, "/admin/stats/overview", ROUTE_ADMIN, .read = overview },
    { HTTP_POST, "/admin/cleanup/expired", ROUTE_ADMIN, .prepare = files_prepare,
      .write = cleanup, .read = files_remove, .body_bytes_max = ADMIN_BODY_BYTES_MAX },
    { 0 },
};
