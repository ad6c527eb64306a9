/* Trading a refresh token: once, and again to whoever proves to be the one who did. */
#include "auth/internal.h"

#include <stdio.h>
#include <string.h>

enum { DIGEST_TEXT_SIZE = 2 * crypto_hash_sha256_BYTES + 1 };

/* A session's row: the pair that is current, and the trade that made it. */
struct trade {
    struct token_pair made;             /* refresh_id empty: there is no such session */
    char used_digest[DIGEST_TEXT_SIZE]; /* empty: came without a key */
    int64_t used_us;
};

static int claims_read(struct auth *auth, struct view token, int64_t now_us,
                       struct token_claims *claims, int64_t *account_id, struct err *reterr)
{
    if (token_verify(&auth->key, token, now_us, claims, NULL) != 0)
        return refusal(reterr, "Invalid refresh token");
    if (claims->type != TOKEN_REFRESH)
        return refusal(reterr, "Invalid token type");
    if (!account_of_subject(claims->subject, account_id))
        return refusal(reterr, "Invalid token payload");
    return 0;
}

static int user_read(struct db *db, int64_t account_id, struct user *ret,
                     struct err *reterr)
{
    const int rc = auth_user_get(db, account_id, ret);

    if (rc == ERR_NOT_FOUND || (rc == 0 && !ret->is_active))
        return refusal(reterr, "User not found or inactive");
    return rc;
}

static int trade_read(struct db *db, int64_t account_id, const char *family,
                      struct trade *ret)
{
    const enum stmt stmt = STMT_SESSION_TRADE;
    int ended, rc = db_run(db, stmt, DB_ARGS(DB_INT(account_id), DB_TEXT(family)));

    *ret = (struct trade){ 0 };
    if (rc == 0)
        rc = db_next(db, stmt);
    if (rc > 0) {
        (void)snprintf(ret->made.family, sizeof ret->made.family, "%s", family);
        column_copy(db, stmt, 0, ret->made.refresh_id, sizeof ret->made.refresh_id);
        ret->made.refresh_expires_us = db_int(db, stmt, 1);
        column_copy(db, stmt, 2, ret->used_digest, sizeof ret->used_digest);
        ret->used_us = db_int(db, stmt, 3);
        column_copy(db, stmt, 4, ret->made.access_id, sizeof ret->made.access_id);
        ret->made.access_expires_us = db_int(db, stmt, 5);
    }
    ended = db_done(db, stmt);
    return rc < 0 ? rc : ended;
}

/* Of the token's id and the key: another token with the same key is another trade. */
static void digest_make(const char *token_id, struct view key, char ret[DIGEST_TEXT_SIZE])
{
    unsigned char digest[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_state state;

    (void)crypto_hash_sha256_init(&state);
    (void)crypto_hash_sha256_update(&state, (const unsigned char *)token_id,
                                    strlen(token_id));
    (void)crypto_hash_sha256_update(&state, (const unsigned char *)key.ptr, key.len);
    (void)crypto_hash_sha256_final(&state, digest);
    (void)sodium_bin2hex(ret, DIGEST_TEXT_SIZE, digest, sizeof digest);
}

/* Whether the session's last trade is asked for once more: a further one would have put
 * itself in its place. */
static bool is_repeat(const struct trade *last, const char *token_id, struct view key,
                      int64_t now_us)
{
    char digest[DIGEST_TEXT_SIZE];

    if (!key.ptr || now_us - last->used_us >= AUTH_REPEAT_US)
        return false;
    digest_make(token_id, key, digest);
    return sodium_memcmp(digest, last->used_digest, DIGEST_TEXT_SIZE) == 0;
}

static int rotate(struct db *db, int64_t account_id, const char *token_id, struct view key,
                  int64_t now_us, const struct token_pair *made)
{
    char digest[DIGEST_TEXT_SIZE] = "";

    if (key.ptr)
        digest_make(token_id, key, digest);
    return db_exec(db, STMT_SESSION_ROTATE,
                   DB_ARGS(DB_TEXT(made->refresh_id), DB_INT(made->refresh_expires_us),
                           DB_TEXT(digest), DB_INT(now_us), DB_TEXT(made->access_id),
                           DB_INT(made->access_expires_us), DB_INT(account_id),
                           DB_TEXT(made->family)));
}

int auth_session_refresh(struct auth *auth, struct db *db, struct view token,
                         struct view key, int64_t now_us, struct auth_tokens *ret,
                         bool *ret_reused, struct err *reterr)
{
    struct token_claims claims;
    struct token_pair made;
    struct trade last;
    struct user user;
    int64_t account_id;
    int rc = claims_read(auth, token, now_us, &claims, &account_id, reterr);

    *ret_reused = false;
    if (rc == 0)
        rc = user_read(db, account_id, &user, reterr);
    if (rc == 0)
        rc = trade_read(db, account_id, claims.family, &last);
    if (rc == 0 && !last.made.refresh_id[0])
        rc = refusal(reterr, "Token has been revoked");
    if (rc)
        return rc;
    if (is_repeat(&last, claims.token_id, key, now_us))
        return pair_sign(auth, &user, &last.made, ret, reterr);
    if (strcmp(last.made.refresh_id, claims.token_id) != 0) {
        *ret_reused = true;
        return db_exec(db, STMT_SESSION_END,
                       DB_ARGS(DB_INT(account_id), DB_TEXT(claims.family)));
    }
    pair_make(auth, claims.family, now_us, &made);
    rc = pair_sign(auth, &user, &made, ret, reterr);
    return rc ? rc : rotate(db, account_id, claims.token_id, key, now_us, &made);
}
