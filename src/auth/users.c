#include "auth/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "whazz/usage.h"

/* As the plans are named where their limits are made. */
static const char PLAN[] = "user";

void user_row(struct db *db, enum stmt stmt, struct user *ret)
{
    *ret = (struct user){
        .account_id = db_int(db, stmt, 0),
        .is_active = db_int(db, stmt, 4) != 0,
        .is_verified = db_int(db, stmt, 5) != 0,
        .is_admin = db_int(db, stmt, 6) != 0,
        .created_us = db_int(db, stmt, 7),
        .updated_us = db_int(db, stmt, 8),
    };
    column_copy(db, stmt, 1, ret->email, sizeof ret->email);
    column_copy(db, stmt, 2, ret->username, sizeof ret->username);
    column_copy(db, stmt, 3, ret->password_hash, sizeof ret->password_hash);
}

static int user_read(struct db *db, enum stmt stmt, const struct db_arg *args, size_t count,
                     struct user *ret)
{
    int ended, rc = db_run(db, stmt, args, count);

    if (rc == 0)
        rc = db_next(db, stmt);
    if (rc > 0)
        user_row(db, stmt, ret);
    ended = db_done(db, stmt);
    return rc < 0 ? rc : ended < 0 ? ended : rc > 0 ? 0 : ERR_NOT_FOUND;
}

int auth_user_get(struct db *db, int64_t account_id, struct user *ret)
{
    return user_read(db, STMT_USER_GET, DB_ARGS(DB_INT(account_id)), ret);
}

int auth_user_find(struct db *db, struct view username_or_email, struct user *ret)
{
    return user_read(db, STMT_USER_BY_NAME, DB_ARGS(DB_VIEW(username_or_email)), ret);
}

/* Whether another account than `account_id` has that email or username. */
static int is_taken(struct db *db, enum stmt stmt, struct view text, int64_t account_id,
                    bool *ret)
{
    int64_t owner;
    const int rc = db_get_int(db, stmt, DB_ARGS(DB_VIEW(text)), &owner);

    *ret = rc == 0 && owner != account_id;
    return rc == ERR_NOT_FOUND ? 0 : rc;
}

/* People are found by either, so whoever took another's email for a name would be found in
 * their place. */
static int is_anothers(struct db *db, struct view text, int64_t account_id, bool *ret)
{
    int rc = 0;

    *ret = false;
    if (text.ptr)
        rc = is_taken(db, STMT_USER_OF_EMAIL, text, account_id, ret);
    if (text.ptr && rc == 0 && !*ret)
        rc = is_taken(db, STMT_USER_OF_USERNAME, text, account_id, ret);
    return rc;
}

static int taken_check(struct db *db, struct view email, struct view username,
                       int64_t account_id, const char *email_text, struct err *reterr)
{
    bool taken = false;
    int rc = is_anothers(db, email, account_id, &taken);

    if (rc == 0 && taken)
        return err_set(reterr, ERR_CONFLICT, "%s", email_text);
    if (rc == 0)
        rc = is_anothers(db, username, account_id, &taken);
    if (rc == 0 && taken)
        return err_set(reterr, ERR_CONFLICT, "Username already taken");
    return rc;
}

/* Adds a user's part in the overview's figures, or takes it back with sign -1. */
static int counts_change(struct db *db, const struct user *user, int64_t sign)
{
    int rc = db_count_add(db, "users_total", sign);

    if (rc == 0 && user->is_active)
        rc = db_count_add(db, "users_active", sign);
    if (rc == 0 && user->is_verified)
        rc = db_count_add(db, "users_verified", sign);
    if (rc == 0 && user->is_admin)
        rc = db_count_add(db, "users_admins", sign);
    return rc;
}

static int arrival_count(struct db *db, int64_t now_us)
{
    const int64_t minute = now_us / CLOCK_MINUTE_US;
    const int rc = db_exec(db, STMT_USER_ARRIVAL_ADD, DB_ARGS(DB_INT(minute)));

    return rc ? rc
              : db_exec(db, STMT_USER_ARRIVALS_TRIM,
                        DB_ARGS(DB_INT(minute - CLOCK_DAY_US / CLOCK_MINUTE_US)));
}

int auth_user_create(struct db *db, const struct user_new *user, int64_t now_us,
                     struct user *ret, struct err *reterr)
{
    int64_t account_id;
    int rc = taken_check(db, user->email, user->username, 0, "Email already registered",
                         reterr);

    if (rc == 0)
        rc = usage_account_create(db, USAGE_CLASS_MEMBER, PLAN, now_us, &account_id);
    if (rc == 0)
        rc = db_exec(db, STMT_USER_ADD,
                     DB_ARGS(DB_INT(account_id), DB_VIEW(user->email),
                             DB_VIEW(user->username), DB_TEXT(user->password_hash),
                             DB_INT(user->is_active), DB_INT(user->is_verified),
                             DB_INT(user->is_admin), DB_INT(now_us)));
    if (rc == 0)
        rc = auth_user_get(db, account_id, ret);
    if (rc == 0)
        rc = counts_change(db, ret, 1);
    return rc ? rc : arrival_count(db, now_us);
}

int auth_user_change(struct db *db, int64_t account_id, const struct user_changes *changes,
                     int64_t now_us, struct user *ret, struct err *reterr)
{
    struct user before, after;
    int rc = auth_user_get(db, account_id, &before);

    if (rc == 0)
        rc = taken_check(db, changes->email, changes->username, account_id,
                         "Email already in use", reterr);
    if (rc)
        return rc;
    after = before;
    after.updated_us = now_us;
    if (changes->email.ptr)
        (void)snprintf(after.email, sizeof after.email, "%.*s", (int)changes->email.len,
                       changes->email.ptr);
    if (changes->username.ptr)
        (void)snprintf(after.username, sizeof after.username, "%.*s",
                       (int)changes->username.len, changes->username.ptr);
    if (changes->is_active >= 0)
        after.is_active = changes->is_active;
    if (changes->is_verified >= 0)
        after.is_verified = changes->is_verified;
    if (changes->is_admin >= 0)
        after.is_admin = changes->is_admin;
    rc = db_exec(db, STMT_USER_UPDATE,
                 DB_ARGS(DB_TEXT(after.email), DB_TEXT(after.username),
                         DB_INT(after.is_active), DB_INT(after.is_verified),
                         DB_INT(after.is_admin), DB_INT(now_us), DB_INT(account_id)));
    if (rc == 0)
        rc = counts_change(db, &before, -1);
    if (rc == 0)
        rc = counts_change(db, &after, 1);
    if (rc == 0 && before.is_active && !after.is_active)
        rc = db_exec(db, STMT_SESSIONS_END, DB_ARGS(DB_INT(account_id)));
    if (rc == 0)
        *ret = after;
    return rc;
}

int auth_user_password_upgrade(struct db *db, int64_t account_id, const char *hash)
{
    const int rc = db_exec(db, STMT_USER_SET_HASH,
                           DB_ARGS(DB_TEXT(hash), DB_INT(account_id)));

    return rc == 0 && db_changes(db) == 0 ? ERR_NOT_FOUND : rc;
}

int auth_user_password_set(struct db *db, int64_t account_id, const char *hash,
                           int64_t now_us)
{
    int rc = auth_user_password_upgrade(db, account_id, hash);

    if (rc == 0)
        rc = db_exec(db, STMT_USER_TOUCH, DB_ARGS(DB_INT(now_us), DB_INT(account_id)));
    return rc ? rc : db_exec(db, STMT_SESSIONS_END, DB_ARGS(DB_INT(account_id)));
}

int auth_user_delete(struct db *db, int64_t account_id, int64_t now_us)
{
    struct user user;
    int rc = auth_user_get(db, account_id, &user);

    if (rc == 0)
        rc = db_exec(db, STMT_SESSIONS_END, DB_ARGS(DB_INT(account_id)));
    if (rc == 0)
        rc = db_exec(db, STMT_USER_REMOVE, DB_ARGS(DB_INT(account_id)));
    if (rc == 0)
        rc = counts_change(db, &user, -1);
    if (rc == 0)
        rc = db_exec(db, STMT_USER_ARRIVAL_FORGET,
                     DB_ARGS(DB_INT(user.created_us / CLOCK_MINUTE_US)));
    return rc ? rc : usage_account_close(db, account_id, now_us);
}

int auth_has_other_admin(struct db *db, int64_t account_id, bool *ret)
{
    int64_t count;
    const int rc = db_get_int(db, STMT_USERS_OTHER_ADMINS, DB_ARGS(DB_INT(account_id)),
                              &count);

    *ret = rc == 0 && count > 0;
    return rc;
}

static int count_read(struct db *db, const char *name, int64_t *ret)
{
    const int rc = db_get_int(db, STMT_COUNT_READ, DB_ARGS(DB_TEXT(name)), ret);

    return rc == ERR_NOT_FOUND ? 0 : rc;
}

int auth_totals_read(struct db *db, struct auth_counts *ret)
{
    const int rc = count_read(db, "users_total", &ret->users_total);

    return rc ? rc : count_read(db, "guests_total", &ret->guests_total);
}

int auth_counts_read(struct db *db, int64_t now_us, struct auth_counts *ret)
{
    struct auth_counts c = { 0 };
    const struct {
        const char *name;
        int64_t *to;
    } figures[] = {
        { "users_active", &c.users_active },
        { "users_verified", &c.users_verified },
        { "users_admins", &c.users_admins },
    };
    int rc = auth_totals_read(db, &c);

    for (size_t i = 0; i < sizeof figures / sizeof figures[0] && rc == 0; i++)
        rc = count_read(db, figures[i].name, figures[i].to);
    if (rc == 0)
        rc = db_get_int(db, STMT_USER_ARRIVALS_SINCE,
                        DB_ARGS(DB_INT((now_us - CLOCK_DAY_US) / CLOCK_MINUTE_US)),
                        &c.users_new_last_24h);
    /* Few at a time: the janitor removes them. */
    if (rc == 0)
        rc = db_get_int(db, STMT_GUESTS_EXPIRED_COUNT, DB_ARGS(DB_INT(now_us)),
                        &c.guests_expired);
    c.guests_active = c.guests_total - c.guests_expired;
    if (rc == 0)
        *ret = c;
    return rc;
}
