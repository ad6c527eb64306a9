#include "tests/unit/auth_fixture.h"

static const char NOT_VALID[] = "Could not validate credentials";
static const char REVOKED[] = "Token has been revoked";
static const char KEY_ONE[] = "0123456789abcdef";

static int refreshed_with(struct fixture *f, const char *token, const char *key,
                          int64_t now_us, struct auth_tokens *ret, bool *reused)
{
    f->err = (struct err){ 0 };
    return auth_session_refresh(f->auth, f->db, view_of(token), view_of(key), now_us, ret,
                                reused, &f->err);
}

static int refreshed(struct fixture *f, const char *token, int64_t now_us,
                     struct auth_tokens *ret, bool *reused)
{
    return refreshed_with(f, token, NULL, now_us, ret, reused);
}

static int logged_out(struct fixture *f, const char *token)
{
    char header[AUTH_TOKEN_MAX + 8];

    (void)snprintf(header, sizeof header, "bearer %s", token);
    f->err = (struct err){ 0 };
    return auth_logout(f->auth, f->db, view_of(header), NOW, &f->err);
}

static void an_access_token_names_its_user(void **state)
{
    struct fixture *f = *state;
    struct user ann = user_made(f, "ann");
    struct auth_tokens t = logged_in(f, ann.account_id, NOW);
    struct principal p;

    assert_int_equal(bearer(f, t.access, NOW, &p), 0);
    assert_int_equal(p.kind, PRINCIPAL_USER);
    assert_int_equal(p.account_id, ann.account_id);
    assert_string_equal(p.username, "ann");
    assert_string_equal(p.network, "203.0.113.0/24");
    assert_false(p.is_admin);
    assert_int_equal(bearer(f, t.access, NOW + 29 * CLOCK_MINUTE_US, &p), 0);
    assert_refused(bearer(f, t.access, NOW + 30 * CLOCK_MINUTE_US, &p), ERR_UNAUTHENTICATED,
                   NOT_VALID);
    assert_int_equal(p.kind, PRINCIPAL_NONE);
    assert_int_equal(p.account_id, 0);
    assert_string_equal(p.network, "203.0.113.0/24");
    assert_refused(bearer(f, t.refresh, NOW, &p), ERR_UNAUTHENTICATED,
                   "Invalid token type");
}

/* A bad credential never falls back to another one. */
static void bad_credentials_are_refused(void **state)
{
    struct fixture *f = *state;
    const int64_t id = user_made(f, "ann").account_id;
    struct auth_tokens t = logged_in(f, id, NOW);
    struct principal p;

    t.access[strlen(t.access) - 1] ^= 1;
    assert_refused(bearer(f, t.access, NOW, &p), ERR_UNAUTHENTICATED, NOT_VALID);
    assert_refused(identified(f, "Bearer x", "guest-1", NOW, &p), ERR_UNAUTHENTICATED,
                   NOT_VALID);
    assert_int_equal(p.kind, PRINCIPAL_NONE);
    assert_refused(identified(f, "Basic YTpi", "guest-1", NOW, &p), ERR_UNAUTHENTICATED,
                   "Invalid authentication credentials");
    assert_refused(identified(f, "Bearer ", NULL, NOW, &p), ERR_UNAUTHENTICATED,
                   "Not authenticated");
    assert_int_equal(identified(f, "", "", NOW, &p), 0);
    assert_int_equal(p.kind, PRINCIPAL_NONE);
}

/* Signed with the right key, but of no session of ours. */
static void a_signed_token_without_a_session_is_refused(void **state)
{
    static const struct {
        const char *subject, *family, *words;
    } cases[] = {
        { "1", "", NOT_VALID },   { "1", "00000000-0000-4000-8000-000000000000", REVOKED },
        { "999", "", NOT_VALID }, { "-1", "", NOT_VALID },
        { "1 ", "", NOT_VALID },  { "9999999999999999999", "", NOT_VALID },
    };
    struct fixture *f = *state;
    struct principal p;

    assert_int_equal(user_made(f, "ann").account_id, 1);
    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        struct token_claims claims = { .type = TOKEN_ACCESS,
                                       .expires_us = NOW + CLOCK_DAY_US };
        char token[AUTH_TOKEN_MAX];

        (void)strcpy(claims.subject, cases[i].subject);
        (void)strcpy(claims.family, cases[i].family);
        assert_int_equal(token_sign(&f->auth->key, &claims, token, NULL), 0);
        assert_refused(bearer(f, token, NOW, &p), ERR_UNAUTHENTICATED, cases[i].words);
    }
}

static void refreshing_rotates_and_reuse_ends_the_family(void **state)
{
    struct fixture *f = *state;
    const int64_t id = user_made(f, "ann").account_id;
    struct auth_tokens first = logged_in(f, id, NOW), other = logged_in(f, id, NOW + 1);
    struct auth_tokens second, third;
    struct principal p;
    bool reused = true;

    assert_int_equal(refreshed(f, first.refresh, NOW, &second, &reused), 0);
    assert_false(reused);
    assert_string_not_equal(first.refresh, second.refresh);
    assert_int_equal(bearer(f, second.access, NOW, &p), 0);
    assert_int_equal(bearer(f, first.access, NOW, &p), 0);
    assert_int_equal(refreshed(f, first.refresh, NOW, &third, &reused), 0);
    assert_true(reused);
    assert_refused(bearer(f, second.access, NOW, &p), ERR_UNAUTHENTICATED, REVOKED);
    assert_refused(bearer(f, first.access, NOW, &p), ERR_UNAUTHENTICATED, REVOKED);
    assert_refused(refreshed(f, second.refresh, NOW, &third, &reused), ERR_UNAUTHENTICATED,
                   REVOKED);
    assert_false(reused);
    assert_int_equal(bearer(f, other.access, NOW, &p), 0);
    assert_int_equal(refreshed(f, other.refresh, NOW, &third, &reused), 0);
    assert_false(reused);
}

/* Trades `used` with KEY_ONE at NOW, and once more with `key` at `again_us`. */
static bool is_answered_again(struct fixture *f, const char *key, int64_t again_us)
{
    const int64_t id = user_made(f, key ? key : "nobody").account_id;
    struct auth_tokens used = logged_in(f, id, NOW), first, again = { "", "" };
    struct principal p;
    bool reused = true;

    assert_int_equal(refreshed_with(f, used.refresh, KEY_ONE, NOW, &first, &reused), 0);
    assert_false(reused);
    assert_int_equal(refreshed_with(f, used.refresh, key, again_us, &again, &reused), 0);
    if (reused) {
        assert_refused(bearer(f, first.access, NOW, &p), ERR_UNAUTHENTICATED, REVOKED);
        assert_refused(refreshed(f, first.refresh, NOW, &again, &reused),
                       ERR_UNAUTHENTICATED, REVOKED);
        return false;
    }
    assert_string_equal(again.access, first.access);
    assert_string_equal(again.refresh, first.refresh);
    assert_int_equal(bearer(f, again.access, NOW, &p), 0);
    assert_int_equal(refreshed(f, again.refresh, NOW, &again, &reused), 0);
    assert_false(reused);
    return true;
}

static void a_trade_with_a_key_is_answered_again_for_a_minute(void **state)
{
    assert_true(is_answered_again(*state, KEY_ONE, NOW + AUTH_REPEAT_US - 1));
}

static void a_repeat_that_comes_late_ends_the_family(void **state)
{
    assert_false(is_answered_again(*state, KEY_ONE, NOW + AUTH_REPEAT_US));
}

static void a_repeat_with_another_key_or_none_ends_the_family(void **state)
{
    assert_false(is_answered_again(*state, "0123456789abcdeX", NOW + 1));
    assert_false(is_answered_again(*state, NULL, NOW + 1));
}

static void a_trade_without_a_key_is_never_answered_again(void **state)
{
    struct fixture *f = *state;
    const int64_t id = user_made(f, "ann").account_id;
    struct auth_tokens zeroth = logged_in(f, id, NOW), first, second, third;
    bool reused;

    assert_int_equal(refreshed_with(f, zeroth.refresh, KEY_ONE, NOW, &first, &reused), 0);
    assert_int_equal(refreshed(f, first.refresh, NOW, &second, &reused), 0);
    assert_int_equal(refreshed_with(f, first.refresh, "", NOW, &third, &reused), 0);
    assert_true(reused);
}

/* Whoever has the new token and used it is the client: another one repeats. */
static void once_its_new_token_is_used_a_repeat_ends_the_family(void **state)
{
    struct fixture *f = *state;
    const int64_t id = user_made(f, "ann").account_id;
    struct auth_tokens zeroth = logged_in(f, id, NOW), first, second, third;
    struct principal p;
    bool reused;

    assert_int_equal(refreshed_with(f, zeroth.refresh, KEY_ONE, NOW, &first, &reused), 0);
    assert_int_equal(refreshed_with(f, first.refresh, KEY_ONE, NOW, &second, &reused), 0);
    assert_string_not_equal(second.refresh, first.refresh);
    assert_int_equal(refreshed_with(f, zeroth.refresh, KEY_ONE, NOW, &third, &reused), 0);
    assert_true(reused);
    assert_refused(bearer(f, second.access, NOW, &p), ERR_UNAUTHENTICATED, REVOKED);
}

static void no_repeat_outlives_its_session(void **state)
{
    struct fixture *f = *state;
    const int64_t id = user_made(f, "ann").account_id;
    struct auth_tokens used = logged_in(f, id, NOW), first, again;
    bool reused;

    assert_int_equal(refreshed_with(f, used.refresh, KEY_ONE, NOW, &first, &reused), 0);
    assert_int_equal(logged_out(f, first.access), 0);
    assert_refused(refreshed_with(f, used.refresh, KEY_ONE, NOW, &again, &reused),
                   ERR_UNAUTHENTICATED, REVOKED);
    assert_false(reused);
}

/* Of what could sign in, the row holds ids only: neither the key nor a token. */
static void no_key_and_no_token_is_stored(void **state)
{
    struct fixture *f = *state;
    const int64_t id = user_made(f, "ann").account_id;
    struct auth_tokens used = logged_in(f, id, NOW), first;
    struct token_claims claims;
    bool reused;

    assert_int_equal(refreshed_with(f, used.refresh, KEY_ONE, NOW, &first, &reused), 0);
    assert_int_equal(
        token_verify(&f->auth->key, view_of(first.refresh), NOW, &claims, NULL), 0);
    assert_int_equal(
        db_run(f->db, STMT_SESSION_TRADE, DB_ARGS(DB_INT(id), DB_TEXT(claims.family))), 0);
    assert_int_equal(db_next(f->db, STMT_SESSION_TRADE), 1);
    for (int column = 0; column < 6; column++) {
        const struct view kept = db_text(f->db, STMT_SESSION_TRADE, column);

        assert_null(memmem(kept.ptr, kept.len, KEY_ONE, strlen(KEY_ONE)));
        assert_in_range(kept.len, 1, 64); /* no token is as short */
    }
    assert_int_equal(db_done(f->db, STMT_SESSION_TRADE), 0);
}

static void refreshing_takes_refresh_tokens_of_active_users_only(void **state)
{
    const struct user_changes off = { .is_active = 0, .is_verified = -1, .is_admin = -1 };
    struct fixture *f = *state;
    struct user ann = user_made(f, "ann");
    struct auth_tokens t = logged_in(f, ann.account_id, NOW), got;
    bool reused;

    assert_refused(refreshed(f, t.access, NOW, &got, &reused), ERR_UNAUTHENTICATED,
                   "Invalid token type");
    assert_refused(refreshed(f, "x.y.z", NOW, &got, &reused), ERR_UNAUTHENTICATED,
                   "Invalid refresh token");
    assert_refused(refreshed(f, t.refresh, NOW + 7 * CLOCK_DAY_US, &got, &reused),
                   ERR_UNAUTHENTICATED, "Invalid refresh token");
    assert_int_equal(auth_user_change(f->db, ann.account_id, &off, NOW, &ann, &f->err), 0);
    assert_refused(refreshed(f, t.refresh, NOW, &got, &reused), ERR_UNAUTHENTICATED,
                   "User not found or inactive");
    assert_int_equal(auth_user_delete(f->db, ann.account_id, NOW), 0);
    assert_refused(refreshed(f, t.refresh, NOW, &got, &reused), ERR_UNAUTHENTICATED,
                   "User not found or inactive");
}

static void logging_out_ends_one_login(void **state)
{
    struct fixture *f = *state;
    const int64_t id = user_made(f, "ann").account_id;
    struct auth_tokens t = logged_in(f, id, NOW), other = logged_in(f, id, NOW), got;
    struct principal p;
    bool reused;

    assert_int_equal(logged_out(f, t.access), 0);
    assert_refused(bearer(f, t.access, NOW, &p), ERR_UNAUTHENTICATED, REVOKED);
    assert_refused(refreshed(f, t.refresh, NOW, &got, &reused), ERR_UNAUTHENTICATED,
                   REVOKED);
    assert_refused(logged_out(f, t.access), ERR_CONFLICT, "Token already invalidated");
    assert_refused(logged_out(f, t.refresh), ERR_CONFLICT, "Token already invalidated");
    assert_int_equal(bearer(f, other.access, NOW, &p), 0);
    assert_int_equal(logged_out(f, other.refresh), 0);
    assert_refused(bearer(f, other.access, NOW, &p), ERR_UNAUTHENTICATED, REVOKED);
    assert_refused(logged_out(f, "x"), ERR_UNAUTHENTICATED, "Invalid token");
    assert_refused(auth_logout(f->auth, f->db, view_of(NULL), NOW, &f->err),
                   ERR_UNAUTHENTICATED, "Not authenticated");
}

static void deactivation_ends_all_sessions_for_good(void **state)
{
    const struct user_changes off = { .is_active = 0, .is_verified = -1, .is_admin = -1 };
    const struct user_changes on = { .is_active = 1, .is_verified = -1, .is_admin = -1 };
    struct fixture *f = *state;
    struct user ann = user_made(f, "ann");
    struct auth_tokens a = logged_in(f, ann.account_id, NOW),
                       b = logged_in(f, ann.account_id, NOW);
    struct principal p;

    assert_int_equal(auth_user_change(f->db, ann.account_id, &on, NOW, &ann, &f->err), 0);
    assert_int_equal(bearer(f, a.access, NOW, &p), 0);
    assert_int_equal(auth_user_change(f->db, ann.account_id, &off, NOW, &ann, &f->err), 0);
    assert_refused(bearer(f, a.access, NOW, &p), ERR_FORBIDDEN, "Inactive user");
    assert_int_equal(p.kind, PRINCIPAL_NONE);
    assert_int_equal(auth_user_change(f->db, ann.account_id, &on, NOW, &ann, &f->err), 0);
    assert_refused(bearer(f, a.access, NOW, &p), ERR_UNAUTHENTICATED, REVOKED);
    assert_refused(bearer(f, b.access, NOW, &p), ERR_UNAUTHENTICATED, REVOKED);
}

static void a_new_password_ends_all_sessions_and_a_better_hash_none(void **state)
{
    struct fixture *f = *state;
    struct user ann = user_made(f, "ann"), bob = user_made(f, "bob");
    struct auth_tokens a = logged_in(f, ann.account_id, NOW),
                       b = logged_in(f, bob.account_id, NOW);
    struct principal p;

    assert_int_equal(auth_user_password_upgrade(f->db, ann.account_id, "better"), 0);
    assert_int_equal(bearer(f, a.access, NOW, &p), 0);
    assert_int_equal(auth_user_password_set(f->db, ann.account_id, "other", NOW + 5), 0);
    assert_refused(bearer(f, a.access, NOW, &p), ERR_UNAUTHENTICATED, REVOKED);
    assert_int_equal(bearer(f, b.access, NOW, &p), 0);
    assert_int_equal(auth_user_get(f->db, ann.account_id, &ann), 0);
    assert_string_equal(ann.password_hash, "other");
    assert_int_equal(ann.updated_us, NOW + 5);
    assert_int_equal(auth_user_password_set(f->db, 999, "x", NOW), ERR_NOT_FOUND);
}

static void of_too_many_logins_the_oldest_goes(void **state)
{
    struct fixture *f = *state;
    const int64_t id = user_made(f, "ann").account_id;
    struct auth_tokens first = logged_in(f, id, NOW), second = logged_in(f, id, NOW + 1),
                       last = { "", "" };
    struct principal p;

    for (int i = 2; i < 65; i++)
        last = logged_in(f, id, NOW + i);
    assert_refused(bearer(f, first.access, NOW, &p), ERR_UNAUTHENTICATED, REVOKED);
    assert_int_equal(bearer(f, second.access, NOW, &p), 0);
    assert_int_equal(bearer(f, last.access, NOW, &p), 0);
}

static int forget_nothing(void *ctx, struct db *db, int64_t account_id)
{
    (void)ctx;
    (void)db;
    (void)account_id;
    return ERR_INTERNAL; /* there is no guest */
}

static void cleaning_up_forgets_what_has_expired_only(void **state)
{
    struct fixture *f = *state;
    const int64_t id = user_made(f, "ann").account_id;
    struct auth_tokens t = logged_in(f, id, NOW), got;
    struct principal p;
    int64_t guests;
    bool reused;

    assert_int_equal(
        auth_cleanup(f->db, NOW + 7 * CLOCK_DAY_US - 1, 10, forget_nothing, NULL, &guests),
        0);
    assert_int_equal(bearer(f, t.access, NOW, &p), 0);
    assert_int_equal(refreshed(f, t.refresh, NOW + CLOCK_DAY_US, &got, &reused), 0);
    assert_int_equal(
        auth_cleanup(f->db, NOW + 7 * CLOCK_DAY_US, 10, forget_nothing, NULL, &guests), 0);
    assert_int_equal(bearer(f, got.access, NOW, &p), 0);
    assert_int_equal(
        auth_cleanup(f->db, NOW + 8 * CLOCK_DAY_US, 10, forget_nothing, NULL, &guests), 0);
    assert_refused(bearer(f, got.access, NOW, &p), ERR_UNAUTHENTICATED, REVOKED);
}

static void each_throttle_has_its_own_bound(void **state)
{
    struct fixture *f = *state;
    const struct view key = view_of("ann");
    int64_t retry_s;

    for (int i = 0; i < 3; i++)
        assert_int_equal(auth_throttle(f->auth, THROTTLE_LOGIN_ACCOUNT, key, NOW, &retry_s),
                         0);
    assert_int_equal(auth_throttle(f->auth, THROTTLE_LOGIN_ACCOUNT, key, NOW, &retry_s),
                     ERR_THROTTLED);
    assert_in_range(retry_s, 1, 64);
    assert_int_equal(
        auth_throttle(f->auth, THROTTLE_LOGIN_ACCOUNT, view_of("bob"), NOW, &retry_s), 0);
    auth_throttle_forgive(f->auth, THROTTLE_LOGIN_ACCOUNT, key);
    assert_int_equal(auth_throttle(f->auth, THROTTLE_LOGIN_ACCOUNT, key, NOW, &retry_s), 0);
    for (int i = 0; i < 30; i++)
        assert_int_equal(auth_throttle(f->auth, THROTTLE_LOGIN_NETWORK, key, NOW, &retry_s),
                         0);
    assert_int_equal(auth_throttle(f->auth, THROTTLE_LOGIN_NETWORK, key, NOW, &retry_s),
                     ERR_THROTTLED);
    for (int i = 0; i < 2; i++)
        assert_int_equal(auth_throttle(f->auth, THROTTLE_SIGNUP, key, NOW, &retry_s), 0);
    assert_int_equal(auth_throttle(f->auth, THROTTLE_SIGNUP, key, NOW, &retry_s),
                     ERR_THROTTLED);
    assert_in_range(retry_s, 3000, 3900);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_access_token_names_its_user),
        CASE(bad_credentials_are_refused),
        CASE(a_signed_token_without_a_session_is_refused),
        CASE(refreshing_rotates_and_reuse_ends_the_family),
        CASE(a_trade_with_a_key_is_answered_again_for_a_minute),
        CASE(a_repeat_that_comes_late_ends_the_family),
        CASE(a_repeat_with_another_key_or_none_ends_the_family),
        CASE(a_trade_without_a_key_is_never_answered_again),
        CASE(once_its_new_token_is_used_a_repeat_ends_the_family),
        CASE(no_repeat_outlives_its_session),
        CASE(no_key_and_no_token_is_stored),
        CASE(refreshing_takes_refresh_tokens_of_active_users_only),
        CASE(logging_out_ends_one_login),
        CASE(deactivation_ends_all_sessions_for_good),
        CASE(a_new_password_ends_all_sessions_and_a_better_hash_none),
        CASE(of_too_many_logins_the_oldest_goes),
        CASE(cleaning_up_forgets_what_has_expired_only),
        CASE(each_throttle_has_its_own_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
