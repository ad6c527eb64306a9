#include "auth/internal.h"

#include <stdio.h>
#include <string.h>

/* Logins of one user that stay good at a time; the oldest go. */
enum { SESSIONS_MAX = 64 };

void pair_make(const struct auth *auth, const char *family, int64_t now_us,
               struct token_pair *ret)
{
    (void)snprintf(ret->family, sizeof ret->family, "%s", family);
    uuid_make(ret->access_id);
    uuid_make(ret->refresh_id);
    ret->access_expires_us = now_us + auth->config.access_token_us;
    ret->refresh_expires_us = now_us + auth->config.refresh_token_us;
}

int pair_sign(struct auth *auth, const struct user *user, const struct token_pair *pair,
              struct auth_tokens *ret, struct err *reterr)
{
    struct token_claims claims = { .type = TOKEN_ACCESS,
                                   .expires_us = pair->access_expires_us };
    int rc;

    (void)snprintf(claims.subject, sizeof claims.subject, "%lld",
                   (long long)user->account_id);
    (void)snprintf(claims.username, sizeof claims.username, "%s", user->username);
    memcpy(claims.family, pair->family, sizeof claims.family);
    memcpy(claims.token_id, pair->access_id, sizeof claims.token_id);
    rc = token_sign(&auth->key, &claims, ret->access, reterr);
    if (rc)
        return rc;
    claims.type = TOKEN_REFRESH;
    claims.expires_us = pair->refresh_expires_us;
    memcpy(claims.token_id, pair->refresh_id, sizeof claims.token_id);
    return token_sign(&auth->key, &claims, ret->refresh, reterr);
}

int auth_session_start(struct auth *auth, struct db *db, int64_t account_id, int64_t now_us,
                       struct auth_tokens *ret, struct err *reterr)
{
    char family[UUID_TEXT_SIZE];
    struct token_pair pair;
    struct user user;
    int rc = auth_user_get(db, account_id, &user);

    uuid_make(family);
    pair_make(auth, family, now_us, &pair);
    if (rc == 0)
        rc = pair_sign(auth, &user, &pair, ret, reterr);
    if (rc == 0)
        rc = db_exec(db, STMT_SESSION_ADD,
                     DB_ARGS(DB_INT(account_id), DB_TEXT(family), DB_TEXT(pair.refresh_id),
                             DB_INT(now_us), DB_INT(pair.refresh_expires_us)));
    if (rc == 0)
        rc = db_exec(db, STMT_SESSIONS_TRIM,
                     DB_ARGS(DB_INT(account_id), DB_INT(SESSIONS_MAX)));
    return rc;
}

int refusal(struct err *reterr, const char *text)
{
    return err_set(reterr, ERR_UNAUTHENTICATED, "%s", text);
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
