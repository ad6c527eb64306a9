#include "tests/unit/jobs_fixture.h"

/* Several outputs of a job: one transaction, one charge of their sum, and all of them go.
 */

static struct job_output output_of(const char *label, const char *blob, int64_t bytes)
{
    struct job_output o = { .bytes = bytes,
                            .duration_us = CLOCK_SECOND_US,
                            .digest = "bb",
                            .levels = { true, -100, -2000, -1 } };

    (void)snprintf(o.label, sizeof o.label, "%s", label);
    (void)snprintf(o.blob, sizeof o.blob, "%s", blob);
    return o;
}

static int finish(struct fixture *f, const struct job *job,
                  const struct job_output *outputs, size_t count)
{
    struct call c = { .job = *job,
                      .now_us = NOW + 1,
                      .outcome = { .completed = true,
                                   .outputs = outputs,
                                   .outputs_count = count,
                                   .processing_us = 1000 } };

    return run(f, finish_work, &c);
}

static struct job finished_with_two(struct fixture *f, int64_t account_id)
{
    const struct job_output two[] = { output_of("vocals", "vocals.wav", 700),
                                      output_of("rest", "rest.wav", 800) };
    struct job job;

    (void)accepted(f, account_id, 0);
    job = claimed(f, NOW);
    assert_int_equal(finish(f, &job, two, 2), 0);
    return stored(f, &job);
}

struct reading {
    const struct job *job;
    struct job_output outputs[JOB_OUTPUTS_MAX];
    size_t count;
    const char *blob;
    bool is_owned;
};

static int outputs_work(struct db *db, void *ctx)
{
    struct reading *r = ctx;

    return jobs_outputs_read(db, r->job, r->outputs, &r->count);
}

static int owned_work(struct db *db, void *ctx)
{
    struct reading *r = ctx;

    return jobs_owns_blob(db, view_of(r->blob), &r->is_owned);
}

static bool is_owned(struct fixture *f, const char *blob)
{
    struct reading r = { .blob = blob };

    assert_int_equal(usage_store_read(f->store, owned_work, &r), 0);
    return r.is_owned;
}

static struct reading outputs_of(struct fixture *f, const struct job *job)
{
    struct reading r = { .job = job };

    assert_int_equal(usage_store_read(f->store, outputs_work, &r), 0);
    return r;
}

static void all_are_charged_and_told_of(void **state)
{
    struct fixture *f = *state;
    const struct job job = finished_with_two(f, f->user);
    const struct reading r = outputs_of(f, &job);

    assert_string_equal(job.output_blob, "vocals.wav");
    assert_int_equal(job.output_bytes, 700);
    assert_int_equal(job.further_bytes, 800);
    assert_int_equal(job.levels.peak_cdbfs, -100);
    assert_int_equal(r.count, 2);
    assert_string_equal(r.outputs[0].label, "vocals");
    assert_string_equal(r.outputs[1].label, "rest");
    assert_string_equal(r.outputs[1].blob, "rest.wav");
    assert_int_equal(r.outputs[1].bytes, 800);
    assert_int_equal(r.outputs[1].levels.loudness_clufs, -2000);
    assert_int_equal(sum_of(f, f->user, METER_OUTPUT_BYTES), 1500);
    assert_int_equal(sum_of(f, f->user, METER_STORED_BYTES), INPUT + 1500);
    assert_int_equal(sum_of(f, f->user, METER_FILES_PROCESSED), 1);
    assert_true(is_owned(f, "vocals.wav"));
    assert_true(is_owned(f, "rest.wav"));
    (void)proved_counts(f);
}

static void a_single_one_without_a_label_has_no_row(void **state)
{
    struct fixture *f = *state;
    struct job job = accepted(f, f->user, 0);
    struct reading r;

    assert_int_equal(outputs_of(f, &job).count, 0);
    job = claimed(f, NOW);
    assert_int_equal(finished(f, &job, true, NOW + 1), 0);
    job = stored(f, &job);
    r = outputs_of(f, &job);
    assert_int_equal(job.outputs_count, 0);
    assert_int_equal(r.count, 1);
    assert_string_equal(r.outputs[0].label, "");
    assert_string_equal(r.outputs[0].blob, "out.wav");
    assert_int_equal(r.outputs[0].bytes, OUTPUT);
    assert_int_equal(r.outputs[0].duration_us, job.duration_us);
}

static void what_is_no_outcome_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct job_output many[JOB_OUTPUTS_MAX + 1];
    struct job job;

    for (size_t i = 0; i <= JOB_OUTPUTS_MAX; i++)
        many[i] = output_of("x", "x.wav", 1);
    (void)accepted(f, f->user, 0);
    job = claimed(f, NOW);
    assert_int_equal(finish(f, &job, many, JOB_OUTPUTS_MAX + 1), ERR_INVALID);
    assert_int_equal(finish(f, &job, many, 0), ERR_INVALID);
    many[1].label[0] = '\0';
    assert_int_equal(finish(f, &job, many, 2), ERR_INVALID);
    many[1] = output_of("y", "", 1);
    assert_int_equal(finish(f, &job, many, 2), ERR_INVALID);
    many[1] = output_of("y", "y.wav", INT64_MAX);
    assert_int_equal(finish(f, &job, many, 2), ERR_INVALID);
    many[1] = output_of("y", "y.wav", -1);
    assert_int_equal(finish(f, &job, many, 2), ERR_INVALID);
    assert_int_equal(stored(f, &job).status, JOB_PROCESSING);
    assert_int_equal(sum_of(f, f->user, METER_OUTPUT_BYTES), 0);
    job.lease_token++;
    many[1] = output_of("y", "y.wav", 1);
    assert_int_equal(finish(f, &job, many, 2), ERR_CONFLICT);
    assert_false(is_owned(f, "y.wav"));
}

static void assert_all_three(const struct job_blobs *blobs)
{
    assert_int_equal(blobs->count, 3);
    assert_string_equal(blobs->names[0], "in.wav");
    assert_string_equal(blobs->names[1], "vocals.wav");
    assert_string_equal(blobs->names[2], "rest.wav");
}

static void deletion_and_expiry_give_all_blobs(void **state)
{
    struct fixture *f = *state;
    struct call c = { .job = finished_with_two(f, f->user), .now_us = NOW + 2 };

    assert_int_equal(run(f, delete_work, &c), 0);
    assert_all_three(&c.blobs);
    assert_false(is_owned(f, "rest.wav"));
    assert_int_equal(outputs_of(f, &c.job).count, 0);
    assert_int_equal(sum_of(f, f->user, METER_STORED_BYTES), 0);
    (void)finished_with_two(f, f->user);
    c = (struct call){ .now_us = NOW + 2 * CLOCK_DAY_US };
    assert_int_equal(run(f, expire_work, &c), 0);
    assert_int_equal(c.number, 1);
    assert_all_three(&c.blobs);
    assert_int_equal(sum_of(f, f->user, METER_STORED_BYTES), 0);
    assert_int_equal(sum_of(f, f->user, METER_OUTPUT_BYTES), 3000);
    (void)proved_counts(f);
}

static void they_move_with_a_guest(void **state)
{
    struct fixture *f = *state;
    const struct job job = finished_with_two(f, f->guest);
    struct call c = { .from = f->guest, .to = f->user, .now_us = NOW + 2 };
    struct job moved;

    assert_int_equal(run(f, merge_work, &c), 0);
    moved = stored(f, &job);
    assert_int_equal(outputs_of(f, &moved).count, 2);
    c = (struct call){ .job = moved, .flag = true, .now_us = NOW + 3 };
    assert_int_equal(run(f, delete_work, &c), 0);
    assert_all_three(&c.blobs);
    assert_int_equal(sum_of(f, f->user, METER_STORED_BYTES), 0);
}

/* The account closes while the job runs: its outputs are not charged, and go. */
static void a_closed_accounts_outputs_go(void **state)
{
    const struct job_output two[] = { output_of("vocals", "vocals.wav", 700),
                                      output_of("rest", "rest.wav", 800) };
    struct fixture *f = *state;
    struct call c = { .from = f->user, .now_us = NOW + 1 };
    struct job job;

    (void)accepted(f, f->user, 0);
    job = claimed(f, NOW);
    assert_int_equal(run(f, close_work, &c), 0);
    assert_int_equal(finish(f, &job, two, 2), 0);
    assert_int_equal(sum_of(f, f->user, METER_OUTPUT_BYTES), 0);
    assert_true(is_owned(f, "rest.wav"));
    c = (struct call){ .now_us = NOW + 2 };
    assert_int_equal(run(f, expire_work, &c), 0);
    assert_all_three(&c.blobs);
    assert_false(is_owned(f, "rest.wav"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(all_are_charged_and_told_of),
        CASE(a_single_one_without_a_label_has_no_row),
        CASE(what_is_no_outcome_changes_nothing),
        CASE(deletion_and_expiry_give_all_blobs),
        CASE(they_move_with_a_guest),
        CASE(a_closed_accounts_outputs_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
