/* GET /auth/me/data: one JSON document, read and sent page by page. */
#include <stdlib.h>
#include <string.h>
#include "server/api/account.h"
#include "server/api/export.h"
#include "server/api/figures.h"
#include "server/api/job.h"
#include "server/api/limits.h"
#include "server/api/pages.h"
#include "server/api/people.h"

enum { JOBS_PAGE = 40 };

/* One document on its way. */
struct data {
    struct pages pages;
    struct http_request *req; /* while a page is filled */
    int64_t account_id;
    bool are_jobs_done, has_rows;
    int64_t after_event_id;
    char seen[JOBS_PAGE][UUID_TEXT_SIZE]; /* jobs of the page before, in order */
    size_t seen_count;
    size_t rows; /* of this page */
};

static void between(struct data *d)
{
    if (d->has_rows)
        buf_add_char(&d->pages.page, ',');
    d->has_rows = true;
    d->rows++;
}

/* ---- jobs, newest first ---- */

static int job_add(void *ctx, const struct job *job)
{
    struct data *d = ctx;
    struct json j;

    between(d);
    json_init(&j, &d->pages.page);
    job_status_write(d->req, &j, job);
    memcpy(d->seen[d->rows - 1], job->job_id, UUID_TEXT_SIZE);
    return d->pages.page.error;
}

/* A job of the page before may be deleted by now: then the one ahead of it is where to go
 * on from. */
static int jobs_fill(struct data *d, struct db *db)
{
    struct job_filter filter = { .account_id = d->account_id,
                                 .status = -1,
                                 .limit = JOBS_PAGE };
    const bool is_first = d->seen_count == 0;
    int rc;

    do {
        if (!is_first)
            filter.before_job = view_of(d->seen[d->seen_count - 1]);
        rc = jobs_list(db, &filter, job_add, d);
    } while (rc == ERR_INVALID && !is_first && --d->seen_count > 0);
    d->seen_count = d->rows;
    if (rc == 0 && d->rows < JOBS_PAGE) {
        d->are_jobs_done = true;
        d->has_rows = false;
        buf_add_text(&d->pages.page, "],\"ledger\":[");
    }
    return rc;
}

/* ---- the ledger, oldest first ---- */

static int row_add(void *ctx, const struct usage_row *row)
{
    struct data *d = ctx;

    between(d);
    export_row_json(&d->pages.page, row);
    d->after_event_id = row->event_id;
    return d->pages.page.error;
}

static int ledger_fill(struct data *d, struct db *db)
{
    const int rc = usage_rows_read(db, d->account_id, 0, INT64_MAX, d->after_event_id,
                                   EXPORT_PAGE_ROWS, row_add, d);

    d->pages.is_last = d->rows < EXPORT_PAGE_ROWS;
    if (d->pages.is_last)
        buf_add_text(&d->pages.page, "]}");
    return rc;
}

static int data_fill(struct pages *pages, struct http_request *req, struct db *db)
{
    struct data *d = (struct data *)pages;

    d->req = req;
    req->db = db; /* for what belongs to each job */
    d->rows = 0;
    return d->are_jobs_done ? ledger_fill(d, db) : jobs_fill(d, db);
}

/* ---- what comes first: who it is, figures, limits ---- */

static int profile_write(struct http_request *req, struct json *j)
{
    const struct principal *p = &api_context_of(req)->principal;
    struct guest guest;
    struct user user;
    int rc;

    json_object_begin(j);
    if (p->kind == PRINCIPAL_USER) {
        rc = auth_user_get(req->db, p->account_id, &user);
        if (rc == 0)
            people_write_me(j, &user);
    } else {
        rc = auth_guest_get(req->db, view_of(p->guest_id), &guest);
        if (rc == 0) {
            json_put_str(j, "guest_id", guest.guest_id);
            json_put_str(j, "ip_address", guest.address);
            json_put_str(j, "user_agent", guest.user_agent[0] ? guest.user_agent : NULL);
            json_put_time(j, "created_at", guest.created_us);
            json_put_time(j, "last_active_at", guest.last_active_us);
            json_put_time(j, "expires_at", guest.expires_us);
        }
    }
    json_object_end(j);
    return rc;
}

static int head_write(struct http_request *req, struct json *j)
{
    const struct principal *p = &api_context_of(req)->principal;
    struct usage_limit_state limits[2 * USAGE_LIMITS_MAX];
    size_t limits_count = 0;
    int rc;

    json_object_begin(j);
    json_put_time(j, "generated_at", req->now_us);
    json_key(j, "profile");
    rc = profile_write(req, j);
    json_key(j, "usage");
    json_object_begin(j);
    if (rc == 0)
        rc = figures_write(req, j, p->account_id, p->kind == PRINCIPAL_USER);
    json_object_end(j);
    if (rc == 0)
        rc = limits_of_principal(req, limits, &limits_count);
    json_key(j, "limits");
    limits_write(j, limits, limits_count);
    json_key(j, "jobs");
    json_array_begin(j); /* the pages go on from here */
    return rc;
}

/* By way of the committer: the figures are true, and a newcomer has an account. */
int account_data_prepare(struct http_request *req, struct http_reply *reply)
{
    (void)reply;
    req->wants_write = true;
    return 0;
}

int account_data(struct http_request *req, struct http_reply *reply)
{
    const int64_t account_id = api_context_of(req)->principal.account_id;
    struct data *d = calloc(1, sizeof *d);
    struct json j;
    int rc;

    if (!d)
        return ERR_NO_MEMORY;
    pages_init(&d->pages, EXPORT_PAGE_BYTES_MAX, data_fill);
    d->account_id = account_id ? account_id : -1; /* 0 would be everybody */
    json_init(&j, &d->pages.page);
    rc = head_write(req, &j);
    if (rc == 0)
        rc = d->pages.page.error;
    if (rc) {
        pages_free(d);
        return rc;
    }
    pages_reply(reply, &d->pages);
    http_reply_header(reply, "Content-Disposition",
                      "attachment; filename=\"whazz-data.json\"");
    http_reply_header(reply, "Cache-Control", "no-store");
    return 0;
}
