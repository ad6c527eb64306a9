#include "auth/internal.h"

#include <stdio.h>
#include <string.h>
#include "auth/network.h"
#include "base/options.h"

static const char NOT_VALID[] = "Could not validate credentials";

static int user_identify(struct db *db, const struct token_claims *claims,
                         struct principal *p, struct err *reterr)
{
    bool is_active = false, has_session = false;
    int ended, rc;

    if (claims->type != TOKEN_ACCESS)
        return err_set(reterr, ERR_UNAUTHENTICATED, "Invalid token type");
    if (!account_of_subject(claims->subject, &p->account_id))
        return err_set(reterr, ERR_UNAUTHENTICATED, NOT_VALID);
    rc = db_run(db, STMT_IDENTITY_OF_USER,
                DB_ARGS(DB_INT(p->account_id), DB_TEXT(claims->family)));
    if (rc == 0)
        rc = db_next(db, STMT_IDENTITY_OF_USER);
    if (rc > 0) {
        column_copy(db, STMT_IDENTITY_OF_USER, 0, p->username, sizeof p->username);
        is_active = db_int(db, STMT_IDENTITY_OF_USER, 1) != 0;
        p->is_admin = db_int(db, STMT_IDENTITY_OF_USER, 2) != 0;
        has_session = db_int(db, STMT_IDENTITY_OF_USER, 3) != 0;
        rc = 0;
    } else if (rc == 0) {
        rc = err_set(reterr, ERR_UNAUTHENTICATED, NOT_VALID);
    }
    ended = db_done(db, STMT_IDENTITY_OF_USER);
    if (rc || ended)
        return rc ? rc : ended;
    if (!is_active)
        return err_set(reterr, ERR_FORBIDDEN, "Inactive user");
    if (!has_session)
        return err_set(reterr, ERR_UNAUTHENTICATED,
                       claims->family[0] ? "Token has been revoked" : NOT_VALID);
    p->kind = PRINCIPAL_USER;
    return 0;
}

/* Fills the account of a guest who has one. One whom a signup has made a user is gone. */
static int guest_identify(struct db *db, const char *guest_id, struct principal *p,
                          struct err *reterr)
{
    struct guest guest;
    const int rc = auth_guest_get(db, view_of(guest_id), &guest);

    p->kind = PRINCIPAL_GUEST;
    (void)snprintf(p->guest_id, sizeof p->guest_id, "%s", guest_id);
    if (rc == ERR_NOT_FOUND)
        return 0;
    if (rc)
        return rc;
    if (guest.converted_to)
        return guest_is_gone(reterr);
    p->account_id = guest.account_id;
    p->group_id = guest.group_id;
    return 0;
}

static int guest_token_identify(struct db *db, const struct token_claims *claims,
                                struct principal *p, struct err *reterr)
{
    int64_t revoked = 0;
    int rc = db_get_int(db, STMT_TOKEN_IS_REVOKED, DB_ARGS(DB_TEXT(claims->token_id)),
                        &revoked);

    if (rc)
        return rc;
    if (revoked)
        return err_set(reterr, ERR_UNAUTHENTICATED, "Token has been revoked");
    rc = guest_identify(db, claims->subject, p, reterr);
    if (rc == 0 && p->account_id == 0)
        rc = err_set(reterr, ERR_UNAUTHENTICATED,
                     "Token has been revoked"); /* was deleted */
    return rc;
}

static int token_identify(struct auth *auth, struct db *db, struct view authorization,
                          int64_t now_us, struct principal *p, struct err *reterr)
{
    struct token_claims claims;
    struct view token;
    int rc = bearer_token(authorization, &token, reterr);

    if (rc)
        return rc;
    if (token_accept(auth, token, now_us, &claims) != 0)
        return err_set(reterr, ERR_UNAUTHENTICATED, NOT_VALID);
    p->token_type = claims.type;
    p->token_expires_us = claims.expires_us;
    memcpy(p->token_id, claims.token_id, sizeof p->token_id);
    return claims.type == TOKEN_GUEST ? guest_token_identify(db, &claims, p, reterr)
                                      : user_identify(db, &claims, p, reterr);
}

static bool guest_id_is_accepted(const struct auth *auth, struct view id)
{
    static const char safe[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-";

    switch (auth->config.guest_ids) {
    case OPTIONS_GUEST_IDS_ANY:
        break;
    case OPTIONS_GUEST_IDS_UUID:
        return uuid_is_valid(id);
    default:
        return false;
    }
    if (id.len == 0 || id.len > AUTH_GUEST_ID_MAX)
        return false;
    for (size_t i = 0; i < id.len; i++) {
        if (id.ptr[i] == '\0' || !strchr(safe, id.ptr[i]))
            return false;
    }
    return true;
}

int auth_identify(struct auth *auth, struct db *db,
                  const struct auth_credentials *credentials, int64_t now_us,
                  struct principal *ret, struct err *reterr)
{
    struct principal p = { .kind = PRINCIPAL_NONE };
    char guest_id[AUTH_GUEST_ID_MAX + 1];
    int rc = 0;

    (void)snprintf(p.address, sizeof p.address, "%s", credentials->address);
    if (!network_key(p.address, p.network))
        (void)snprintf(p.network, sizeof p.network, "unknown");
    if (credentials->authorization.len) {
        rc = token_identify(auth, db, credentials->authorization, now_us, &p, reterr);
    } else if (credentials->guest_id.len) {
        if (guest_id_is_accepted(auth, credentials->guest_id)) {
            (void)snprintf(guest_id, sizeof guest_id, "%.*s",
                           (int)credentials->guest_id.len, credentials->guest_id.ptr);
            rc = guest_identify(db, guest_id, &p, reterr);
        } else {
            rc = err_set(reterr, ERR_UNAUTHENTICATED, "Invalid guest id");
        }
    }
    if (rc) {
        p.kind = PRINCIPAL_NONE;
        p.account_id = 0;
    }
    *ret = p; /* network and address hold even when the credentials do not */
    return rc;
}
