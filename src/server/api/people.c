#include "server/api/people.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "server/api/validate.h"

void people_write_user(struct json *j, const struct user *user)
{
    json_put_str(j, "email", user->email);
    json_put_str(j, "username", user->username);
    json_put_int(j, "id", user->account_id);
    json_put_bool(j, "is_active", user->is_active);
    json_put_bool(j, "is_verified", user->is_verified);
    json_put_time(j, "created_at", user->created_us);
}

void people_write_me(struct json *j, const struct user *user)
{
    people_write_user(j, user);
    json_put_bool(j, "is_admin", user->is_admin);
}

void people_write_admin_user(struct json *j, const struct user *user)
{
    people_write_user(j, user);
    json_put_bool(j, "is_admin", user->is_admin);
    json_put_time(j, "updated_at", user->updated_us);
    /* There is no mail to verify by: old clients still look for these. */
    json_put_null(j, "verification_token");
    json_put_null(j, "verification_token_expires");
}

void people_password_read(struct http_request *req, const struct json_value *body,
                          const char *name, char password[73], size_t *ret_len)
{
    const struct view text = validate_password(req, body, name);

    *ret_len = text.len;
    if (text.len)
        memcpy(password, text.ptr, text.len);
}

void people_new_read(struct http_request *req, const struct json_value *body,
                     struct people_new *ret)
{
    struct view username;

    ret->is_active = ret->is_verified = ret->is_admin = -1;
    (void)validate_email(req, body, VALIDATE_REQUIRED, ret->email);
    username = validate_string(req, body, "username", VALIDATE_REQUIRED, 3, 50);
    (void)snprintf(ret->username, sizeof ret->username, "%.*s", (int)username.len,
                   username.ptr ? username.ptr : "");
    people_password_read(req, body, "password", ret->password, &ret->password_len);
}

int people_hash(struct http_request *req, char password[73], size_t len,
                char hash[AUTH_HASH_MAX])
{
    const int rc = auth_password_hash((struct view){ password, len }, hash, &req->err);

    explicit_bzero(password, 73);
    return rc;
}

int people_new_create(struct http_request *req, const struct people_new *n,
                      struct user *ret)
{
    const struct user_new user = {
        .email = view_of(n->email),
        .username = view_of(n->username),
        .password_hash = n->hash,
        .is_active = n->is_active != 0,
        .is_verified = n->is_verified == 1,
        .is_admin = n->is_admin == 1,
    };
    const int rc = auth_user_create(req->db, &user, req->now_us, ret, &req->err);

    if (rc == ERR_CONFLICT)
        api_context_of(req)->status = 400;
    return rc;
}

void people_message(struct http_reply *reply, const char *format, ...)
{
    char message[512];
    struct json j;
    va_list args;

    va_start(args, format);
    (void)vsnprintf(message, sizeof message, format, args);
    va_end(args);
    http_reply_json(reply, 200, &j);
    json_object_begin(&j);
    json_put_str(&j, "message", message);
    json_object_end(&j);
}

int people_throttle(struct http_request *req, enum auth_throttle throttle, struct view key)
{
    int64_t retry_s;
    const int rc = auth_throttle(api_of(req)->auth, throttle, key, req->now_us, &retry_s);

    if (rc == ERR_THROTTLED) {
        (void)err_set(&req->err, rc, "Too many attempts. Try again in %lld seconds",
                      (long long)retry_s);
        req->err.retry_after_s = retry_s;
    }
    return rc;
}

void people_tokens_write(struct http_reply *reply, const struct auth_tokens *tokens)
{
    struct json j;

    http_reply_json(reply, 200, &j);
    json_object_begin(&j);
    json_put_str(&j, "access_token", tokens->access);
    json_put_str(&j, "refresh_token", tokens->refresh);
    json_put_str(&j, "token_type", "bearer");
    json_object_end(&j);
    http_reply_header(reply, "Cache-Control", "no-store");
}
