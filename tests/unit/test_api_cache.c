#include "tests/unit/http_fake.h"

#include "jobs/meters.h"
#include "server/api/cache.h"
#include "store/db.h"
#include "tests/unit/store_folder.h"

struct fixture {
    struct fake f; /* first */
    void *folder;
};

static int setup(void **state)
{
    struct fixture *x = calloc(1, sizeof *x);

    assert_non_null(x);
    assert_int_equal(folder_setup(&x->folder), 0);
    assert_int_equal(db_open(((struct folder *)x->folder)->path, DB_CREATE, &x->f.db, NULL),
                     0);
    assert_int_equal(db_migrate(x->f.db, NULL), 0);
    fake_begin(&x->f);
    x->f.api.caches = caches_new(2);
    assert_non_null(x->f.api.caches);
    assert_int_equal(usage_calls_new(METER_API_CALLS, 16, &x->f.api.calls), 0);
    *state = x;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *x = *state;

    usage_calls_free(&x->f.api.calls);
    caches_free(&x->f.api.caches);
    fake_end(&x->f);
    db_close(&x->f.db);
    assert_int_equal(folder_teardown(&x->folder), 0);
    free(x);
    return 0;
}

static void keep_identity(struct fake *f)
{
    f->context.principal = (struct principal){ .kind = PRINCIPAL_USER,
                                               .account_id = 7,
                                               .token_type = TOKEN_ACCESS,
                                               .token_expires_us = NOW + 1 };
    cache_identity_keep(&f->req);
    f->context.principal = (struct principal){ 0 };
}

static bool is_found(struct fake *f)
{
    f->context.principal = (struct principal){ 0 };
    if (!cache_identity_find(&f->req))
        return false;
    assert_int_equal(f->context.principal.account_id, 7);
    return true;
}

static void an_identity_holds_for_its_credentials_only(void **state)
{
    struct fake *f = *state;

    assert_false(is_found(f));
    f->headers[0] = (struct fake_header){ "Authorization", "Bearer abc" };
    assert_false(is_found(f));
    keep_identity(f);
    assert_true(is_found(f));
    f->headers[0].value = "Bearer abd";
    assert_false(is_found(f));
    f->headers[0].value = "Bearer abc";
    f->headers[1] = (struct fake_header){ "X-Guest-ID", "g" };
    assert_false(is_found(f));
    f->headers[1] = (struct fake_header){ "X-Forwarded-For", "1.2.3.4" };
    assert_false(is_found(f));
    f->headers[1] = (struct fake_header){ NULL, NULL };
    (void)strcpy(f->req.address, "203.0.113.8");
    assert_false(is_found(f));
    (void)strcpy(f->req.address, "203.0.113.9");
    f->req.loop = 1;
    assert_false(is_found(f));
    f->req.loop = 0;
    assert_true(is_found(f));
}

/* The pieces are told apart: what one header lacks another cannot supply. */
static void pieces_do_not_run_together(void **state)
{
    struct fake *f = *state;

    f->headers[0] = (struct fake_header){ "Authorization", "Bearer ab" };
    f->headers[1] = (struct fake_header){ "X-Guest-ID", "c" };
    keep_identity(f);
    assert_true(is_found(f));
    f->headers[0].value = "Bearer a";
    f->headers[1].value = "bc";
    assert_false(is_found(f));
    f->headers[0].value = "Bearer abc";
    f->headers[1] = (struct fake_header){ NULL, NULL };
    assert_false(is_found(f));
}

static void an_identity_ends_with_its_token_and_with_any_commit(void **state)
{
    struct fake *f = *state;

    f->headers[0] = (struct fake_header){ "Authorization", "Bearer abc" };
    keep_identity(f);
    f->req.now_us = NOW + 1;
    assert_false(is_found(f));
    f->req.now_us = NOW;
    assert_true(is_found(f));
    f->req.snapshot_version = 2;
    assert_false(is_found(f));
}

static void long_credentials_are_not_kept(void **state)
{
    struct fake *f = *state;
    char value[1025];

    memset(value, 'a', sizeof value);
    value[1024] = '\0';
    f->headers[0] = (struct fake_header){ "X-Guest-ID", value };
    keep_identity(f);
    assert_false(is_found(f));
    value[1024 - 4 - 11] = '\0'; /* four ends of pieces, and the address */
    keep_identity(f);
    assert_true(is_found(f));
}

static void a_job_holds_for_its_id_and_snapshot_only(void **state)
{
    struct fake *f = *state;
    const struct job kept = { .job_id = "c6b6a964-d4e2-4956-a527-b25bf9d57e32",
                              .account_id = 7 };
    struct job found;

    assert_false(cache_job_find(&f->req, view_of(kept.job_id), &found));
    cache_job_keep(&f->req, &kept);
    assert_true(cache_job_find(&f->req, view_of(kept.job_id), &found));
    assert_int_equal(found.account_id, 7);
    assert_false(cache_job_find(&f->req, view_of("c6b6a964"), &found));
    f->req.loop = 1;
    assert_false(cache_job_find(&f->req, view_of(kept.job_id), &found));
    f->req.loop = 0;
    f->req.snapshot_version++;
    assert_false(cache_job_find(&f->req, view_of(kept.job_id), &found));
}

/* Looks for them, as whoever is about to keep some does. */
static struct cache_calls figures(struct fake *f, int64_t account_id, const char *want)
{
    struct cache_calls seen;
    struct buf out;

    f->context.principal.account_id = account_id;
    f->req.db = f->db;
    buf_init(&out, 4096);
    assert_int_equal(cache_figures_find(&f->req, &out, &seen), want != NULL);
    f->req.db = NULL;
    if (want)
        assert_string_equal(out.data, want);
    else
        assert_int_equal(out.len, 0);
    buf_release(&out);
    return seen;
}

static void keep_figures(struct fake *f, int64_t account_id, struct view body)
{
    const struct cache_calls seen = figures(f, account_id, NULL);

    cache_figures_keep(&f->req, &seen, body);
}

static void figures_hold_until_a_call_or_a_commit(void **state)
{
    const struct usage_subject subject = { 7, 0 };
    struct fake *f = *state;

    (void)figures(f, 7, NULL);
    keep_figures(f, 7, view_of("{\"a\":1}"));
    (void)figures(f, 7, "{\"a\":1}");
    (void)figures(f, 7 + 256, NULL);
    (void)figures(f, 0, NULL);
    assert_int_equal(usage_calls_add(f->api.calls, &subject, NOW), 0);
    (void)figures(f, 7, NULL);
    keep_figures(f, 7, view_of("{\"a\":2}"));
    (void)figures(f, 7, "{\"a\":2}");
    f->req.snapshot_version = 2;
    (void)figures(f, 7, NULL);
    keep_figures(f, 7 + 256, view_of("{\"a\":3}"));
    (void)figures(f, 7 + 256, "{\"a\":3}");
    f->req.snapshot_version = 1;
    (void)figures(f, 7, NULL);
}

/* Another loop's call may or may not be in the body: it is not answered again. */
static void a_call_while_figures_are_read_makes_them_void(void **state)
{
    const struct usage_subject subject = { 7, 0 };
    struct fake *f = *state;
    const struct cache_calls seen = figures(f, 7, NULL);

    assert_int_equal(usage_calls_add(f->api.calls, &subject, NOW), 0);
    cache_figures_keep(&f->req, &seen, view_of("{\"a\":0}"));
    (void)figures(f, 7, NULL);
}

static void long_figures_are_not_kept(void **state)
{
    struct fake *f = *state;
    char body[1025];

    memset(body, '1', sizeof body);
    keep_figures(f, 7, (struct view){ body, 1025 });
    (void)figures(f, 7, NULL);
    body[1024] = '\0';
    keep_figures(f, 7, (struct view){ body, 1024 });
    (void)figures(f, 7, body);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_identity_holds_for_its_credentials_only),
        CASE(pieces_do_not_run_together),
        CASE(an_identity_ends_with_its_token_and_with_any_commit),
        CASE(a_job_holds_for_its_id_and_snapshot_only),
        CASE(long_credentials_are_not_kept),
        CASE(figures_hold_until_a_call_or_a_commit),
        CASE(a_call_while_figures_are_read_makes_them_void),
        CASE(long_figures_are_not_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
