#include "server/api/admin_users.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/api/files.h"
#include "server/api/pages.h"
#include "server/api/people.h"
#include "server/api/validate.h"

/* An event loop looks at so many users before it serves others: some milliseconds. */
enum { USERS_PER_TURN = 500, LIST_BYTES_MAX = 1 << 20 };

/* One request about users; a superset of what each step needs. */
struct user_request {
    struct files files; /* first: see files_own */
    int64_t user_id;
    struct user_filter filter;
    struct json j;
    struct people_new person; /* new values; empty: as it is */
    bool has_email, has_username;
};

static int request_prepare(struct http_request *req)
{
    return files_own(req, sizeof(struct user_request)) ? 0 : ERR_NO_MEMORY;
}

/* ---- listing ---- */

int users_prepare(struct http_request *req, struct http_reply *reply)
{
    struct user_request *r;
    const int rc = request_prepare(req);

    (void)reply;
    if (rc)
        return rc;
    r = api_context_of(req)->own;
    r->filter.limit = 50;
    r->filter.search = http_query(req, "search");
    validate_query_int(req, "skip", 0, INT64_MAX, &r->filter.skip);
    validate_query_int(req, "limit", 1, 100, &r->filter.limit);
    validate_query_bool(req, "is_active", &r->filter.is_active);
    validate_query_bool(req, "is_verified", &r->filter.is_verified);
    validate_query_bool(req, "is_admin", &r->filter.is_admin);
    return validate_result(req);
}

static int user_row(void *ctx, const struct user *user)
{
    struct json *j = ctx;

    json_object_begin(j);
    people_write_admin_user(j, user);
    json_object_end(j);
    return 0;
}

/* A list on its way; freed when the reply is. */
struct users_pages {
    struct pages pages; /* first */
    struct user_scan scan;
    struct json j; /* over the page */
};

/* Each part is read from a snapshot of its own: users only come at the front, which has
 * been passed. */
static int users_fill(struct pages *pages, struct http_request *req, struct db *db)
{
    struct users_pages *u = (struct users_pages *)pages;
    const int rc = auth_user_scan(db, &u->scan, USERS_PER_TURN, user_row, &u->j);

    (void)req;
    pages->is_last = u->scan.is_over;
    if (pages->is_last)
        json_array_end(&u->j);
    return rc;
}

/* What the first part has is sent as one; what takes longer, as it is found. */
int users_list(struct http_request *req, struct http_reply *reply)
{
    const struct user_request *r = api_context_of(req)->own;
    struct users_pages *u = calloc(1, sizeof *u);
    int rc;

    if (!u)
        return ERR_NO_MEMORY;
    u->scan.filter = r->filter;
    pages_init(&u->pages, LIST_BYTES_MAX, users_fill);
    json_init(&u->j, &u->pages.page);
    json_array_begin(&u->j);
    rc = users_fill(&u->pages, req, req->db);
    if (rc == 0 && !u->pages.is_last) {
        pages_reply(reply, &u->pages);
        return 0;
    }
    buf_add(&reply->body, u->pages.page.data, u->pages.page.len);
    pages_free(u);
    return rc;
}

static void user_reply(struct http_reply *reply, int status, const struct user *user)
{
    struct json j;

    http_reply_json(reply, status, &j);
    (void)user_row(&j, user);
}

/* ---- one user ---- */

int user_prepare(struct http_request *req, struct http_reply *reply)
{
    const int rc = request_prepare(req);

    (void)reply;
    if (rc)
        return rc;
    validate_path_int(req, 0, "user_id",
                      &((struct user_request *)api_context_of(req)->own)->user_id);
    return validate_result(req);
}

static int user_found(struct http_request *req, int rc)
{
    if (rc == ERR_NOT_FOUND)
        return err_set(&req->err, rc, "User not found");
    if (rc == ERR_CONFLICT)
        api_context_of(req)->status = 400;
    return rc;
}

int user_get(struct http_request *req, struct http_reply *reply)
{
    const struct user_request *r = api_context_of(req)->own;
    struct user user;
    const int rc = user_found(req, auth_user_get(req->db, r->user_id, &user));

    if (rc == 0)
        user_reply(reply, 200, &user);
    return rc;
}

int user_create_prepare(struct http_request *req, struct http_reply *reply)
{
    struct people_new *person;
    const struct json_value *body;
    int rc = request_prepare(req);

    (void)reply;
    if (rc)
        return rc;
    person = &((struct user_request *)api_context_of(req)->own)->person;
    body = validate_body(req);
    if (body) {
        people_new_read(req, body, person);
        person->is_admin = validate_bool(req, body, "is_admin");
        person->is_verified = validate_bool(req, body, "is_verified");
        person->is_active = validate_bool(req, body, "is_active");
    }
    return validate_result(req);
}

int user_create_work(struct http_request *req, struct http_reply *reply)
{
    struct people_new *n = &((struct user_request *)api_context_of(req)->own)->person;

    (void)reply;
    return people_hash(req, n->password, n->password_len, n->hash);
}

int user_create_write(struct http_request *req, struct http_reply *reply)
{
    const struct user_request *r = api_context_of(req)->own;
    struct user user;
    const int rc = people_new_create(req, &r->person, &user);

    if (rc == 0)
        user_reply(reply, 201, &user);
    return rc;
}

int user_patch_prepare(struct http_request *req, struct http_reply *reply)
{
    struct user_request *r;
    const struct json_value *body;
    struct view username;
    int rc = user_prepare(req, reply);

    if (rc)
        return rc;
    r = api_context_of(req)->own;
    body = validate_body(req);
    if (!body)
        return validate_result(req);
    r->has_email = validate_email(req, body, 0, r->person.email);
    username = validate_string(req, body, "username", 0, 3, 50);
    r->has_username = username.ptr != NULL;
    (void)snprintf(r->person.username, sizeof r->person.username, "%.*s", (int)username.len,
                   username.ptr ? username.ptr : "");
    r->person.is_active = validate_bool(req, body, "is_active");
    r->person.is_verified = validate_bool(req, body, "is_verified");
    r->person.is_admin = validate_bool(req, body, "is_admin");
    return validate_result(req);
}

int user_patch_write(struct http_request *req, struct http_reply *reply)
{
    const struct user_request *r = api_context_of(req)->own;
    const struct view none = { NULL, 0 };
    const struct user_changes changes = {
        .email = r->has_email ? view_of(r->person.email) : none,
        .username = r->has_username ? view_of(r->person.username) : none,
        .is_active = r->person.is_active,
        .is_verified = r->person.is_verified,
        .is_admin = r->person.is_admin,
    };
    const bool is_self = r->user_id == api_context_of(req)->principal.account_id;
    struct user user;
    int rc;

    if (is_self && r->person.is_admin == 0)
        return api_refuse(req, 400, "Cannot remove your own admin privileges");
    if (is_self && r->person.is_active == 0)
        return api_refuse(req, 400, "Cannot deactivate your own account");
    rc = user_found(req, auth_user_change(req->db, r->user_id, &changes, req->now_us, &user,
                                          &req->err));
    if (rc == 0)
        user_reply(reply, 200, &user);
    return rc;
}

int user_delete(struct http_request *req, struct http_reply *reply)
{
    const struct user_request *r = api_context_of(req)->own;
    struct user user;
    int rc;

    if (r->user_id == api_context_of(req)->principal.account_id)
        return api_refuse(req, 400, "Cannot delete your own account");
    rc = user_found(req, auth_user_get(req->db, r->user_id, &user));
    if (rc == 0)
        rc = files_forget_user(req, r->user_id);
    if (rc == 0)
        people_message(reply, "User %s and all associated data deleted successfully",
                       user.username);
    return rc;
}

int user_password_prepare(struct http_request *req, struct http_reply *reply)
{
    struct people_new *n;
    const struct json_value *body;
    int rc = user_prepare(req, reply);

    if (rc)
        return rc;
    n = &((struct user_request *)api_context_of(req)->own)->person;
    body = validate_body(req);
    if (body)
        people_password_read(req, body, "new_password", n->password, &n->password_len);
    return validate_result(req);
}

int user_password_work(struct http_request *req, struct http_reply *reply)
{
    return user_create_work(req, reply);
}

int user_password_write(struct http_request *req, struct http_reply *reply)
{
    const struct user_request *r = api_context_of(req)->own;
    struct user user;
    int rc = user_found(req, auth_user_get(req->db, r->user_id, &user));

    if (rc == 0)
        rc = auth_user_password_set(req->db, r->user_id, r->person.hash, req->now_us);
    if (rc == 0)
        people_message(reply, "Password updated successfully for user %s", user.username);
    return rc;
}

/* One flag of a user, and the sentence that says so. */
static int flag_change(struct http_request *req, struct http_reply *reply, int is_active,
                       int is_verified, const char *what)
{
    const struct user_request *r = api_context_of(req)->own;
    const struct user_changes changes = { .is_active = is_active,
                                          .is_verified = is_verified,
                                          .is_admin = -1 };
    struct user user;
    const int rc = user_found(req, auth_user_change(req->db, r->user_id, &changes,
                                                    req->now_us, &user, &req->err));

    if (rc == 0)
        people_message(reply, "User %s %s successfully", user.username, what);
    return rc;
}

int user_verify(struct http_request *req, struct http_reply *reply)
{
    return flag_change(req, reply, -1, 1, "email verified");
}

int user_activate(struct http_request *req, struct http_reply *reply)
{
    return flag_change(req, reply, 1, -1, "activated");
}

int user_deactivate(struct http_request *req, struct http_reply *reply)
{
    const struct user_request *r = api_context_of(req)->own;

    if (r->user_id == api_context_of(req)->principal.account_id)
        return api_refuse(req, 400, "Cannot deactivate your own account");
    return flag_change(req, reply, 0, -1, "deactivated");
}
