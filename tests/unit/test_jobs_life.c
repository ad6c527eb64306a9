#include "tests/unit/jobs_fixture.h"

#include <pthread.h>

static const int64_t OUTPUT_HELD = 44 + (2 * 16000 + 1) * 2;

static void a_job_from_upload_to_download(void **state)
{
    struct fixture *f = *state;
    struct call c = { .now_us = NOW, .number = OUTPUT };
    struct job_counts counts;
    struct job job = accepted(f, f->user, 0);

    assert_int_equal(job.status, JOB_PENDING);
    assert_int_equal(sum_of(f, f->user, METER_FILES_UPLOADED), 1);
    assert_int_equal(sum_of(f, f->user, METER_INPUT_BYTES), INPUT);
    assert_int_equal(sum_of(f, f->user, METER_STORED_BYTES), INPUT);
    assert_int_equal(reserved_of(f, f->user, METER_STORED_BYTES), OUTPUT_HELD);
    assert_int_equal(reserved_of(f, f->user, METER_PROCESSING_TIME), CLOCK_SECOND_US);
    job = claimed(f, NOW + 1);
    assert_int_equal(job.attempts, 1);
    assert_int_equal(job.started_us, NOW + 1);
    c.job = job;
    assert_int_equal(run(f, renew_work, &c), 0);
    assert_int_equal(finished(f, &job, true, NOW + 2), 0);
    c.job = stored(f, &job);
    assert_int_equal(c.job.status, JOB_COMPLETED);
    assert_int_equal(c.job.output_bytes, OUTPUT);
    assert_string_equal(c.job.output_blob, "out.wav");
    assert_int_equal(c.job.processing_us, 123456);
    assert_int_equal(c.job.completed_us, NOW + 2);
    assert_int_equal(run(f, downloaded_work, &c), 0);
    assert_int_equal(run(f, downloaded_work, &c), 0);
    assert_int_equal(reserved_of(f, f->user, METER_STORED_BYTES), 0);
    assert_int_equal(reserved_of(f, f->user, METER_PROCESSING_TIME), 0);
    assert_int_equal(sum_of(f, f->user, METER_FILES_PROCESSED), 1);
    assert_int_equal(sum_of(f, f->user, METER_FILES_FAILED), 0);
    assert_int_equal(sum_of(f, f->user, METER_OUTPUT_BYTES), OUTPUT);
    assert_int_equal(sum_of(f, f->user, METER_STORED_BYTES), INPUT + OUTPUT);
    assert_int_equal(sum_of(f, f->user, METER_PROCESSING_TIME), 123456);
    assert_int_equal(sum_of(f, f->user, METER_FILES_DOWNLOADED), 2);
    assert_int_equal(sum_of(f, f->user, METER_DOWNLOADED_BYTES), 2 * OUTPUT);
    counts = proved_counts(f);
    assert_int_equal(counts.by_status[JOB_COMPLETED], 1);
    assert_int_equal(counts.completed_ever, 1);
    assert_int_equal(counts.new_last_24h, 1);
}

static void a_failure_is_charged_with_its_time(void **state)
{
    struct fixture *f = *state;
    struct job job;

    (void)accepted(f, f->user, 0);
    job = claimed(f, NOW);
    assert_int_equal(finished(f, &job, false, NOW), 0);
    job = stored(f, &job);
    assert_int_equal(job.status, JOB_FAILED);
    assert_string_equal(job.error, "The file is silent.");
    assert_int_equal(sum_of(f, f->user, METER_FILES_FAILED), 1);
    assert_int_equal(sum_of(f, f->user, METER_PROCESSING_TIME), 123456);
    assert_int_equal(sum_of(f, f->user, METER_STORED_BYTES), INPUT);
    assert_int_equal(proved_counts(f).failed_ever, 1);
}

static void the_third_lost_lease_fails_the_job(void **state)
{
    struct fixture *f = *state;
    struct call c = { 0 };
    struct job job, first;

    (void)accepted(f, f->user, 0);
    first = claimed(f, NOW);
    c.now_us = NOW + LEASE - 1;
    assert_int_equal(run(f, claim_work, &c), 0);
    assert_false(c.flag);
    job = claimed(f, NOW + LEASE);
    assert_int_equal(job.attempts, 2);
    assert_int_not_equal(job.lease_token, first.lease_token);
    job = claimed(f, NOW + 2 * LEASE);
    assert_int_equal(job.attempts, 3);
    c.now_us = NOW + 3 * LEASE;
    assert_int_equal(run(f, claim_work, &c), 0);
    assert_false(c.flag);
    job = stored(f, &job);
    assert_int_equal(job.status, JOB_FAILED);
    assert_non_null(strstr(job.error, "interrupted three times"));
    assert_int_equal(sum_of(f, f->user, METER_FILES_FAILED), 1);
    assert_int_equal(sum_of(f, f->user, METER_PROCESSING_TIME), 0);
    assert_int_equal(reserved_of(f, f->user, METER_PROCESSING_TIME), 0);
    assert_int_equal(proved_counts(f).by_status[JOB_FAILED], 1);
}

static void a_late_finish_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct call c = { .now_us = NOW + LEASE };
    struct job late, job;

    (void)accepted(f, f->user, 0);
    late = claimed(f, NOW);
    job = claimed(f, NOW + LEASE);
    c.job = late;
    assert_int_equal(run(f, renew_work, &c), ERR_CONFLICT);
    assert_int_equal(finished(f, &late, true, NOW + LEASE), ERR_CONFLICT);
    assert_int_equal(stored(f, &job).status, JOB_PROCESSING);
    assert_int_equal(sum_of(f, f->user, METER_FILES_PROCESSED), 0);
    assert_int_equal(finished(f, &job, true, NOW + LEASE), 0);
    assert_int_equal(finished(f, &job, true, NOW + LEASE), ERR_CONFLICT);
    assert_int_equal(finished(f, &late, false, NOW + LEASE), ERR_CONFLICT);
    assert_int_equal(sum_of(f, f->user, METER_FILES_PROCESSED), 1);
    assert_int_equal(sum_of(f, f->user, METER_FILES_FAILED), 0);
    (void)proved_counts(f);
}

static void giving_back_counts_only_when_told_so(void **state)
{
    struct fixture *f = *state;
    struct call c = { .now_us = NOW };

    (void)accepted(f, f->user, 0);
    for (int i = 0; i < 5; i++) {
        c.job = claimed(f, NOW);
        assert_int_equal(c.job.attempts, 1);
        c.flag = false;
        assert_int_equal(run(f, give_back_work, &c), 0);
    }
    assert_int_equal(run(f, give_back_work, &c), ERR_CONFLICT);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(stored(f, &c.job).status, JOB_PENDING);
        c.job = claimed(f, NOW);
        c.flag = true;
        assert_int_equal(run(f, give_back_work, &c), 0);
    }
    c.job = stored(f, &c.job);
    assert_int_equal(c.job.status, JOB_FAILED);
    assert_string_equal(c.job.error, "The audio host died.");
    (void)proved_counts(f);
}

/* Others pass it meanwhile; it loses neither its place nor an attempt. */
static void a_job_that_is_put_off_waits_until_then(void **state)
{
    const int64_t then_us = NOW + CLOCK_MINUTE_US;
    struct fixture *f = *state;
    struct call c = { .now_us = NOW, .number = then_us };
    struct job first, second;

    (void)accepted(f, f->user, 0);
    first = c.job = claimed(f, NOW);
    assert_int_equal(run(f, put_off_work, &c), 0);
    assert_int_equal(run(f, put_off_work, &c), ERR_CONFLICT);
    assert_int_equal(stored(f, &first).status, JOB_PENDING);
    assert_int_equal(stored(f, &first).attempts, 0);
    (void)accepted(f, f->user, 0);
    second = claimed(f, then_us - 1);
    assert_string_not_equal(second.job_id, first.job_id);
    c.job = claimed(f, then_us);
    assert_string_equal(c.job.job_id, first.job_id);
    assert_int_equal(c.job.attempts, 1);
    (void)proved_counts(f);
}

enum { CLAIMERS = 16, CLAIMS = 200 };

struct claimer {
    struct fixture *f;
    pthread_t thread;
    int64_t claimed;
    int rc;
};

static void *claimer_thread(void *ctx)
{
    struct claimer *k = ctx;

    for (;;) {
        struct call c = { .now_us = NOW };

        k->rc = run(k->f, claim_work, &c);
        if (k->rc || !c.flag)
            return NULL;
        k->claimed++;
        k->rc = c.job.attempts == 1 ? finished(k->f, &c.job, true, NOW) : ERR_INTERNAL;
        if (k->rc)
            return NULL;
    }
}

static void sixteen_threads_claim_each_job_once(void **state)
{
    struct fixture *f = *state;
    struct claimer claimers[CLAIMERS];
    int64_t sum = 0;

    for (int i = 0; i < CLAIMS; i++) {
        if (i == CLAIMS / 2) /* the plan takes a hundred files of one user a day */
            assert_int_equal(usage_store_write(f->store, fixture_accounts, f), 0);
        (void)accepted(f, f->user, 0);
    }
    for (int i = 0; i < CLAIMERS; i++) {
        claimers[i] = (struct claimer){ .f = f };
        assert_int_equal(
            pthread_create(&claimers[i].thread, NULL, claimer_thread, &claimers[i]), 0);
    }
    for (int i = 0; i < CLAIMERS; i++) {
        assert_int_equal(pthread_join(claimers[i].thread, NULL), 0);
        assert_int_equal(claimers[i].rc, 0);
        sum += claimers[i].claimed;
    }
    assert_int_equal(sum, CLAIMS);
    assert_int_equal(sum_of(f, 0, METER_FILES_PROCESSED), CLAIMS);
    assert_int_equal(proved_counts(f).completed_ever, CLAIMS);
}

static void what_was_chosen_and_measured_is_kept(void **state)
{
    struct fixture *f = *state;
    struct call c = { .upload = upload_of(f->user, 0), .now_us = NOW };
    const struct job_output output = { .blob = "out.flac",
                                       .digest = "bb",
                                       .bytes = OUTPUT,
                                       .levels = { true, -341, -1600, 1462 } };
    const struct job plain = accepted(f, f->user, 0);
    struct job job;

    assert_string_equal(plain.choice.output_format, "wav");
    assert_string_equal(plain.choice.strength, "normal");
    assert_false(plain.choice.loudness_normalise);
    c.upload.choice = (struct job_choice){ "flac", "strong", true };
    c.upload.output_bytes_most = 5000;
    assert_int_equal(run(f, accept_work, &c), 0);
    assert_int_equal(reserved_of(f, f->user, METER_STORED_BYTES), OUTPUT_HELD + 5000);
    assert_false(stored(f, &c.job).levels.are_known);
    job = claimed(f, NOW);
    if (strcmp(job.job_id, c.job.job_id) != 0)
        job = claimed(f, NOW);
    assert_string_equal(job.choice.output_format, "flac");
    assert_string_equal(job.choice.strength, "strong");
    assert_true(job.choice.loudness_normalise);
    c.job = job;
    c.outcome =
        (struct job_outcome){ .completed = true, .outputs = &output, .outputs_count = 1 };
    assert_int_equal(run(f, finish_work, &c), 0);
    job = stored(f, &job);
    assert_true(job.levels.are_known);
    assert_int_equal(job.levels.peak_cdbfs, -341);
    assert_int_equal(job.levels.loudness_clufs, -1600);
    assert_int_equal(job.levels.noise_removed_cdb, 1462);
    assert_string_equal(job.choice.output_format, "flac");
    assert_int_equal(reserved_of(f, f->user, METER_STORED_BYTES), OUTPUT_HELD);
    (void)proved_counts(f);
    memset(c.upload.choice.strength, 'x', sizeof c.upload.choice.strength);
    assert_int_equal(run(f, accept_work, &c), ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_job_from_upload_to_download),
        CASE(a_failure_is_charged_with_its_time),
        CASE(the_third_lost_lease_fails_the_job),
        CASE(a_late_finish_changes_nothing),
        CASE(giving_back_counts_only_when_told_so),
        CASE(a_job_that_is_put_off_waits_until_then),
        CASE(what_was_chosen_and_measured_is_kept),
        CASE(sixteen_threads_claim_each_job_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
