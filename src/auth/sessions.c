#include "auth/internal.h"

#include <stdio.h>
#include <string.h>

/* Logins of one user that stay good at a time; the oldest go. */
enum { SESSIONS_MAX = 64 };

/* Signs both tokens of a session; the new refresh token's id is in *ret_refresh_id. */
static int tokens_make(struct auth *auth, const struct user *user, const char *family,
                       int64_t now_us, struct auth_tokens *ret,
                       char ret_refresh_id[UUID_TEXT_SIZE], struct err *reterr)
{
    struct token_claims claims = { .type = TOKEN_ACCESS,
                                   .expires_us = now_us + auth->config.access_token_us };
    int rc;

    (void)snprintf(claims.subject, sizeof claims.subject, "%lld",
                   (long long)user->account_id);
    (void)snprintf(claims.username, sizeof claims.username, "%s", user->username);
    (void)snprintf(claims.family, sizeof claims.family, "%s", family);
    uuid_make(claims.token_id);
    rc = token_sign(&auth->key, &claims, ret->access, reterr);
    if (rc)
        return rc;
    claims.type = TOKEN_REFRESH;
    claims.expires_us = now_us + auth->config.refresh_token_us;
    uuid_make(claims.token_id);
    memcpy(ret_refresh_id, claims.token_id, UUID_TEXT_SIZE);
    return token_sign(&auth->key, &claims, ret->refresh, reterr);
}

int auth_session_start(struct auth *auth, struct db *db, int64_t account_id, int64_t now_us,
                       struct auth_tokens *ret, struct err *reterr)
{
    char family[UUID_TEXT_SIZE], refresh_id[UUID_TEXT_SIZE];
    struct user user;
    int rc = auth_user_get(db, account_id, &user);

    uuid_make(family);
    if (rc == 0)
        rc = tokens_make(auth, &user, family, now_us, ret, refresh_id, reterr);
    if (rc == 0)
        rc = db_exec(db, STMT_SESSION_ADD,
                     DB_ARGS(DB_INT(account_id), DB_TEXT(family), DB_TEXT(refresh_id),
                             DB_INT(now_us),
                             DB_INT(now_us + auth->config.refresh_token_us)));
    if (rc == 0)
        rc = db_exec(db, STMT_SESSIONS_TRIM,
                     DB_ARGS(DB_INT(account_id), DB_INT(SESSIONS_MAX)));
    return rc;
}

static int refusal(struct err *reterr, const char *text)
{
    return err_set(reterr, ERR_UNAUTHENTICATED, "%s", text);
}

static int refresh_claims(struct auth *auth, struct view token, int64_t now_us,
                          struct token_claims *claims, int64_t *account_id,
                          struct err *reterr)
{
    if (token_verify(&auth->key, token, now_us, claims, NULL) != 0)
        return refusal(reterr, "Invalid refresh token");
    if (claims->type != TOKEN_REFRESH)
        return refusal(reterr, "Invalid token type");
    if (!account_of_subject(claims->subject, account_id))
        return refusal(reterr, "Invalid token payload");
    return 0;
}

/* The id of the one refresh token of the session that may still be traded; empty: none. */
static int refresh_id_read(struct db *db, int64_t account_id, const char *family,
                           char ret[UUID_TEXT_SIZE])
{
    int ended, rc = db_run(db, STMT_SESSION_REFRESH_ID,
                           DB_ARGS(DB_INT(account_id), DB_TEXT(family)));

    ret[0] = '\0';
    if (rc == 0)
        rc = db_next(db, STMT_SESSION_REFRESH_ID);
    if (rc > 0)
        column_copy(db, STMT_SESSION_REFRESH_ID, 0, ret, UUID_TEXT_SIZE);
    ended = db_done(db, STMT_SESSION_REFRESH_ID);
    return rc < 0 ? rc : ended;
}

int auth_session_refresh(struct auth *auth, struct db *db, struct view token,
                         int64_t now_us, struct auth_tokens *ret, bool *ret_reused,
                         struct err *reterr)
{
    char current[UUID_TEXT_SIZE], refresh_id[UUID_TEXT_SIZE];
    struct token_claims claims;
    struct user user;
    int64_t account_id;
    int rc = refresh_claims(auth, token, now_us, &claims, &account_id, reterr);

    *ret_reused = false;
    if (rc == 0) {
        rc = auth_user_get(db, account_id, &user);
        if (rc == ERR_NOT_FOUND || (rc == 0 && !user.is_active))
            rc = refusal(reterr, "User not found or inactive");
    }
    if (rc == 0)
        rc = refresh_id_read(db, account_id, claims.family, current);
    if (rc == 0 && !current[0])
        rc = refusal(reterr, "Token has been revoked");
    if (rc)
        return rc;
    if (strcmp(current, claims.token_id) != 0) {
        *ret_reused = true;
        return db_exec(db, STMT_SESSION_END,
                       DB_ARGS(DB_INT(account_id), DB_TEXT(claims.family)));
    }
    rc = tokens_make(auth, &user, claims.family, now_us, ret, refresh_id, reterr);
    if (rc)
        return rc;
    return db_exec(db, STMT_SESSION_ROTATE,
                   DB_ARGS(DB_TEXT(refresh_id),
                           DB_INT(now_us + auth->config.refresh_token_us),
                           DB_INT(account_id), DB_TEXT(claims.family)));
}

/* Ends the session, or revokes the guest token; `changed` is false when that had been done.
 */
static int token_end(struct db *db, const struct token_claims *claims, bool *changed)
{
    int64_t account_id;
    int rc;

    if (claims->type != TOKEN_GUEST && account_of_subject(claims->subject, &account_id))
        rc = db_exec(db, STMT_SESSION_END,
                     DB_ARGS(DB_INT(account_id), DB_TEXT(claims->family)));
    else
        rc = db_exec(db, STMT_TOKEN_REVOKE,
                     DB_ARGS(DB_TEXT(claims->token_id), DB_INT(claims->expires_us)));
    *changed = rc == 0 && db_changes(db) > 0;
    return rc;
}

int auth_logout(struct auth *auth, struct db *db, struct view authorization, int64_t now_us,
                struct err *reterr)
{
    struct token_claims claims;
    struct view token;
    bool changed;
    int rc = bearer_token(authorization, &token, reterr);

    if (rc)
        return rc;
    if (token_accept(auth, token, now_us, &claims) != 0)
        return refusal(reterr, "Invalid token");
    rc = token_end(db, &claims, &changed);
    if (rc == 0 && !changed)
        rc = err_set(reterr, ERR_CONFLICT, "Token already invalidated");
    return rc;
}
