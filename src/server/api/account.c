#include "server/api/account.h"

#include <stdio.h>
#include <string.h>
#include "server/api/files.h"
#include "server/api/people.h"
#include "server/api/validate.h"

/* What a change of one's own account needs: the password once more. */
struct account {
    struct files files; /* first: see files_own */
    char key[24];       /* of the throttle, as a login counts: #id */
    char password[1025];
    size_t password_len;
    char hash[AUTH_HASH_MAX]; /* what the password was judged by */
    char new_password[73];
    size_t new_password_len; /* 0: none */
    char new_hash[AUTH_HASH_MAX];
};

static int wrong_password(struct http_request *req)
{
    return err_set(&req->err, ERR_UNAUTHENTICATED, "Incorrect password");
}

static int hash_read(struct http_request *req, struct http_reply *reply)
{
    struct account *a = api_context_of(req)->own;
    struct user user;
    const int rc = auth_user_get(req->db, api_context_of(req)->principal.account_id, &user);

    (void)reply;
    if (rc == 0)
        memcpy(a->hash, user.password_hash, sizeof a->hash);
    return rc == ERR_NOT_FOUND ? wrong_password(req) : rc;
}

static int proof_prepare(struct http_request *req, struct http_reply *reply,
                         const char *password_name, const char *new_password_name)
{
    struct account *a = files_own(req, sizeof *a);
    const struct json_value *body = validate_body(req);
    struct view password = { NULL, 0 };
    int rc;

    if (!a)
        return ERR_NO_MEMORY;
    if (body)
        password = validate_string(req, body, password_name, VALIDATE_REQUIRED, 0, 256);
    if (body && new_password_name)
        people_password_read(req, body, new_password_name, a->new_password,
                             &a->new_password_len);
    rc = validate_result(req);
    if (rc)
        return rc;
    a->password_len = password.len;
    if (password.len)
        memcpy(a->password, password.ptr, password.len);
    (void)snprintf(a->key, sizeof a->key, "#%lld",
                   (long long)api_context_of(req)->principal.account_id);
    rc = people_throttle(req, THROTTLE_LOGIN_ACCOUNT, view_of(a->key));
    return rc ? rc : http_read_now(req, reply, hash_read);
}

int account_work(struct http_request *req, struct http_reply *reply)
{
    struct account *a = api_context_of(req)->own;
    bool is_old;
    const bool is_right = auth_password_verify(
        (struct view){ a->password, a->password_len }, a->hash, &is_old);

    (void)reply;
    explicit_bzero(a->password, sizeof a->password);
    if (!is_right) {
        explicit_bzero(a->new_password, sizeof a->new_password);
        return wrong_password(req);
    }
    auth_throttle_forgive(api_of(req)->auth, THROTTLE_LOGIN_ACCOUNT, view_of(a->key));
    if (a->new_password_len == 0)
        return 0;
    return people_hash(req, a->new_password, a->new_password_len, a->new_hash);
}

/* The password was judged on an older snapshot: what has changed since counts. */
static int proof_recheck(struct http_request *req, struct user *ret)
{
    const struct account *a = api_context_of(req)->own;
    const int rc = auth_user_get(req->db, api_context_of(req)->principal.account_id, ret);

    if (rc == ERR_NOT_FOUND || (rc == 0 && strcmp(ret->password_hash, a->hash) != 0))
        return wrong_password(req);
    if (rc == 0 && !ret->is_active)
        return err_set(&req->err, ERR_FORBIDDEN, "Inactive user");
    return rc;
}

/* ---- a new password ---- */

int account_password_prepare(struct http_request *req, struct http_reply *reply)
{
    return proof_prepare(req, reply, "current_password", "new_password");
}

int account_password_write(struct http_request *req, struct http_reply *reply)
{
    const struct account *a = api_context_of(req)->own;
    struct auth_tokens tokens;
    struct user user;
    int rc = proof_recheck(req, &user);

    if (rc == 0)
        rc = auth_user_password_set(req->db, user.account_id, a->new_hash, req->now_us);
    if (rc == 0)
        rc = auth_session_start(api_of(req)->auth, req->db, user.account_id, req->now_us,
                                &tokens, &req->err);
    if (rc == 0)
        people_tokens_write(reply, &tokens);
    return rc;
}

/* ---- the end of an account ---- */

int account_delete_prepare(struct http_request *req, struct http_reply *reply)
{
    return proof_prepare(req, reply, "password", NULL);
}

/* An admin who may log in, and no other: nobody could look after the service any more. */
static int last_admin_check(struct http_request *req, const struct user *user)
{
    bool has_other = true;
    const int rc = user->is_admin
                       ? auth_has_other_admin(req->db, user->account_id, &has_other)
                       : 0;

    if (rc == 0 && !has_other)
        return api_refuse(req, 409, "The last admin's account cannot be deleted");
    return rc;
}

int account_delete_write(struct http_request *req, struct http_reply *reply)
{
    struct user user;
    int rc = proof_recheck(req, &user);

    if (rc == 0)
        rc = last_admin_check(req, &user);
    if (rc == 0)
        rc = files_forget_user(req, user.account_id);
    if (rc == 0)
        people_message(reply, "Your account and all associated data are deleted");
    return rc;
}
