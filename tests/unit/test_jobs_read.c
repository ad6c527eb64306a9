#include "tests/unit/jobs_fixture.h"

struct listing {
    struct job_filter filter;
    struct job jobs[16];
    size_t count;
};

static int listing_row(void *ctx, const struct job *job)
{
    struct listing *l = ctx;

    assert_true(l->count < UNIT_COUNT(l->jobs));
    l->jobs[l->count++] = *job;
    return 0;
}

static int listing_work(struct db *db, void *ctx)
{
    struct listing *l = ctx;

    l->count = 0;
    return jobs_list(db, &l->filter, listing_row, l);
}

static void jobs_are_listed_newest_first_page_by_page(void **state)
{
    struct fixture *f = *state;
    struct listing l = { .filter = { .account_id = f->user, .status = -1, .limit = 4 } };
    char seen[10][UUID_TEXT_SIZE], cursor[UUID_TEXT_SIZE];
    size_t count = 0;

    for (int i = 0; i < 10; i++) /* in pairs of one time */
        (void)accepted_at(f, f->user, 0, NOW + i / 2);
    (void)accepted_at(f, f->guest, 0, NOW);
    do {
        assert_int_equal(usage_store_read(f->store, listing_work, &l), 0);
        for (size_t i = 0; i < l.count; i++) {
            assert_int_equal(l.jobs[i].created_us, NOW + (9 - (int64_t)count) / 2);
            strcpy(seen[count], l.jobs[i].job_id);
            for (size_t j = 0; j < count; j++)
                assert_string_not_equal(seen[j], seen[count]);
            count++;
        }
        strcpy(cursor, seen[count - 1]);
        l.filter.before_job = view_of(cursor);
    } while (l.count > 0);
    assert_int_equal(count, 10);
    l.filter.account_id = f->guest;
    assert_int_equal(usage_store_read(f->store, listing_work, &l), ERR_INVALID);
}

static void lists_filter_by_status_with_and_without_an_account(void **state)
{
    struct fixture *f = *state;
    struct listing l = { .filter = { .status = JOB_PROCESSING, .limit = 10 } };
    const struct job first = accepted_at(f, f->user, 0, NOW);

    (void)accepted_at(f, f->user, 0, NOW + 1);
    (void)accepted_at(f, f->guest, 0, NOW + 2);
    assert_string_equal(claimed(f, NOW + 3).job_id, first.job_id);
    assert_int_equal(usage_store_read(f->store, listing_work, &l), 0);
    assert_int_equal(l.count, 1);
    assert_string_equal(l.jobs[0].job_id, first.job_id);
    l.filter.status = JOB_PENDING;
    assert_int_equal(usage_store_read(f->store, listing_work, &l), 0);
    assert_int_equal(l.count, 2);
    l.filter.account_id = f->user;
    assert_int_equal(usage_store_read(f->store, listing_work, &l), 0);
    assert_int_equal(l.count, 1);
    l.filter = (struct job_filter){ .status = -1, .limit = 10, .skip = 1 };
    assert_int_equal(usage_store_read(f->store, listing_work, &l), 0);
    assert_int_equal(l.count, 2);
}

struct ownership {
    const char *blob;
    bool is_owned;
};

static int owns_work(struct db *db, void *ctx)
{
    struct ownership *o = ctx;

    return jobs_owns_blob(db, view_of(o->blob), &o->is_owned);
}

static bool is_owned(struct fixture *f, const char *blob)
{
    struct ownership o = { .blob = blob };

    assert_int_equal(usage_store_read(f->store, owns_work, &o), 0);
    return o.is_owned;
}

static void blobs_are_owned_until_the_files_go(void **state)
{
    struct fixture *f = *state;
    struct call c = { .now_us = NOW };

    (void)accepted(f, f->user, 0);
    assert_true(is_owned(f, "in.wav"));
    assert_false(is_owned(f, "out.wav"));
    assert_false(is_owned(f, ""));
    c.job = claimed(f, NOW);
    assert_int_equal(finished(f, &c.job, true, NOW), 0);
    assert_true(is_owned(f, "out.wav"));
    assert_int_equal(run(f, delete_work, &c), 0);
    assert_int_equal(c.job.status, JOB_EXPIRED);
    assert_string_equal(c.job.output_blob, "out.wav");
    assert_false(is_owned(f, "in.wav"));
    assert_false(is_owned(f, "out.wav"));
    assert_false(is_owned(f, ""));
}

static int counts_work(struct db *db, void *ctx)
{
    struct call *c = ctx;
    struct job_counts counts;
    int rc = jobs_counts_read(db, c->now_us, &counts);

    c->number = counts.new_last_24h;
    return rc;
}

static void arrivals_are_counted_for_a_day(void **state)
{
    struct fixture *f = *state;
    struct call c = { .now_us = NOW + 2 * CLOCK_HOUR_US };

    (void)accepted_at(f, f->user, 0, NOW);
    (void)accepted_at(f, f->user, 0, NOW + CLOCK_HOUR_US);
    assert_int_equal(usage_store_read(f->store, counts_work, &c), 0);
    assert_int_equal(c.number, 2);
    c.now_us = NOW + CLOCK_DAY_US + CLOCK_MINUTE_US;
    assert_int_equal(usage_store_read(f->store, counts_work, &c), 0);
    assert_int_equal(c.number, 1);
    (void)accepted_at(f, f->user, 0, NOW + 3 * CLOCK_DAY_US);
    c.now_us = NOW + 3 * CLOCK_DAY_US;
    assert_int_equal(usage_store_read(f->store, counts_work, &c), 0);
    assert_int_equal(c.number, 1);
    (void)proved_counts(f);
}

static void names_of_states_and_long_file_names(void **state)
{
    struct fixture *f = *state;
    struct call c = { .upload = upload_of(f->user, 0), .now_us = NOW };
    enum job_status status;
    char name[300];

    for (int i = 0; i < JOB_STATUS_COUNT; i++) {
        assert_true(job_status_of(view_of(job_status_name((enum job_status)i)), &status));
        assert_int_equal(status, i);
    }
    assert_false(job_status_of(view_of("bogus"), &status));
    memset(name, 'a', sizeof name);
    memcpy(name + 254, "\xc3\xa9", 2); /* its second byte does not fit */
    c.upload.original_filename = (struct view){ name, sizeof name };
    assert_int_equal(run(f, accept_work, &c), 0);
    assert_int_equal(strlen(c.job.original_filename), 254);
    c.upload.processing_type = view_of("");
    assert_int_equal(run(f, accept_work, &c), ERR_INVALID);
    c.upload = upload_of(f->user, 0);
    c.upload.duration_us = INT64_MAX;
    assert_int_equal(run(f, accept_work, &c), ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(jobs_are_listed_newest_first_page_by_page),
        CASE(lists_filter_by_status_with_and_without_an_account),
        CASE(blobs_are_owned_until_the_files_go),
        CASE(arrivals_are_counted_for_a_day),
        CASE(names_of_states_and_long_file_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
