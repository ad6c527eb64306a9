/* accounts: makes a database with COUNT users who each have a month of usage, through the
 * same code that the service uses, many users to a transaction.
 *
 *   accounts DATABASE_FILE COUNT */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include "auth/auth.h"
#include "base/clock.h"
#include "jobs/meters.h"
#include "store/db.h"

enum { USERS_PER_COMMIT = 20000, DAYS = 30 };

static int user_add(struct db *db, int64_t number, int64_t now_us, struct err *reterr)
{
    char email[64], username[64];
    struct user_new new_user = { .password_hash = "no password fits this",
                                 .is_active = true,
                                 .is_verified = number % 2 == 0 };
    struct user user;
    const struct usage_amount amounts[] = {
        { METER_FILES_PROCESSED, 1 + number % 7 },
        { METER_INPUT_BYTES, 100000 + number % 1000000 },
        { METER_PROCESSING_TIME, 500000 + number % 90000 },
    };
    struct usage_event event = { .type = "speech_enhancement",
                                 .now_us = now_us - number % DAYS * CLOCK_DAY_US };
    int rc;

    (void)snprintf(email, sizeof email, "user%lld@example.com", (long long)number);
    (void)snprintf(username, sizeof username, "user%lld", (long long)number);
    new_user.email = view_of(email);
    new_user.username = view_of(username);
    rc = auth_user_create(db, &new_user, event.now_us, &user, reterr);
    if (rc)
        return rc;
    event.subject.account_id = user.account_id;
    return usage_charge(db, &event, amounts, sizeof amounts / sizeof amounts[0]);
}

static int users_add(struct db *db, int64_t count, struct err *reterr)
{
    const int64_t now_us = clock_now_us();
    int rc = db_begin(db);

    for (int64_t i = 0; i < count && rc == 0; i++) {
        if (i > 0 && i % USERS_PER_COMMIT == 0) {
            rc = db_commit(db);
            if (rc == 0)
                rc = db_begin(db);
        }
        if (rc == 0)
            rc = user_add(db, i, now_us, reterr);
    }
    return rc ? rc : db_commit(db);
}

static int plans_make(struct db *db, struct err *reterr)
{
    const struct jobs_plan_limits none = { { -1, -1, -1 }, { -1, -1, -1 }, 1 };
    int rc = db_begin(db);

    if (rc == 0)
        rc = jobs_plans_set(db, &none, reterr);
    return rc ? rc : db_commit(db);
}

int main(int argc, char **argv)
{
    const int64_t count = argc == 3 ? strtoll(argv[2], NULL, 10) : 0;
    struct err err = { 0 };
    struct db *db = NULL;
    int rc;

    if (count <= 0) {
        fprintf(stderr, "usage: accounts DATABASE_FILE COUNT\n");
        return 2;
    }
    rc = db_open(argv[1], DB_CREATE, &db, &err);
    if (rc == 0)
        rc = db_migrate(db, &err);
    if (rc == 0)
        rc = plans_make(db, &err);
    if (rc == 0)
        rc = users_add(db, count, &err);
    if (rc && db && !err.text[0])
        db_error(db, &err);
    db_close(&db);
    if (rc)
        fprintf(stderr, "accounts: %s\n", err.text);
    return rc ? 1 : 0;
}
