#include "auth/internal.h"

#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "whazz/usage.h"

/* As the plans are named where their limits are made. */
static const char PLAN[] = "guest", PLAN_OF_NETWORK[] = "network";

/* How long a guest who made up its own id is remembered: longer than any window of its
 * limits, so that waiting for the session's end resets none early. */
static const int64_t HEADER_GUEST_US = 35 * CLOCK_DAY_US;

static void guest_row(struct db *db, enum stmt stmt, struct guest *ret)
{
    *ret = (struct guest){
        .account_id = db_int(db, stmt, 0),
        .group_id = db_int(db, stmt, 1),
        .converted_to = db_int(db, stmt, 5),
        .created_us = db_int(db, stmt, 6),
        .last_active_us = db_int(db, stmt, 7),
        .expires_us = db_int(db, stmt, 8),
    };
    column_copy(db, stmt, 2, ret->guest_id, sizeof ret->guest_id);
    column_copy(db, stmt, 3, ret->address, sizeof ret->address);
    column_copy(db, stmt, 4, ret->user_agent, sizeof ret->user_agent);
}

/* Calls `row` with each guest of a statement. */
static int guests_walk(struct db *db, enum stmt stmt, const struct db_arg *args,
                       size_t count, int (*row)(void *ctx, const struct guest *guest),
                       void *ctx)
{
    int ended, rc = db_run(db, stmt, args, count);

    while (rc == 0) {
        const int got = db_next(db, stmt);
        struct guest guest;

        if (got <= 0) {
            rc = got;
            break;
        }
        guest_row(db, stmt, &guest);
        rc = row(ctx, &guest);
    }
    ended = db_done(db, stmt);
    return rc ? rc : ended;
}

struct first {
    struct guest guest;
    bool found;
};

static int take_first(void *ctx, const struct guest *guest)
{
    struct first *first = ctx;

    first->guest = *guest;
    first->found = true;
    return 0;
}

static int guest_read(struct db *db, enum stmt stmt, const struct db_arg *args,
                      size_t count, struct guest *ret)
{
    struct first first = { .found = false };
    const int rc = guests_walk(db, stmt, args, count, take_first, &first);

    if (rc || !first.found)
        return rc ? rc : ERR_NOT_FOUND;
    *ret = first.guest;
    return 0;
}

int guest_is_gone(struct err *reterr)
{
    return err_set(reterr, ERR_UNAUTHENTICATED,
                   "This guest has become a user: log in instead");
}

int auth_guest_get(struct db *db, struct view guest_id, struct guest *ret)
{
    return guest_read(db, STMT_GUEST_OF_ID, DB_ARGS(DB_VIEW(guest_id)), ret);
}

int auth_guest_by_account(struct db *db, int64_t account_id, struct guest *ret)
{
    return guest_read(db, STMT_GUEST_OF_ACCOUNT, DB_ARGS(DB_INT(account_id)), ret);
}

int auth_guest_list(struct db *db, int64_t skip, int64_t limit, bool with_expired,
                    int64_t now_us, int (*row)(void *ctx, const struct guest *guest),
                    void *ctx)
{
    return guests_walk(
        db, STMT_GUESTS_LIST,
        DB_ARGS(DB_INT(with_expired ? -1 : now_us), DB_INT(limit), DB_INT(skip)), row, ctx);
}

static int network_ensure(struct db *db, const char *network, int64_t now_us,
                          int64_t *ret_group_id)
{
    int rc = db_get_int(db, STMT_NETWORK_GROUP, DB_ARGS(DB_TEXT(network)), ret_group_id);

    if (rc != ERR_NOT_FOUND)
        return rc;
    rc = usage_account_create(db, USAGE_CLASS_GROUP, PLAN_OF_NETWORK, now_us, ret_group_id);
    return rc ? rc
              : db_exec(db, STMT_NETWORK_ADD,
                        DB_ARGS(DB_TEXT(network), DB_INT(*ret_group_id)));
}

/* A new guest: account, session row and network group. */
static int guest_make(struct auth *auth, struct db *db, struct principal *p,
                      struct view user_agent, int64_t now_us, int64_t expires_us,
                      struct err *reterr)
{
    struct view agent = view_slice(user_agent.ptr ? user_agent : view_of(""), 0, 255);
    int64_t account_id, group_id, retry_s;
    int rc = throttle_count(auth->guests, view_of(p->network), now_us, &retry_s);

    if (rc) {
        (void)err_set(reterr, rc,
                      "Too many new guests from your network. Try again in %lld seconds",
                      (long long)retry_s);
        if (reterr)
            reterr->retry_after_s = retry_s;
        return rc;
    }
    rc = network_ensure(db, p->network, now_us, &group_id);
    if (rc == 0)
        rc = usage_account_create(db, USAGE_CLASS_GUEST, PLAN, now_us, &account_id);
    if (rc == 0)
        rc = db_exec(db, STMT_GUEST_ADD,
                     DB_ARGS(DB_INT(account_id), DB_TEXT(p->guest_id), DB_INT(group_id),
                             DB_TEXT(p->address), DB_VIEW(agent), DB_INT(now_us),
                             DB_INT(expires_us)));
    if (rc == 0)
        rc = db_count_add(db, "guests_total", 1);
    if (rc)
        return rc;
    p->kind = PRINCIPAL_GUEST;
    p->account_id = account_id;
    p->group_id = group_id;
    return 0;
}

int auth_guest_ensure(struct auth *auth, struct db *db, struct principal *principal,
                      struct view user_agent, int64_t now_us, struct err *reterr)
{
    struct guest guest;
    int rc = auth_guest_get(db, view_of(principal->guest_id), &guest);

    if (rc == 0 && guest.converted_to)
        return guest_is_gone(reterr);
    if (rc == 0) {
        principal->account_id = guest.account_id;
        principal->group_id = guest.group_id;
        return 0;
    }
    if (rc != ERR_NOT_FOUND)
        return rc;
    return guest_make(auth, db, principal, user_agent, now_us, now_us + HEADER_GUEST_US,
                      reterr);
}

int auth_guest_session_start(struct auth *auth, struct db *db, struct principal *principal,
                             struct view user_agent, int64_t now_us,
                             char token[AUTH_TOKEN_MAX], int64_t *ret_expires_us,
                             struct err *reterr)
{
    const int64_t expires_us = now_us + auth->config.guest_token_us;
    struct token_claims claims = { .type = TOKEN_GUEST, .expires_us = expires_us };
    int rc;

    uuid_make(principal->guest_id);
    rc = guest_make(auth, db, principal, user_agent, now_us, expires_us, reterr);
    if (rc)
        return rc;
    (void)snprintf(claims.subject, sizeof claims.subject, "%s", principal->guest_id);
    uuid_make(claims.token_id);
    rc = token_sign(&auth->key, &claims, token, reterr);
    if (rc == 0)
        *ret_expires_us = expires_us;
    return rc;
}

static int guest_forget(struct db *db, const struct guest *guest, int64_t now_us)
{
    int rc = db_exec(db, STMT_GUEST_REMOVE, DB_ARGS(DB_INT(guest->account_id)));

    if (rc == 0)
        rc = db_count_add(db, "guests_total", -1);
    if (rc == 0 && !guest->converted_to)
        rc = usage_account_close(db, guest->account_id, now_us);
    return rc;
}

int auth_guest_delete(struct db *db, struct view guest_id, int64_t now_us)
{
    struct guest guest;
    const int rc = auth_guest_get(db, guest_id, &guest);

    return rc ? rc : guest_forget(db, &guest, now_us);
}

int auth_guest_merge(struct db *db, struct view guest_id, int64_t user_account_id,
                     int64_t now_us, int64_t *ret_account_id)
{
    struct guest guest;
    int rc = auth_guest_get(db, guest_id, &guest);

    *ret_account_id = 0;
    if (rc == ERR_NOT_FOUND || (rc == 0 && guest.converted_to))
        return 0;
    if (rc == 0)
        rc = usage_merge(db, guest.account_id, user_account_id, now_us);
    if (rc == 0)
        rc = db_exec(db, STMT_GUEST_CONVERT,
                     DB_ARGS(DB_INT(user_account_id), DB_INT(guest.account_id)));
    if (rc == 0)
        *ret_account_id = guest.account_id;
    return rc;
}

int auth_cleanup(struct db *db, int64_t now_us, int64_t most,
                 int (*forget)(void *ctx, struct db *db, int64_t account_id), void *ctx,
                 int64_t *ret_guests)
{
    int rc = db_exec(db, STMT_TOKENS_FORGET, DB_ARGS(DB_INT(now_us)));

    *ret_guests = 0;
    if (rc == 0)
        rc = db_exec(db, STMT_SESSIONS_FORGET, DB_ARGS(DB_INT(now_us)));
    while (rc == 0 && *ret_guests < most) {
        struct first first = { .found = false };

        rc = guests_walk(db, STMT_GUESTS_DUE, DB_ARGS(DB_INT(now_us), DB_INT(1)),
                         take_first, &first);
        if (rc || !first.found)
            break;
        if (!first.guest.converted_to)
            rc = forget(ctx, db, first.guest.account_id);
        if (rc == 0)
            rc = guest_forget(db, &first.guest, now_us);
        *ret_guests += 1;
    }
    return rc;
}
