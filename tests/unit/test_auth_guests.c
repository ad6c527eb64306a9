#include "tests/unit/auth_fixture.h"

static const char GONE[] = "This guest has become a user: log in instead";

static struct principal guest_at(const char *guest_id, const char *network)
{
    struct principal p = { .kind = PRINCIPAL_GUEST };

    (void)strcpy(p.guest_id, guest_id);
    (void)strcpy(p.network, network);
    (void)strcpy(p.address, "203.0.113.9");
    return p;
}

static int ensured(struct fixture *f, const char *guest_id, const char *network,
                   int64_t now_us, struct principal *ret)
{
    *ret = guest_at(guest_id, network);
    f->err = (struct err){ 0 };
    return auth_guest_ensure(f->auth, f->db, ret, view_of("curl/8"), now_us, &f->err);
}

static int session(struct fixture *f, int64_t now_us, char token[AUTH_TOKEN_MAX],
                   struct principal *ret)
{
    int64_t expires_us = 0;
    int rc;

    *ret = guest_at("", "203.0.113.0/24");
    f->err = (struct err){ 0 };
    rc = auth_guest_session_start(f->auth, f->db, ret, (struct view){ NULL, 0 }, now_us,
                                  token, &expires_us, &f->err);
    if (rc == 0)
        assert_int_equal(expires_us, now_us + 7 * CLOCK_DAY_US);
    return rc;
}

static int logged_out(struct fixture *f, const char *token)
{
    char header[AUTH_TOKEN_MAX + 8];

    (void)snprintf(header, sizeof header, "Bearer %s", token);
    f->err = (struct err){ 0 };
    return auth_logout(f->auth, f->db, view_of(header), NOW, &f->err);
}

static void a_guest_is_made_once_and_shares_its_networks_group(void **state)
{
    struct fixture *f = *state;
    struct principal first, again, neighbour, stranger;
    struct guest guest;

    assert_int_equal(ensured(f, "g-1", "203.0.113.0/24", NOW, &first), 0);
    assert_int_equal(ensured(f, "g-1", "198.51.100.0/24", NOW + 1, &again), 0);
    assert_int_equal(ensured(f, "g-2", "203.0.113.0/24", NOW, &neighbour), 0);
    assert_int_equal(ensured(f, "g-3", "198.51.100.0/24", NOW, &stranger), 0);
    assert_true(first.account_id > 0 && first.group_id > 0);
    assert_int_equal(again.account_id, first.account_id);
    assert_int_equal(again.group_id, first.group_id);
    assert_int_equal(neighbour.group_id, first.group_id);
    assert_int_not_equal(neighbour.account_id, first.account_id);
    assert_int_not_equal(stranger.group_id, first.group_id);
    assert_int_equal(auth_guest_by_account(f->db, first.account_id, &guest), 0);
    assert_string_equal(guest.guest_id, "g-1");
    assert_string_equal(guest.user_agent, "curl/8");
    assert_int_equal(guest.created_us, NOW);
    assert_int_equal(counts_at(f, NOW).guests_total, 3);
}

static void an_unknown_guest_id_is_a_guest_without_an_account(void **state)
{
    struct fixture *f = *state;
    struct principal p, made;

    assert_int_equal(identified(f, NULL, "g-1", NOW, &p), 0);
    assert_int_equal(p.kind, PRINCIPAL_GUEST);
    assert_int_equal(p.account_id, 0);
    assert_int_equal(ensured(f, "g-1", "203.0.113.0/24", NOW, &made), 0);
    assert_int_equal(identified(f, NULL, "g-1", NOW, &p), 0);
    assert_int_equal(p.account_id, made.account_id);
    assert_int_equal(p.token_type, TOKEN_NONE);
}

static void guest_ids_are_taken_as_configured(void **state)
{
    static const char uuid[] = "4b356926-d274-426e-bcd5-a6830b69ea0a";
    static const char *const bad[] = { "a b", "a/b", "a\"b", "\xc3\xa9", "a\n" };
    struct fixture *f = *state;
    char longest[AUTH_GUEST_ID_MAX + 2];
    struct principal p;

    memset(longest, 'a', sizeof longest);
    longest[AUTH_GUEST_ID_MAX + 1] = '\0';
    assert_refused(identified(f, NULL, longest, NOW, &p), ERR_UNAUTHENTICATED,
                   "Invalid guest id");
    longest[AUTH_GUEST_ID_MAX] = '\0';
    assert_int_equal(identified(f, NULL, longest, NOW, &p), 0);
    assert_string_equal(p.guest_id, longest);
    for (size_t i = 0; i < UNIT_COUNT(bad); i++)
        assert_refused(identified(f, NULL, bad[i], NOW, &p), ERR_UNAUTHENTICATED,
                       "Invalid guest id");
    auth_free(&f->auth);
    f->auth = auth_made(0, OPTIONS_GUEST_IDS_UUID);
    assert_int_equal(identified(f, NULL, uuid, NOW, &p), 0);
    assert_refused(identified(f, NULL, "g-1", NOW, &p), ERR_UNAUTHENTICATED,
                   "Invalid guest id");
    auth_free(&f->auth);
    f->auth = auth_made(0, OPTIONS_GUEST_IDS_SIGNED);
    assert_refused(identified(f, NULL, uuid, NOW, &p), ERR_UNAUTHENTICATED,
                   "Invalid guest id");
}

static void a_network_makes_so_many_guests_an_hour(void **state)
{
    struct fixture *f = *state;
    char token[AUTH_TOKEN_MAX];
    struct principal p;

    auth_free(&f->auth);
    f->auth = auth_made(2, OPTIONS_GUEST_IDS_ANY);
    assert_int_equal(ensured(f, "g-1", "203.0.113.0/24", NOW, &p), 0);
    assert_int_equal(session(f, NOW, token, &p), 0);
    assert_int_equal(ensured(f, "g-3", "203.0.113.0/24", NOW, &p), ERR_THROTTLED);
    assert_non_null(strstr(f->err.text, "Too many new guests from your network"));
    assert_int_equal(p.account_id, 0);
    assert_int_equal(session(f, NOW, token, &p), ERR_THROTTLED);
    assert_int_equal(ensured(f, "g-1", "203.0.113.0/24", NOW, &p), 0);
    assert_int_equal(ensured(f, "g-3", "198.51.100.0/24", NOW, &p), 0);
    assert_int_equal(ensured(f, "g-4", "203.0.113.0/24", NOW + 2 * CLOCK_HOUR_US, &p), 0);
    assert_int_equal(counts_at(f, NOW).guests_total, 4);
}

static void a_guests_token_holds_until_it_expires_or_is_logged_out(void **state)
{
    struct fixture *f = *state;
    char token[AUTH_TOKEN_MAX], other[AUTH_TOKEN_MAX];
    struct principal made, p;

    assert_int_equal(session(f, NOW, token, &made), 0);
    assert_int_equal(session(f, NOW, other, &p), 0);
    assert_int_equal(bearer(f, token, NOW, &p), 0);
    assert_int_equal(p.kind, PRINCIPAL_GUEST);
    assert_int_equal(p.token_type, TOKEN_GUEST);
    assert_int_equal(p.account_id, made.account_id);
    assert_string_equal(p.guest_id, made.guest_id);
    assert_refused(bearer(f, token, NOW + 7 * CLOCK_DAY_US, &p), ERR_UNAUTHENTICATED,
                   "Could not validate credentials");
    assert_int_equal(logged_out(f, token), 0);
    assert_refused(bearer(f, token, NOW, &p), ERR_UNAUTHENTICATED,
                   "Token has been revoked");
    assert_int_equal(p.account_id, 0);
    assert_refused(logged_out(f, token), ERR_CONFLICT, "Token already invalidated");
    assert_int_equal(bearer(f, other, NOW, &p), 0);
}

/* Tokens of the replaced system carry no id: to revoke one must not revoke all. */
static void a_guest_token_without_an_id_is_none_of_ours(void **state)
{
    struct token_claims claims = { .type = TOKEN_GUEST, .expires_us = NOW + CLOCK_DAY_US };
    struct fixture *f = *state;
    char token[AUTH_TOKEN_MAX];
    struct principal made, p;

    assert_int_equal(ensured(f, "g-1", "203.0.113.0/24", NOW, &made), 0);
    (void)strcpy(claims.subject, "g-1");
    assert_int_equal(token_sign(&f->auth->key, &claims, token, NULL), 0);
    assert_refused(bearer(f, token, NOW, &p), ERR_UNAUTHENTICATED,
                   "Could not validate credentials");
    assert_refused(logged_out(f, token), ERR_UNAUTHENTICATED, "Invalid token");
}

static void a_merged_guest_is_gone(void **state)
{
    struct fixture *f = *state;
    const int64_t user = user_made(f, "ann").account_id;
    char token[AUTH_TOKEN_MAX];
    struct principal made, p;
    struct guest guest;
    int64_t moved;

    assert_int_equal(session(f, NOW, token, &made), 0);
    assert_int_equal(auth_guest_merge(f->db, view_of("nobody"), user, NOW, &moved), 0);
    assert_int_equal(moved, 0);
    assert_int_equal(auth_guest_merge(f->db, view_of(made.guest_id), user, NOW, &moved), 0);
    assert_int_equal(moved, made.account_id);
    assert_int_equal(auth_guest_get(f->db, view_of(made.guest_id), &guest), 0);
    assert_int_equal(guest.converted_to, user);
    assert_refused(bearer(f, token, NOW, &p), ERR_UNAUTHENTICATED, GONE);
    assert_refused(identified(f, NULL, made.guest_id, NOW, &p), ERR_UNAUTHENTICATED, GONE);
    assert_int_equal(auth_guest_merge(f->db, view_of(made.guest_id), user, NOW, &moved), 0);
    assert_int_equal(moved, 0);
}

/* Between a request's headers and its write the guest may have signed up. */
static void a_request_of_a_guest_who_has_just_become_a_user_ends(void **state)
{
    struct fixture *f = *state;
    const int64_t user = user_made(f, "ann").account_id;
    struct principal p;
    int64_t moved;

    assert_int_equal(ensured(f, "g-1", "203.0.113.0/24", NOW, &p), 0);
    assert_int_equal(auth_guest_merge(f->db, view_of("g-1"), user, NOW, &moved), 0);
    assert_refused(ensured(f, "g-1", "203.0.113.0/24", NOW, &p), ERR_UNAUTHENTICATED, GONE);
    assert_int_equal(p.account_id, 0);
}

static void a_deleted_guest_begins_anew(void **state)
{
    struct fixture *f = *state;
    char token[AUTH_TOKEN_MAX];
    struct principal made, p, again;

    assert_int_equal(session(f, NOW, token, &made), 0);
    assert_int_equal(auth_guest_delete(f->db, view_of(made.guest_id), NOW), 0);
    assert_int_equal(auth_guest_delete(f->db, view_of(made.guest_id), NOW), ERR_NOT_FOUND);
    assert_refused(bearer(f, token, NOW, &p), ERR_UNAUTHENTICATED,
                   "Token has been revoked");
    assert_int_equal(counts_at(f, NOW).guests_total, 0);
    assert_int_equal(ensured(f, made.guest_id, "203.0.113.0/24", NOW, &again), 0);
    assert_int_not_equal(again.account_id, made.account_id);
    assert_int_equal(again.group_id, made.group_id);
}

static int note_id(void *ctx, const struct guest *guest)
{
    (void)strcat(strcat(ctx, guest->guest_id), " ");
    return 0;
}

static int note_account(void *ctx, struct db *db, int64_t account_id)
{
    (void)db;
    *(int64_t *)ctx += account_id;
    return 0;
}

static void expired_guests_are_counted_listed_and_removed_in_portions(void **state)
{
    struct fixture *f = *state;
    const int64_t later = NOW + 36 * CLOCK_DAY_US, user = user_made(f, "ann").account_id;
    char ids[256] = "";
    struct principal p, first;
    int64_t removed, moved, forgotten = 0;

    assert_int_equal(ensured(f, "g-1", "n", NOW, &first), 0);
    assert_int_equal(ensured(f, "g-2", "n", NOW + 1, &p), 0);
    assert_int_equal(ensured(f, "g-3", "n", later, &p), 0);
    assert_int_equal(auth_guest_merge(f->db, view_of("g-2"), user, NOW, &moved), 0);
    assert_int_equal(counts_at(f, later).guests_total, 3);
    assert_int_equal(counts_at(f, later).guests_expired, 2);
    assert_int_equal(counts_at(f, later).guests_active, 1);
    assert_int_equal(auth_guest_list(f->db, 0, 9, false, later, note_id, ids), 0);
    assert_string_equal(ids, "g-3 ");
    assert_int_equal(auth_guest_list(f->db, 1, 1, true, later, note_id, ids), 0);
    assert_string_equal(ids, "g-3 g-2 ");
    assert_int_equal(auth_cleanup(f->db, later, 1, note_account, &forgotten, &removed), 0);
    assert_int_equal(removed, 1);
    assert_int_equal(auth_cleanup(f->db, later, 10, note_account, &forgotten, &removed), 0);
    assert_int_equal(removed, 1);
    assert_int_equal(forgotten, first.account_id); /* the merged one's are the user's */
    assert_int_equal(counts_at(f, later).guests_total, 1);
    assert_int_equal(counts_at(f, later).guests_expired, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_guest_is_made_once_and_shares_its_networks_group),
        CASE(an_unknown_guest_id_is_a_guest_without_an_account),
        CASE(guest_ids_are_taken_as_configured),
        CASE(a_network_makes_so_many_guests_an_hour),
        CASE(a_guests_token_holds_until_it_expires_or_is_logged_out),
        CASE(a_guest_token_without_an_id_is_none_of_ours),
        CASE(a_merged_guest_is_gone),
        CASE(a_request_of_a_guest_who_has_just_become_a_user_ends),
        CASE(a_deleted_guest_begins_anew),
        CASE(expired_guests_are_counted_listed_and_removed_in_portions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
