/* People and guests in a database of their own, in one transaction that is never committed.
 */
#ifndef TESTS_UNIT_AUTH_FIXTURE_H
#define TESTS_UNIT_AUTH_FIXTURE_H

#include "tests/unit/unit.h"

#include "auth/internal.h"
#include "base/clock.h"
#include "base/options.h"
#include "tests/unit/store_folder.h"
#include "whazz/usage.h"

#define NOW ((int64_t)1795489766879675) /* 2026-11-24 */

static const char KEY[] = "0123456789abcdef0123456789abcdef";

struct fixture {
    void *folder;
    struct db *db;
    struct auth *auth;
    struct err err; /* of the last call */
};

static inline struct auth *auth_made(int64_t guests_per_hour, int guest_ids)
{
    const struct auth_config config = { .secret = KEY,
                                        .secret_len = sizeof KEY - 1,
                                        .access_token_us = 30 * CLOCK_MINUTE_US,
                                        .refresh_token_us = 7 * CLOCK_DAY_US,
                                        .guest_token_us = 7 * CLOCK_DAY_US,
                                        .guest_ids = guest_ids,
                                        .guests_per_hour = guests_per_hour,
                                        .logins_per_minute = 3,
                                        .signups_per_hour = 2 };
    struct auth *auth = NULL;

    assert_int_equal(auth_new(&config, &auth, NULL), 0);
    return auth;
}

static inline int fixture_setup(void **state)
{
    static const char *const plans[] = { "user", "guest", "network" };
    const struct usage_meter meter = { "api_calls", "count", false };
    struct fixture *f = calloc(1, sizeof *f);
    struct err err = { 0 };

    assert_non_null(f);
    assert_int_equal(folder_setup(&f->folder), 0);
    if (db_open(((struct folder *)f->folder)->path, DB_CREATE, &f->db, &err) != 0 ||
        db_migrate(f->db, &err) != 0)
        fail_msg("%s", err.text);
    assert_int_equal(db_begin(f->db), 0);
    assert_int_equal(usage_meters_declare(f->db, &meter, 1, NULL), 0);
    for (size_t i = 0; i < UNIT_COUNT(plans); i++)
        assert_int_equal(usage_plan_set(f->db, plans[i], NULL, 0, NULL), 0);
    f->auth = auth_made(0, OPTIONS_GUEST_IDS_ANY);
    *state = f;
    return 0;
}

static inline int fixture_teardown(void **state)
{
    struct fixture *f = *state;

    auth_free(&f->auth);
    db_rollback(f->db);
    db_close(&f->db);
    assert_int_equal(folder_teardown(&f->folder), 0);
    free(f);
    return 0;
}

/* ---- people ---- */

static inline struct user user_made(struct fixture *f, const char *name)
{
    char email[64];
    const struct user_new person = { .email = { email, strlen(name) + 12 },
                                     .username = view_of(name),
                                     .password_hash = "unused",
                                     .is_active = true };
    struct user user;

    (void)snprintf(email, sizeof email, "%s@example.org", name);
    assert_int_equal(auth_user_create(f->db, &person, NOW, &user, &f->err), 0);
    return user;
}

static inline struct auth_tokens logged_in(struct fixture *f, int64_t account_id,
                                           int64_t now_us)
{
    struct auth_tokens tokens;

    assert_int_equal(
        auth_session_start(f->auth, f->db, account_id, now_us, &tokens, &f->err), 0);
    return tokens;
}

/* ---- requests ---- */

static inline int identified(struct fixture *f, const char *authorization,
                             const char *guest_id, int64_t now_us, struct principal *ret)
{
    const struct auth_credentials credentials = { view_of(authorization), view_of(guest_id),
                                                  "203.0.113.9" };

    f->err = (struct err){ 0 };
    return auth_identify(f->auth, f->db, &credentials, now_us, ret, &f->err);
}

static inline int bearer(struct fixture *f, const char *token, int64_t now_us,
                         struct principal *ret)
{
    char header[AUTH_TOKEN_MAX + 8];

    (void)snprintf(header, sizeof header, "Bearer %s", token);
    return identified(f, header, NULL, now_us, ret);
}

#define assert_refused(call, code, words)                                                  \
    do {                                                                                   \
        assert_int_equal((call), (code));                                                  \
        assert_string_equal(f->err.text, (words));                                         \
    } while (0)

/* ---- the users' and guests' figures ---- */

static inline struct auth_counts counts_at(struct fixture *f, int64_t now_us)
{
    struct auth_counts counts;

    assert_int_equal(auth_counts_read(f->db, now_us, &counts), 0);
    return counts;
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

#endif
