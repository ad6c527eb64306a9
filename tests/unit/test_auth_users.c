#include "tests/unit/auth_fixture.h"

static int create(struct fixture *f, const char *email, const char *username)
{
    const struct user_new person = { .email = view_of(email),
                                     .username = view_of(username),
                                     .password_hash = "unused",
                                     .is_active = true };
    struct user user;

    f->err = (struct err){ 0 };
    return auth_user_create(f->db, &person, NOW, &user, &f->err);
}

static void an_email_and_a_name_belong_to_one_user(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(create(f, "ann@example.org", "ann"), 0);
    assert_refused(create(f, "ann@example.org", "ann"), ERR_CONFLICT,
                   "Email already registered");
    assert_refused(create(f, "a@example.org", "ann"), ERR_CONFLICT,
                   "Username already taken");
    assert_int_equal(counts_at(f, NOW).users_total, 1);
}

/* People log in by either: who takes another's email for a name would stand in front of it.
 */
static void nobodys_name_is_anothers_email(void **state)
{
    const struct user_changes name = { .username = view_of("ann@example.org"),
                                       .is_active = -1,
                                       .is_verified = -1,
                                       .is_admin = -1 };
    struct fixture *f = *state;
    struct user bob;

    assert_int_equal(create(f, "ann@example.org", "ann"), 0);
    assert_refused(create(f, "eve@example.org", "ann@example.org"), ERR_CONFLICT,
                   "Username already taken");
    bob = user_made(f, "bob");
    assert_refused(auth_user_change(f->db, bob.account_id, &name, NOW, &bob, &f->err),
                   ERR_CONFLICT, "Username already taken");
    assert_int_equal(create(f, "x@example.org", "odd@example.org"), 0);
    assert_refused(create(f, "odd@example.org", "odd"), ERR_CONFLICT,
                   "Email already registered");
    assert_int_equal(create(f, "own@example.org", "own@example.org"), 0);
}

static void changes_touch_what_they_name(void **state)
{
    const struct user_changes changes = { .email = view_of("new@example.org"),
                                          .is_active = -1,
                                          .is_verified = 1,
                                          .is_admin = 1 };
    const struct user_changes taken = { .email = view_of("bob@example.org"),
                                        .is_active = -1,
                                        .is_verified = -1,
                                        .is_admin = -1 };
    struct fixture *f = *state;
    struct user ann = user_made(f, "ann"), got;

    (void)user_made(f, "bob");
    assert_int_equal(
        auth_user_change(f->db, ann.account_id, &changes, NOW + 7, &got, &f->err), 0);
    assert_int_equal(auth_user_get(f->db, ann.account_id, &ann), 0);
    assert_memory_equal(&ann.account_id, &got.account_id, sizeof ann.account_id);
    assert_string_equal(ann.email, "new@example.org");
    assert_string_equal(ann.username, "ann");
    assert_true(ann.is_active && ann.is_verified && ann.is_admin);
    assert_int_equal(ann.updated_us, NOW + 7);
    assert_int_equal(auth_user_change(f->db, ann.account_id, &changes, NOW, &got, &f->err),
                     0);
    assert_refused(auth_user_change(f->db, ann.account_id, &taken, NOW, &got, &f->err),
                   ERR_CONFLICT, "Email already in use");
    assert_int_equal(auth_user_change(f->db, 999, &changes, NOW, &got, &f->err),
                     ERR_NOT_FOUND);
    assert_int_equal(auth_user_find(f->db, view_of("ann@example.org"), &got),
                     ERR_NOT_FOUND);
    assert_int_equal(auth_user_find(f->db, view_of("new@example.org"), &got), 0);
    assert_int_equal(auth_user_find(f->db, view_of("ann"), &got), 0);
    assert_int_equal(auth_user_find(f->db, view_of(""), &got), ERR_NOT_FOUND);
}

static void counts_follow_every_change(void **state)
{
    const struct user_changes off = { .is_active = 0, .is_verified = 1, .is_admin = 1 };
    struct fixture *f = *state;
    struct user ann = user_made(f, "ann");
    struct auth_counts c;

    (void)user_made(f, "bob");
    assert_int_equal(auth_user_change(f->db, ann.account_id, &off, NOW, &ann, &f->err), 0);
    assert_int_equal(auth_user_change(f->db, ann.account_id, &off, NOW, &ann, &f->err), 0);
    c = counts_at(f, NOW);
    assert_int_equal(c.users_total, 2);
    assert_int_equal(c.users_active, 1);
    assert_int_equal(c.users_verified, 1);
    assert_int_equal(c.users_admins, 1);
    assert_int_equal(c.users_new_last_24h, 2);
    assert_int_equal(counts_at(f, NOW + CLOCK_DAY_US + CLOCK_MINUTE_US).users_new_last_24h,
                     0);
    assert_int_equal(auth_user_delete(f->db, ann.account_id, NOW), 0);
    assert_int_equal(auth_user_delete(f->db, ann.account_id, NOW), ERR_NOT_FOUND);
    c = counts_at(f, NOW);
    assert_int_equal(c.users_total, 1);
    assert_int_equal(c.users_active, 1);
    assert_int_equal(c.users_verified, 0);
    assert_int_equal(c.users_admins, 0);
    assert_int_equal(c.users_new_last_24h, 1);
}

static void a_deleted_users_name_is_free_and_its_number_is_not(void **state)
{
    struct fixture *f = *state;
    const int64_t before = user_made(f, "ann").account_id;

    assert_int_equal(auth_user_delete(f->db, before, NOW), 0);
    assert_int_not_equal(user_made(f, "ann").account_id, before);
}

struct names {
    char text[256];
    int stop_after;
};

static int note_name(void *ctx, const struct user *user)
{
    struct names *n = ctx;

    (void)strcat(strcat(n->text, user->username), " ");
    return --n->stop_after == 0 ? ERR_CANCELLED : 0;
}

/* Two users to a part, until it is over. */
static int listed_in_parts(struct fixture *f, const struct user_filter *filter,
                           struct names *n)
{
    struct user_scan scan = { .filter = *filter };
    int rc = 0;

    while (rc == 0 && !scan.is_over)
        rc = auth_user_scan(f->db, &scan, 2, note_name, n);
    return rc;
}

static const char *listed(struct fixture *f, const struct user_filter *filter,
                          struct names *n)
{
    *n = (struct names){ .stop_after = -1 };
    assert_int_equal(listed_in_parts(f, filter, n), 0);
    return n->text;
}

static void a_search_looks_at_so_many_in_one_part(void **state)
{
    struct user_scan scan = { .filter = { .search = view_of("first"),
                                          .is_active = -1,
                                          .is_verified = -1,
                                          .is_admin = -1,
                                          .limit = 9 } };
    struct names n = { .stop_after = -1 };
    struct fixture *f = *state;
    char name[16];

    (void)user_made(f, "first");
    for (int i = 0; i < 9; i++) {
        (void)snprintf(name, sizeof name, "later%d", i);
        (void)user_made(f, name);
    }
    for (int part = 0; part < 3; part++) {
        assert_int_equal(auth_user_scan(f->db, &scan, 3, note_name, &n), 0);
        assert_false(scan.is_over);
        assert_string_equal(n.text, "");
        (void)snprintf(name, sizeof name, "newer%d", part);
        (void)user_made(f, name); /* comes before what has been passed */
    }
    assert_int_equal(auth_user_scan(f->db, &scan, 3, note_name, &n), 0);
    assert_true(scan.is_over);
    assert_string_equal(n.text, "first ");
    assert_int_equal(auth_user_scan(f->db, &scan, 3, note_name, &n), 0);
    assert_string_equal(n.text, "first ");
}

static void what_is_skipped_is_passed_in_parts(void **state)
{
    const struct user_filter all = {
        .is_active = -1, .is_verified = -1, .is_admin = -1, .limit = 2
    };
    struct user_filter filter = all;
    struct fixture *f = *state;
    char name[16];
    struct names n;

    for (int i = 0; i < 100; i++) {
        (void)snprintf(name, sizeof name, "n%d", i);
        (void)user_made(f, name);
    }
    for (int64_t skip = 0; skip < 98; skip++) {
        char expected[32];

        filter.skip = skip;
        (void)snprintf(expected, sizeof expected, "n%d n%d ", (int)(99 - skip),
                       (int)(98 - skip));
        assert_string_equal(listed(f, &filter, &n), expected);
    }
    filter.skip = 99;
    assert_string_equal(listed(f, &filter, &n), "n0 ");
    filter.skip = 100;
    assert_string_equal(listed(f, &filter, &n), "");
    filter.skip = INT64_MAX;
    assert_string_equal(listed(f, &filter, &n), "");
    filter = all;
    filter.search = view_of("n1"); /* n1, n10 to n19 */
    filter.skip = 9;
    assert_string_equal(listed(f, &filter, &n), "n10 n1 ");
    filter.skip = 11;
    assert_string_equal(listed(f, &filter, &n), "");
}

static void another_admin_who_may_log_in_is_known(void **state)
{
    const struct user_changes admin = { .is_active = -1, .is_verified = -1, .is_admin = 1 };
    const struct user_changes inactive = { .is_active = 0,
                                           .is_verified = -1,
                                           .is_admin = -1 };
    struct fixture *f = *state;
    struct user ann = user_made(f, "ann"), bob = user_made(f, "bob");
    bool has = true;

    assert_int_equal(auth_user_change(f->db, ann.account_id, &admin, NOW, &ann, NULL), 0);
    assert_int_equal(auth_has_other_admin(f->db, ann.account_id, &has), 0);
    assert_false(has);
    assert_int_equal(auth_has_other_admin(f->db, bob.account_id, &has), 0);
    assert_true(has);
    assert_int_equal(auth_user_change(f->db, bob.account_id, &admin, NOW, &bob, NULL), 0);
    assert_int_equal(auth_has_other_admin(f->db, ann.account_id, &has), 0);
    assert_true(has);
    assert_int_equal(auth_user_change(f->db, bob.account_id, &inactive, NOW, &bob, NULL),
                     0);
    assert_int_equal(auth_has_other_admin(f->db, ann.account_id, &has), 0);
    assert_false(has);
}

static void lists_filter_search_and_page(void **state)
{
    struct user_filter all = {
        .is_active = -1, .is_verified = -1, .is_admin = -1, .limit = 9
    };
    const struct user_changes admin = { .is_active = 0, .is_verified = -1, .is_admin = 1 };
    struct fixture *f = *state;
    char long_search[300];
    struct names n;
    struct user user;

    (void)user_made(f, "ann");
    user = user_made(f, "Bob");
    (void)user_made(f, "bo_b");
    assert_int_equal(auth_user_change(f->db, user.account_id, &admin, NOW, &user, NULL), 0);
    assert_string_equal(listed(f, &all, &n), "bo_b Bob ann ");
    all.skip = 1;
    all.limit = 1;
    assert_string_equal(listed(f, &all, &n), "Bob ");
    all = (struct user_filter){
        .is_active = -1, .is_verified = -1, .is_admin = 1, .limit = 9
    };
    assert_string_equal(listed(f, &all, &n), "Bob ");
    all.is_admin = -1;
    all.is_active = 1;
    assert_string_equal(listed(f, &all, &n), "bo_b ann ");
    all.is_active = -1;
    all.search = view_of("BOB");
    assert_string_equal(listed(f, &all, &n), "Bob ");
    all.search = view_of("b_b");
    assert_string_equal(listed(f, &all, &n), "Bob ");
    all.search = view_of("' OR 1=1 --");
    assert_string_equal(listed(f, &all, &n), "");
    memset(long_search, '%', sizeof long_search);
    all.search = (struct view){ long_search, sizeof long_search };
    assert_string_equal(listed(f, &all, &n), "");
    all.search = view_of("%");
    n = (struct names){ .stop_after = 2 };
    assert_int_equal(listed_in_parts(f, &all, &n), ERR_CANCELLED);
    assert_string_equal(n.text, "bo_b Bob ");
}

/* As the replaced system stored it. */
static void an_old_hash_logs_in_once_and_is_hashed_anew(void **state)
{
    struct fixture *f = *state;
    struct user ann = user_made(f, "ann");
    char hash[AUTH_HASH_MAX];
    bool is_old = false;

    assert_int_equal(auth_user_password_upgrade(
                         f->db, ann.account_id,
                         "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"),
                     0);
    assert_int_equal(auth_user_get(f->db, ann.account_id, &ann), 0);
    assert_false(auth_password_verify(view_of("password"), ann.password_hash, &is_old));
    assert_true(auth_password_verify(view_of("correct horse"), ann.password_hash, &is_old));
    assert_true(is_old);
    assert_int_equal(auth_password_hash(view_of("correct horse"), hash, NULL), 0);
    assert_int_equal(auth_user_password_upgrade(f->db, ann.account_id, hash), 0);
    assert_int_equal(auth_user_get(f->db, ann.account_id, &ann), 0);
    assert_true(auth_password_verify(view_of("correct horse"), ann.password_hash, &is_old));
    assert_false(is_old);
    assert_int_equal(auth_user_password_upgrade(f->db, 999, hash), ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_email_and_a_name_belong_to_one_user),
        CASE(nobodys_name_is_anothers_email),
        CASE(changes_touch_what_they_name),
        CASE(counts_follow_every_change),
        CASE(a_deleted_users_name_is_free_and_its_number_is_not),
        CASE(lists_filter_search_and_page),
        CASE(a_search_looks_at_so_many_in_one_part),
        CASE(what_is_skipped_is_passed_in_parts),
        CASE(another_admin_who_may_log_in_is_known),
        CASE(an_old_hash_logs_in_once_and_is_hashed_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
