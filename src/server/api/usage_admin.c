/* /usage/admin: anybody's figures, and the platform's. */
#include <string.h>
#include "base/clock.h"
#include "jobs/meters.h"
#include "server/api/api.h"
#include "server/api/buckets.h"
#include "server/api/figures.h"
#include "server/api/limits.h"
#include "server/api/validate.h"

enum { TOP_MAX = 1000, SERIES_MAX = 2000 };

static void user_brief_write(struct json *j, const struct user *user)
{
    json_put_int(j, "id", user->account_id);
    json_put_str(j, "username", user->username);
    json_put_str(j, "email", user->email);
}

static int user_id_prepare(struct http_request *req, struct http_reply *reply)
{
    int64_t *id = api_own(req, sizeof *id, NULL);

    (void)reply;
    if (!id)
        return ERR_NO_MEMORY;
    validate_path_int(req, 0, "user_id", id);
    return validate_result(req);
}

static int admin_user(struct http_request *req, struct http_reply *reply)
{
    struct usage_limit_state limits[2 * USAGE_LIMITS_MAX];
    struct user user;
    struct json j;
    size_t limits_count = 0;
    int rc = auth_user_get(req->db, *(const int64_t *)api_context_of(req)->own, &user);

    if (rc == ERR_NOT_FOUND)
        return err_set(&req->err, rc, "User not found");
    if (rc)
        return rc;
    http_reply_json(reply, 200, &j);
    json_object_begin(&j);
    json_key(&j, "user");
    json_object_begin(&j);
    user_brief_write(&j, &user);
    json_put_bool(&j, "is_verified", user.is_verified);
    json_put_time(&j, "created_at", user.created_us);
    json_object_end(&j);
    rc = figures_write(req, &j, user.account_id, true);
    if (rc == 0)
        rc = usage_limits_read(req->db,
                               &(struct usage_subject){ .account_id = user.account_id },
                               req->now_us, limits, &limits_count);
    json_key(&j, "limits");
    limits_write(&j, limits, limits_count);
    json_object_end(&j);
    return rc;
}

static int admin_guest(struct http_request *req, struct http_reply *reply)
{
    struct guest guest = { .account_id = 0 };
    struct json j;
    int rc = auth_guest_get(req->db, req->path_params[0], &guest);

    if (rc && rc != ERR_NOT_FOUND)
        return rc;
    http_reply_json(reply, 200, &j);
    json_object_begin(&j);
    json_put_text(&j, "guest_id", req->path_params[0]);
    json_key(&j, "stats");
    json_object_begin(&j);
    rc = figures_write(req, &j, guest.account_id, false);
    json_object_end(&j);
    json_object_end(&j);
    return rc;
}

/* ---- top users ---- */

struct top {
    struct http_request *req;
    struct json j;
    int64_t limit;
};

static int top_prepare(struct http_request *req, struct http_reply *reply)
{
    struct top *top = api_own(req, sizeof *top, NULL);

    (void)reply;
    if (!top)
        return ERR_NO_MEMORY;
    top->req = req;
    top->limit = 10;
    validate_query_int(req, "limit", 0, TOP_MAX, &top->limit);
    return validate_result(req);
}

static int meter_of_sort(struct view sort_by)
{
    static const struct {
        const char *name;
        int meter;
    } sorts[] = {
        { "files_processed", METER_FILES_PROCESSED },
        { "files_uploaded", METER_FILES_UPLOADED },
        { "storage", METER_INPUT_BYTES },
        { "processing_time", METER_PROCESSING_TIME },
        { "api_calls", METER_API_CALLS },
    };

    for (size_t i = 0; i < sizeof sorts / sizeof sorts[0]; i++) {
        if (view_eq(sort_by, sorts[i].name))
            return sorts[i].meter;
    }
    return METER_FILES_PROCESSED;
}

static int top_row(void *ctx, int64_t account_id, int64_t sum)
{
    struct top *top = ctx;
    struct user user;
    int rc = auth_user_get(top->req->db, account_id, &user);

    (void)sum;
    if (rc == ERR_NOT_FOUND)
        return 0; /* deleted: the figures stay, the person is gone */
    if (rc)
        return rc;
    json_object_begin(&top->j);
    json_key(&top->j, "user");
    json_object_begin(&top->j);
    user_brief_write(&top->j, &user);
    json_object_end(&top->j);
    json_key(&top->j, "stats");
    json_object_begin(&top->j);
    rc = figures_write(top->req, &top->j, account_id, true);
    json_object_end(&top->j);
    json_object_end(&top->j);
    return rc;
}

static int top_users(struct http_request *req, struct http_reply *reply)
{
    struct top *top = api_context_of(req)->own;
    const struct view asked = http_query(req, "sort_by");
    const struct view sort_by = asked.ptr ? asked : view_of("files_processed");
    int rc;

    http_reply_json(reply, 200, &top->j);
    json_object_begin(&top->j);
    json_put_text(&top->j, "sort_by", sort_by);
    json_put_int(&top->j, "limit", top->limit);
    json_key(&top->j, "results");
    json_array_begin(&top->j);
    rc = usage_top(req->db, meter_of_sort(sort_by), (size_t)top->limit, top_row, top);
    json_array_end(&top->j);
    json_object_end(&top->j);
    return rc;
}

/* ---- the platform ---- */

struct platform {
    struct usage_totals totals;
    struct auth_counts counts;
};

static int platform_read(struct http_request *req, struct platform *ret)
{
    const int rc = usage_platform_read(req->db, &ret->totals);

    return rc ? rc : auth_totals_read(req->db, &ret->counts);
}

static int admin_stats(struct http_request *req, struct http_reply *reply)
{
    struct platform p = { 0 };
    const struct usage_figure *m = p.totals.meters;
    struct json j;
    int rc = platform_read(req, &p);

    if (rc)
        return rc;
    http_reply_json(reply, 200, &j);
    json_object_begin(&j);
    json_key(&j, "users");
    json_object_begin(&j);
    json_put_int(&j, "total_registered", p.counts.users_total);
    json_put_int(&j, "total_guests", p.counts.guests_total);
    json_object_end(&j);
    json_key(&j, "files");
    json_object_begin(&j);
    json_put_int(&j, "total_uploaded", m[METER_FILES_UPLOADED].sum);
    json_put_int(&j, "total_processed", m[METER_FILES_PROCESSED].sum);
    json_put_int(&j, "total_failed", m[METER_FILES_FAILED].sum);
    json_put_ratio(&j, "success_rate_percent", 100 * m[METER_FILES_PROCESSED].sum,
                   m[METER_FILES_PROCESSED].sum + m[METER_FILES_FAILED].sum);
    json_object_end(&j);
    json_key(&j, "storage");
    json_object_begin(&j);
    json_put_ratio(&j, "total_mb", m[METER_INPUT_BYTES].sum, MEBIBYTE);
    json_object_end(&j);
    json_key(&j, "processing");
    json_object_begin(&j);
    json_put_ratio(&j, "total_minutes", m[METER_PROCESSING_TIME].sum, CLOCK_MINUTE_US);
    json_key(&j, "types_breakdown");
    rc = figures_types_write(req, &j, 0);
    json_object_end(&j);
    json_object_end(&j);
    return rc;
}

static int analytics(struct http_request *req, struct http_reply *reply)
{
    struct platform p = { 0 };
    const struct usage_figure *m = p.totals.meters;
    struct json j;
    int rc = platform_read(req, &p);

    if (rc)
        return rc;
    http_reply_json(reply, 200, &j);
    json_object_begin(&j);
    json_put_int(&j, "total_users", p.counts.users_total);
    json_put_int(&j, "total_guests", p.counts.guests_total);
    json_put_int(&j, "total_files_processed", m[METER_FILES_PROCESSED].sum);
    json_put_ratio(&j, "total_storage_mb", m[METER_INPUT_BYTES].sum, MEBIBYTE);
    json_put_ratio(&j, "total_processing_minutes", m[METER_PROCESSING_TIME].sum,
                   CLOCK_MINUTE_US);
    json_key(&j, "processing_types_breakdown");
    rc = figures_types_write(req, &j, 0);
    json_key(&j, "series");
    if (rc == 0)
        rc = buckets_write(req, &j, 0);
    json_object_end(&j);
    return rc;
}

const struct route api_routes_usage_admin[] = {
    { HTTP_GET, "/usage/admin/user/{user_id}", ROUTE_ADMIN, .prepare = user_id_prepare,
      .read = admin_user, .is_uncounted = true },
    { HTTP_GET, "/usage/admin/guest/{guest_id}", ROUTE_ADMIN, .read = admin_guest,
      .is_uncounted = true },
    { HTTP_GET, "/usage/admin/top-users", ROUTE_ADMIN, .prepare = top_prepare,
      .read = top_users, .is_uncounted = true },
    { HTTP_GET, "/usage/admin/stats", ROUTE_ADMIN, .read = admin_stats,
      .is_uncounted = true },
    { HTTP_GET, "/usage/admin/analytics", ROUTE_ADMIN, .prepare = buckets_prepare,
      .read = analytics, .is_uncounted = true },
    { 0 },
};
