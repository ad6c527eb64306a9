#include "tests/unit/http_fake.h"

#include "server/api/problem.h"
#include "store/db.h"
#include "tests/unit/store_folder.h"

/* What stands between the steps of a login: the password is judged on a snapshot, the
 * session starts in a later transaction. */

struct fixture {
    struct fake f; /* first */
    void *folder;
    const struct route *login;
    struct user user;
};

static void user_add(struct fixture *x, const char *password)
{
    const struct usage_limit none = { 0 };
    struct user_new person = { .email = view_of("ann@example.org"),
                               .username = view_of("ann"),
                               .is_active = true };
    char hash[AUTH_HASH_MAX];

    assert_int_equal(usage_plan_set(x->f.db, "user", &none, 0, NULL), 0);
    assert_int_equal(auth_password_hash(view_of(password), hash, NULL), 0);
    person.password_hash = hash;
    assert_int_equal(auth_user_create(x->f.db, &person, NOW, &x->user, NULL), 0);
}

static int setup(void **state)
{
    const struct auth_config config = { .secret = "0123456789abcdef0123456789abcdef",
                                        .secret_len = 32,
                                        .access_token_us = CLOCK_MINUTE_US,
                                        .refresh_token_us = CLOCK_HOUR_US,
                                        .logins_per_minute = 2 };
    struct fixture *x = calloc(1, sizeof *x);

    assert_non_null(x);
    assert_int_equal(folder_setup(&x->folder), 0);
    assert_int_equal(db_open(((struct folder *)x->folder)->path, DB_CREATE, &x->f.db, NULL),
                     0);
    assert_int_equal(db_migrate(x->f.db, NULL), 0);
    assert_int_equal(auth_new(&config, &x->f.api.auth, NULL), 0);
    user_add(x, "correct horse");
    for (const struct route *r = api_routes_auth; r->path; r++) {
        if (strcmp(r->path, "/auth/login") == 0)
            x->login = r;
    }
    assert_non_null(x->login);
    *state = x;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *x = *state;

    fake_end(&x->f);
    auth_free(&x->f.api.auth);
    db_close(&x->f.db);
    assert_int_equal(folder_teardown(&x->folder), 0);
    free(x);
    return 0;
}

static int login_until_write(struct fixture *x, const char *name, const char *password)
{
    int rc;

    fake_end(&x->f);
    fake_begin(&x->f);
    buf_addf(&x->f.req.body, "{\"username_or_email\":\"%s\",\"password\":\"%s\"}", name,
             password);
    (void)strcpy(x->f.context.principal.network, "203.0.113.0/24");
    rc = x->login->prepare(&x->f.req, &x->f.reply);
    return rc ? rc : x->login->work(&x->f.req, &x->f.reply);
}

static int login_write(struct fixture *x)
{
    int rc;

    x->f.req.db = x->f.db;
    rc = x->login->write(&x->f.req, &x->f.reply);
    x->f.req.db = NULL;
    return rc;
}

static void a_login_gives_both_tokens(void **state)
{
    struct fixture *x = *state;

    assert_int_equal(login_until_write(x, "ann", "correct horse"), 0);
    assert_int_equal(login_write(x), 0);
    assert_non_null(strstr(x->f.reply.body.data, "\"access_token\":\"ey"));
    assert_non_null(strstr(x->f.reply.body.data, "\"refresh_token\":\"ey"));
    assert_non_null(strstr(x->f.reply.body.data, "\"token_type\":\"bearer\""));
    assert_string_equal(fake_reply_header(&x->f, "Cache-Control"), "no-store");
    assert_int_equal(login_until_write(x, "ann@example.org", "correct horse"), 0);
    assert_int_equal(login_write(x), 0);
}

static void an_unknown_name_and_a_wrong_password_look_the_same(void **state)
{
    struct fixture *x = *state;
    char first[ERR_TEXT_MAX];

    assert_int_equal(login_until_write(x, "ann", "wrong horse"), ERR_UNAUTHENTICATED);
    (void)strcpy(first, x->f.req.err.text);
    assert_string_equal(first, "Incorrect username/email or password");
    assert_int_equal(login_until_write(x, "nobody", "wrong horse"), ERR_UNAUTHENTICATED);
    assert_string_equal(x->f.req.err.text, first);
}

static void failed_logins_are_throttled_and_successes_are_not(void **state)
{
    struct fixture *x = *state;

    for (int i = 0; i < 4; i++)
        assert_int_equal(login_until_write(x, "ann", "correct horse"), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(login_until_write(x, "ann", "wrong horse"), ERR_UNAUTHENTICATED);
    assert_int_equal(login_until_write(x, "ann", "correct horse"), ERR_THROTTLED);
    assert_in_range(x->f.req.err.retry_after_s, 1, 64);
    assert_int_equal(login_until_write(x, "bob", "wrong horse"), ERR_UNAUTHENTICATED);
}

/* The bound is on a person: its other name opens no second one. */
static void both_names_of_a_person_share_the_bound(void **state)
{
    struct fixture *x = *state;

    assert_int_equal(login_until_write(x, "ann", "wrong horse"), ERR_UNAUTHENTICATED);
    assert_int_equal(login_until_write(x, "ann@example.org", "wrong horse"),
                     ERR_UNAUTHENTICATED);
    assert_int_equal(login_until_write(x, "ann", "wrong horse"), ERR_THROTTLED);
    assert_int_equal(login_until_write(x, "ann@example.org", "wrong horse"), ERR_THROTTLED);
}

static void a_password_that_changes_meanwhile_ends_the_login(void **state)
{
    struct fixture *x = *state;
    char hash[AUTH_HASH_MAX];

    assert_int_equal(login_until_write(x, "ann", "correct horse"), 0);
    assert_int_equal(auth_password_hash(view_of("another horse"), hash, NULL), 0);
    assert_int_equal(auth_user_password_set(x->f.db, x->user.account_id, hash, NOW), 0);
    assert_int_equal(login_write(x), ERR_UNAUTHENTICATED);
    assert_string_equal(x->f.req.err.text, "Incorrect username/email or password");
    assert_int_equal(login_until_write(x, "ann", "another horse"), 0);
    assert_int_equal(login_write(x), 0);
}

static void a_user_who_is_deactivated_meanwhile_is_not_let_in(void **state)
{
    const struct user_changes off = { .is_active = 0, .is_verified = -1, .is_admin = -1 };
    struct fixture *x = *state;

    assert_int_equal(login_until_write(x, "ann", "correct horse"), 0);
    assert_int_equal(
        auth_user_change(x->f.db, x->user.account_id, &off, NOW, &x->user, NULL), 0);
    assert_int_equal(login_write(x), ERR_FORBIDDEN);
    assert_int_equal(login_until_write(x, "ann", "correct horse"), ERR_FORBIDDEN);
    assert_string_equal(x->f.req.err.text, "User account is inactive");
}

static void a_user_who_is_deleted_meanwhile_is_nobody(void **state)
{
    struct fixture *x = *state;

    assert_int_equal(login_until_write(x, "ann", "correct horse"), 0);
    assert_int_equal(auth_user_delete(x->f.db, x->user.account_id, NOW), 0);
    assert_int_equal(login_write(x), ERR_UNAUTHENTICATED);
}

static void an_old_hash_is_replaced_at_login(void **state)
{
    struct fixture *x = *state;

    assert_int_equal(auth_user_password_upgrade(
                         x->f.db, x->user.account_id,
                         "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"),
                     0);
    assert_int_equal(login_until_write(x, "ann", "correct horse"), 0);
    assert_int_equal(login_write(x), 0);
    assert_int_equal(auth_user_get(x->f.db, x->user.account_id, &x->user), 0);
    assert_memory_equal(x->user.password_hash, "$argon2id$", 10);
    assert_int_equal(login_until_write(x, "ann", "correct horse"), 0);
    assert_int_equal(login_write(x), 0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_login_gives_both_tokens),
        CASE(an_unknown_name_and_a_wrong_password_look_the_same),
        CASE(failed_logins_are_throttled_and_successes_are_not),
        CASE(both_names_of_a_person_share_the_bound),
        CASE(a_password_that_changes_meanwhile_ends_the_login),
        CASE(a_user_who_is_deactivated_meanwhile_is_not_let_in),
        CASE(a_user_who_is_deleted_meanwhile_is_nobody),
        CASE(an_old_hash_is_replaced_at_login),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
