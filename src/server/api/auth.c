/* /auth: signing up, logging in and out. */
#include <stdio.h>
#include <string.h>
#include "server/api/account.h"
#include "server/api/api.h"
#include "server/api/files.h"
#include "server/api/people.h"
#include "server/api/validate.h"

enum { BODY_BYTES_MAX = 64 << 10, REPEAT_KEY_MIN = 16, REPEAT_KEY_MAX = 255 };

/* ---- signup ---- */

struct signup {
    struct people_new person;
    char guest_id[AUTH_GUEST_ID_MAX + 1]; /* whose history comes along; empty: nobody's */
};

static int signup_prepare(struct http_request *req, struct http_reply *reply)
{
    struct api_context *c = api_context_of(req);
    struct signup *s = api_own(req, sizeof *s, NULL);
    const struct json_value *body = validate_body(req);
    int rc;

    (void)reply;
    if (!s)
        return ERR_NO_MEMORY;
    if (body)
        people_new_read(req, body, &s->person);
    rc = validate_result(req);
    if (rc)
        return rc;
    if (c->principal.kind == PRINCIPAL_GUEST)
        memcpy(s->guest_id, c->principal.guest_id, sizeof s->guest_id);
    return people_throttle(req, THROTTLE_SIGNUP, view_of(c->principal.network));
}

static int signup_work(struct http_request *req, struct http_reply *reply)
{
    struct people_new *n = &((struct signup *)api_context_of(req)->own)->person;

    (void)reply;
    return people_hash(req, n->password, n->password_len, n->hash);
}

static int signup_write(struct http_request *req, struct http_reply *reply)
{
    struct signup *s = api_context_of(req)->own;
    int64_t guest_account_id;
    struct user user;
    struct json j;
    int rc = people_new_create(req, &s->person, &user);

    if (rc == 0 && s->guest_id[0]) {
        rc = auth_guest_merge(req->db, view_of(s->guest_id), user.account_id, req->now_us,
                              &guest_account_id);
        if (rc == 0 && guest_account_id)
            rc = jobs_move(req->db, guest_account_id, user.account_id);
    }
    if (rc)
        return rc;
    http_reply_json(reply, 201, &j);
    json_object_begin(&j);
    people_write_user(&j, &user);
    json_object_end(&j);
    return 0;
}

/* ---- login ---- */

struct login {
    char name[AUTH_EMAIL_MAX + AUTH_USERNAME_MAX + 1]; /* once found: #id */
    char password[1025];
    size_t password_len;
    char hash[AUTH_HASH_MAX]; /* of the user found; empty: none */
    char better_hash[AUTH_HASH_MAX];
    int64_t account_id;
    bool is_active;
};

static int login_find(struct http_request *req, struct http_reply *reply)
{
    struct login *l = api_context_of(req)->own;
    struct user user;
    const int rc = auth_user_find(req->db, view_of(l->name), &user);

    (void)reply;
    if (rc == ERR_NOT_FOUND)
        return 0;
    if (rc)
        return rc;
    /* Name and email of a user count as one. */
    (void)snprintf(l->name, sizeof l->name, "#%lld", (long long)user.account_id);
    l->account_id = user.account_id;
    l->is_active = user.is_active;
    memcpy(l->hash, user.password_hash, sizeof l->hash);
    return 0;
}

static int login_prepare(struct http_request *req, struct http_reply *reply)
{
    struct api_context *c = api_context_of(req);
    struct login *l = api_own(req, sizeof *l, NULL);
    const struct json_value *body = validate_body(req);
    struct view name = { NULL, 0 }, password = { NULL, 0 };
    int rc;

    if (!l)
        return ERR_NO_MEMORY;
    if (body) {
        name = validate_string(req, body, "username_or_email", VALIDATE_REQUIRED, 0,
                               AUTH_EMAIL_MAX);
        password = validate_string(req, body, "password", VALIDATE_REQUIRED, 0, 256);
    }
    rc = validate_result(req);
    if (rc)
        return rc;
    (void)snprintf(l->name, sizeof l->name, "%.*s", (int)name.len, name.ptr);
    l->password_len = password.len;
    memcpy(l->password, password.ptr, password.len);
    rc = people_throttle(req, THROTTLE_LOGIN_NETWORK, view_of(c->principal.network));
    if (rc == 0)
        rc = http_read_now(req, reply, login_find);
    return rc ? rc : people_throttle(req, THROTTLE_LOGIN_ACCOUNT, view_of(l->name));
}

static int wrong_password(struct http_request *req)
{
    return err_set(&req->err, ERR_UNAUTHENTICATED, "Incorrect username/email or password");
}

static int inactive(struct http_request *req)
{
    return err_set(&req->err, ERR_FORBIDDEN, "User account is inactive");
}

static int login_work(struct http_request *req, struct http_reply *reply)
{
    struct login *l = api_context_of(req)->own;
    struct auth *auth = api_of(req)->auth;
    bool is_old = false;
    const bool is_right = auth_password_verify(
        (struct view){ l->password, l->password_len }, l->hash, &is_old);

    (void)reply;
    if (is_right && is_old &&
        auth_password_hash((struct view){ l->password, l->password_len }, l->better_hash,
                           NULL) != 0)
        l->better_hash[0] = '\0';
    explicit_bzero(l->password, sizeof l->password);
    if (!is_right || !l->hash[0])
        return wrong_password(req);
    if (!l->is_active)
        return inactive(req);
    auth_throttle_forgive(auth, THROTTLE_LOGIN_NETWORK,
                          view_of(api_context_of(req)->principal.network));
    auth_throttle_forgive(auth, THROTTLE_LOGIN_ACCOUNT, view_of(l->name));
    return 0;
}

/* The password was judged on an older snapshot: what has changed since counts. */
static int login_recheck(struct http_request *req)
{
    const struct login *l = api_context_of(req)->own;
    struct user user;
    const int rc = auth_user_get(req->db, l->account_id, &user);

    if (rc == ERR_NOT_FOUND || (rc == 0 && strcmp(user.password_hash, l->hash) != 0))
        return wrong_password(req);
    return rc == 0 && !user.is_active ? inactive(req) : rc;
}

static int login_write(struct http_request *req, struct http_reply *reply)
{
    struct login *l = api_context_of(req)->own;
    struct auth_tokens tokens;
    int rc = login_recheck(req);

    if (rc == 0 && l->better_hash[0])
        rc = auth_user_password_upgrade(req->db, l->account_id, l->better_hash);
    if (rc == 0)
        rc = auth_session_start(api_of(req)->auth, req->db, l->account_id, req->now_us,
                                &tokens, &req->err);
    if (rc == 0)
        people_tokens_write(reply, &tokens);
    return rc;
}

/* ---- refresh, logout, me ---- */

struct refresh {
    char token[AUTH_TOKEN_MAX];
    char key[REPEAT_KEY_MAX + 1]; /* empty: none */
    bool was_reused;
};

static int refresh_key_read(struct http_request *req, struct refresh *r)
{
    const struct view key = api_idempotency_key(req);

    if (!key.ptr)
        return 0;
    if (key.len < REPEAT_KEY_MIN || key.len > REPEAT_KEY_MAX)
        return api_refuse(req, 400, "Idempotency-Key must have %d to %d characters",
                          REPEAT_KEY_MIN, REPEAT_KEY_MAX);
    memcpy(r->key, key.ptr, key.len);
    return 0;
}

static int refresh_prepare(struct http_request *req, struct http_reply *reply)
{
    struct refresh *r = api_own(req, sizeof *r, NULL);
    const struct json_value *body = validate_body(req);
    struct view token = { NULL, 0 };

    (void)reply;
    if (!r)
        return ERR_NO_MEMORY;
    if (body)
        token = validate_string(req, body, "refresh_token", VALIDATE_REQUIRED, 0, 0);
    if (validate_result(req))
        return ERR_INVALID;
    if (token.len >= sizeof r->token)
        return err_set(&req->err, ERR_UNAUTHENTICATED, "Invalid refresh token");
    memcpy(r->token, token.ptr, token.len);
    return refresh_key_read(req, r);
}

static int refresh_write(struct http_request *req, struct http_reply *reply)
{
    struct refresh *r = api_context_of(req)->own;
    struct auth_tokens tokens;
    const struct view key = view_of(r->key[0] ? r->key : NULL);
    const int rc = auth_session_refresh(api_of(req)->auth, req->db, view_of(r->token), key,
                                        req->now_us, &tokens, &r->was_reused, &req->err);

    if (rc == 0 && !r->was_reused)
        people_tokens_write(reply, &tokens);
    return rc;
}

/* A reused token's family is revoked for good, so the write above must succeed first. */
static int refresh_read(struct http_request *req, struct http_reply *reply)
{
    (void)reply;
    if (((struct refresh *)api_context_of(req)->own)->was_reused)
        return err_set(&req->err, ERR_UNAUTHENTICATED, "Token has been revoked");
    return 0;
}

struct logout {
    char authorization[AUTH_TOKEN_MAX + 16];
};

static int logout_prepare(struct http_request *req, struct http_reply *reply)
{
    struct logout *l = api_own(req, sizeof *l, NULL);
    const struct view authorization = http_header(req, "Authorization");

    (void)reply;
    if (!l)
        return ERR_NO_MEMORY;
    if (authorization.len >= sizeof l->authorization)
        return err_set(&req->err, ERR_UNAUTHENTICATED, "Invalid token");
    if (authorization.len)
        memcpy(l->authorization, authorization.ptr, authorization.len);
    return 0;
}

static int logout_write(struct http_request *req, struct http_reply *reply)
{
    const struct logout *l = api_context_of(req)->own;
    const int rc = auth_logout(api_of(req)->auth, req->db, view_of(l->authorization),
                               req->now_us, &req->err);

    if (rc == ERR_CONFLICT)
        api_context_of(req)->status = 400;
    if (rc == 0)
        people_message(reply, "Successfully logged out");
    return rc;
}

static int auth_me(struct http_request *req, struct http_reply *reply)
{
    struct user user;
    struct json j;
    const int rc = auth_user_get(req->db, api_context_of(req)->principal.account_id, &user);

    if (rc)
        return rc;
    http_reply_json(reply, 200, &j);
    json_object_begin(&j);
    people_write_me(&j, &user);
    json_object_end(&j);
    return 0;
}

const struct route api_routes_auth[] = {
    { HTTP_POST, "/auth/signup", ROUTE_PUBLIC, .prepare = signup_prepare,
      .work = signup_work, .write = signup_write, .body_bytes_max = BODY_BYTES_MAX },
    { HTTP_POST, "/auth/login", ROUTE_PUBLIC, .prepare = login_prepare, .work = login_work,
      .write = login_write, .body_bytes_max = BODY_BYTES_MAX },
    { HTTP_POST, "/auth/refresh", ROUTE_PUBLIC, .prepare = refresh_prepare,
      .write = refresh_write, .read = refresh_read, .body_bytes_max = BODY_BYTES_MAX },
    { HTTP_POST, "/auth/logout", ROUTE_PUBLIC, .prepare = logout_prepare,
      .write = logout_write, .body_bytes_max = BODY_BYTES_MAX },
    { HTTP_GET, "/auth/me", ROUTE_USER, .read = auth_me },
    { HTTP_GET, "/auth/me/data", ROUTE_IDENTIFIED, .prepare = account_data_prepare,
      .read = account_data },
    { HTTP_DELETE, "/auth/me", ROUTE_USER, .prepare = account_delete_prepare,
      .work = account_work, .write = account_delete_write, .read = files_remove,
      .body_bytes_max = BODY_BYTES_MAX },
    { HTTP_POST, "/auth/password", ROUTE_USER, .prepare = account_password_prepare,
      .work = account_work, .write = account_password_write,
      .body_bytes_max = BODY_BYTES_MAX },
    { 0 },
};
