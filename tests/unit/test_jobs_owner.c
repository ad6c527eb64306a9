#include "tests/unit/jobs_fixture.h"

static void every_passed_limit_is_named(void **state)
{
    struct fixture *f = *state;
    struct call c = { .upload = upload_of(f->guest, 0), .now_us = NOW };

    for (int i = 0; i < 5; i++)
        (void)accepted(f, f->guest, 0);
    c.upload.input_bytes = 20000000;
    c.upload.duration_us = 200 * CLOCK_SECOND_US;
    assert_int_equal(run(f, accept_work, &c), ERR_LIMIT);
    assert_int_equal(c.refusal.count, 3);
    assert_int_equal(c.refusal.limits[0].meter, METER_FILES_UPLOADED);
    assert_int_equal(c.refusal.limits[0].used, 5);
    assert_int_equal(c.refusal.limits[1].meter, METER_PROCESSING_TIME);
    assert_int_equal(c.refusal.limits[1].reserved, 5 * CLOCK_SECOND_US);
    assert_int_equal(c.refusal.limits[2].meter, METER_STORED_BYTES);
    assert_int_equal(proved_counts(f).total, 5);
}

static void guests_of_one_network_share_its_limit(void **state)
{
    struct fixture *f = *state;
    struct call c = { .now_us = NOW };

    for (int guest = 0; guest < 2; guest++) {
        for (int i = 0; i < 5; i++)
            (void)accepted(f, guest ? f->user : f->guest, f->network);
    }
    c.upload = upload_of(f->user, f->network);
    assert_int_equal(run(f, accept_work, &c), ERR_LIMIT);
    assert_true(c.refusal.limits[0].of_group);
    assert_int_equal(c.refusal.limits[0].limit, 10);
    (void)proved_counts(f);
}

static int precheck_work(struct db *db, void *ctx)
{
    struct call *c = ctx;

    return jobs_precheck(db, &c->upload.subject, c->number, NOW, &c->refusal);
}

static void a_precheck_refuses_what_could_not_be_accepted(void **state)
{
    struct fixture *f = *state;
    struct call c = { .upload = upload_of(f->guest, 0), .number = 1000 };
    struct call new_guest = { .upload = upload_of(0, f->network), .number = 1000 };

    assert_int_equal(usage_store_read(f->store, precheck_work, &c), 0);
    assert_int_equal(usage_store_read(f->store, precheck_work, &new_guest), 0);
    new_guest.number = 10000001;
    assert_int_equal(usage_store_read(f->store, precheck_work, &new_guest), ERR_LIMIT);
    assert_int_equal(new_guest.refusal.limits[0].meter, METER_STORED_BYTES);
    for (int i = 0; i < 5; i++)
        (void)accepted(f, f->guest, 0);
    assert_int_equal(usage_store_read(f->store, precheck_work, &c), ERR_LIMIT);
    assert_int_equal(c.refusal.limits[0].meter, METER_FILES_UPLOADED);
}

static void an_idempotency_key_accepts_once(void **state)
{
    struct fixture *f = *state;
    struct call c = { .upload = upload_of(f->user, 0), .now_us = NOW }, again, other;

    c.upload.idempotency_key = view_of("key-1");
    c.upload.request_digest = "d1";
    again = other = c;
    assert_int_equal(run(f, accept_work, &c), 0);
    assert_false(c.flag);
    assert_int_equal(run(f, accept_work, &again), 0);
    assert_true(again.flag);
    assert_string_equal(again.job.job_id, c.job.job_id);
    other.upload.request_digest = "d2";
    assert_int_equal(run(f, accept_work, &other), ERR_CONFLICT);
    other.upload.request_digest = "d1";
    other.upload.processing_type = view_of("speech_separation");
    assert_int_equal(run(f, accept_work, &other), ERR_CONFLICT);
    other = again;
    other.upload.subject.account_id = f->guest;
    assert_int_equal(run(f, accept_work, &other), 0);
    assert_false(other.flag);
    assert_int_equal(sum_of(f, f->user, METER_FILES_UPLOADED), 1);
    c.flag = true; /* with the row, its key is forgotten */
    assert_int_equal(run(f, delete_work, &c), 0);
    assert_int_equal(run(f, accept_work, &again), 0);
    assert_false(again.flag);
    assert_int_equal(proved_counts(f).total, 2);
}

static void a_refused_upload_leaves_its_key_unused(void **state)
{
    struct fixture *f = *state;
    struct call c = { .upload = upload_of(f->guest, 0), .now_us = NOW };

    c.upload.idempotency_key = view_of("key-1");
    for (int i = 0; i < 5; i++)
        (void)accepted(f, f->guest, 0);
    assert_int_equal(run(f, accept_work, &c), ERR_LIMIT);
    c.now_us += CLOCK_DAY_US;
    c.upload.expires_us += CLOCK_DAY_US;
    assert_int_equal(run(f, accept_work, &c), 0);
    assert_false(c.flag);
    (void)proved_counts(f);
}

static void cancelling_while_processing(void **state)
{
    struct fixture *f = *state;
    struct call c = { .now_us = NOW };
    struct job job;

    (void)accepted(f, f->user, 0);
    job = c.job = claimed(f, NOW);
    assert_int_equal(run(f, delete_work, &c), 0);
    assert_int_equal(c.job.status, JOB_CANCELLED);
    assert_string_equal(c.job.input_blob, "in.wav");
    assert_string_equal(stored(f, &job).input_blob, "");
    assert_int_equal(finished(f, &job, true, NOW), ERR_CONFLICT);
    assert_int_equal(sum_of(f, f->user, METER_FILES_UPLOADED), 1);
    assert_int_equal(sum_of(f, f->user, METER_FILES_PROCESSED), 0);
    assert_int_equal(sum_of(f, f->user, METER_STORED_BYTES), 0);
    assert_int_equal(reserved_of(f, f->user, METER_STORED_BYTES), 0);
    assert_int_equal(run(f, delete_work, &c), 0);
    assert_string_equal(c.job.input_blob, "");
    assert_int_equal(c.job.status, JOB_CANCELLED);
    assert_int_equal(proved_counts(f).by_status[JOB_CANCELLED], 1);
    c.flag = true;
    assert_int_equal(run(f, delete_work, &c), 0);
    assert_int_equal(run(f, delete_work, &c), ERR_NOT_FOUND);
    assert_int_equal(proved_counts(f).total, 0);
    assert_int_equal(proved_counts(f).new_last_24h, 0);
}

static void expiry_takes_the_stored_bytes_and_nothing_else(void **state)
{
    struct fixture *f = *state;
    struct call c = { .now_us = NOW + CLOCK_DAY_US - 1 };
    struct job job;

    (void)accepted(f, f->user, f->network);
    job = claimed(f, NOW);
    assert_int_equal(finished(f, &job, true, NOW), 0);
    (void)accepted(f, f->user, f->network); /* never claimed */
    assert_int_equal(run(f, expire_work, &c), 0);
    assert_int_equal(c.number, 0);
    c.now_us++;
    assert_int_equal(run(f, expire_work, &c), 0);
    assert_int_equal(c.number, 2);
    assert_int_equal(run(f, expire_work, &c), 0);
    assert_int_equal(c.number, 2);
    assert_int_equal(sum_of(f, f->user, METER_STORED_BYTES), 0);
    assert_int_equal(sum_of(f, f->network, METER_STORED_BYTES), 0);
    assert_int_equal(reserved_of(f, f->user, METER_PROCESSING_TIME), 0);
    assert_int_equal(sum_of(f, f->user, METER_FILES_UPLOADED), 2);
    assert_int_equal(sum_of(f, f->user, METER_INPUT_BYTES), 2 * INPUT);
    assert_int_equal(sum_of(f, f->user, METER_OUTPUT_BYTES), OUTPUT);
    assert_int_equal(sum_of(f, f->user, METER_PROCESSING_TIME), 123456);
    job = stored(f, &job);
    assert_int_equal(job.status, JOB_EXPIRED);
    assert_string_equal(job.output_blob, "");
    assert_int_equal(proved_counts(f).by_status[JOB_EXPIRED], 2);
}

static void expiry_waits_for_a_job_that_is_worked_on(void **state)
{
    struct fixture *f = *state;
    const int64_t late_us = NOW + CLOCK_DAY_US - 1;
    struct call c = { .now_us = late_us + 2 };
    struct job job;

    (void)accepted(f, f->user, 0);
    job = claimed(f, late_us);
    assert_int_equal(run(f, expire_work, &c), 0);
    assert_int_equal(c.number, 0);
    c.now_us = late_us + LEASE;
    assert_int_equal(run(f, expire_work, &c), 0);
    assert_int_equal(c.number, 1);
    assert_int_equal(finished(f, &job, true, c.now_us), ERR_CONFLICT);
    (void)proved_counts(f);
}

static void a_guest_becomes_a_user_while_its_job_runs(void **state)
{
    struct fixture *f = *state;
    struct call c = { .from = f->guest, .to = f->user, .now_us = NOW + 1 };
    struct job job;

    (void)accepted(f, f->guest, f->network);
    job = claimed(f, NOW);
    assert_int_equal(run(f, merge_work, &c), 0);
    c.job = job;
    c.number = OUTPUT;
    assert_int_equal(run(f, renew_work, &c), 0);
    assert_int_equal(finished(f, &job, true, NOW + 2), 0);
    assert_int_equal(run(f, downloaded_work, &c), 0);
    assert_int_equal(stored(f, &job).account_id, f->user);
    assert_int_equal(sum_of(f, f->guest, METER_FILES_UPLOADED), 0);
    assert_int_equal(sum_of(f, f->guest, METER_STORED_BYTES), 0);
    assert_int_equal(sum_of(f, f->user, METER_FILES_UPLOADED), 1);
    assert_int_equal(sum_of(f, f->user, METER_FILES_PROCESSED), 1);
    assert_int_equal(sum_of(f, f->user, METER_FILES_DOWNLOADED), 1);
    assert_int_equal(sum_of(f, f->user, METER_STORED_BYTES), INPUT + OUTPUT);
    assert_int_equal(sum_of(f, f->network, METER_STORED_BYTES), INPUT + OUTPUT);
    assert_int_equal(sum_of(f, f->network, METER_FILES_PROCESSED), 1);
    assert_int_equal(reserved_of(f, f->user, METER_PROCESSING_TIME), 0);
    assert_int_equal(reserved_of(f, f->network, METER_PROCESSING_TIME), 0);
    (void)proved_counts(f);
}

static void of_two_equal_keys_the_users_own_stands(void **state)
{
    struct fixture *f = *state;
    struct call c = { .now_us = NOW, .from = f->guest, .to = f->user }, own;

    c.upload = upload_of(f->guest, 0);
    c.upload.idempotency_key = view_of("key-1");
    assert_int_equal(run(f, accept_work, &c), 0);
    own = c;
    own.upload.subject.account_id = f->user;
    assert_int_equal(run(f, accept_work, &own), 0);
    c.upload.idempotency_key = view_of("key-2");
    assert_int_equal(run(f, accept_work, &c), 0);
    assert_int_equal(run(f, merge_work, &c), 0);
    c.upload.subject.account_id = f->user;
    assert_int_equal(run(f, accept_work, &c), 0);
    assert_true(c.flag);
    c.upload.idempotency_key = view_of("key-1");
    assert_int_equal(run(f, accept_work, &c), 0);
    assert_string_equal(c.job.job_id, own.job.job_id);
    assert_int_equal(proved_counts(f).total, 3);
}

/* Of a closed account nothing can be recounted but the ledger: what it stored stands. */
static void assert_ledger_is_equal(struct fixture *f)
{
    struct proof p = { 0 };

    assert_int_equal(usage_store_read(f->store, proof_work, &p), 0);
    assert_true(p.report.is_equal);
    assert_int_equal(p.counts.total, p.recount.total);
}

static void a_closed_accounts_jobs_end_without_a_charge(void **state)
{
    struct fixture *f = *state;
    struct call c = { .from = f->guest, .now_us = NOW + 1 };
    struct job running, waiting, users;

    running = accepted(f, f->guest, f->network);
    waiting = accepted_at(f, f->guest, f->network, NOW + 1);
    assert_string_equal(claimed(f, NOW).job_id, running.job_id);
    running = stored(f, &running);
    c.job = running;
    assert_int_equal(run(f, close_work, &c), 0);
    users = accepted_at(f, f->user, 0, NOW + 2);
    assert_int_equal(run(f, renew_work, &c), ERR_CONFLICT);
    assert_int_equal(run(f, downloaded_work, &c), 0);
    assert_int_equal(finished(f, &running, true, NOW + 2), 0);
    assert_int_equal(sum_of(f, f->guest, METER_FILES_PROCESSED), 0);
    assert_int_equal(sum_of(f, f->guest, METER_FILES_DOWNLOADED), 0);
    assert_string_equal(claimed(f, NOW + 2).job_id, users.job_id);
    assert_int_equal(stored(f, &waiting).status, JOB_CANCELLED);
    assert_int_equal(stored(f, &running).status, JOB_CANCELLED);
    assert_string_equal(stored(f, &running).output_blob, "out.wav");
    c.now_us = NOW + 3;
    assert_int_equal(run(f, expire_work, &c), 0);
    assert_int_equal(c.number, 2);
    assert_ledger_is_equal(f);
    assert_int_equal(usage_store_read(f->store, get_work, &(struct call){ .job = running }),
                     ERR_NOT_FOUND);
}

static void deleting_all_before_closing_leaves_nothing_stored(void **state)
{
    struct fixture *f = *state;
    struct call c = { .from = f->guest, .now_us = NOW };
    struct job job;

    (void)accepted(f, f->guest, f->network);
    job = claimed(f, NOW);
    assert_int_equal(finished(f, &job, true, NOW), 0);
    (void)accepted(f, f->guest, f->network);
    (void)claimed(f, NOW);
    (void)accepted(f, f->guest, f->network);
    (void)accepted(f, f->user, 0);
    assert_int_equal(run(f, delete_all_work, &c), 0);
    assert_int_equal(c.number, 3);
    assert_int_equal(sum_of(f, f->guest, METER_STORED_BYTES), 0);
    assert_int_equal(reserved_of(f, f->guest, METER_STORED_BYTES), 0);
    assert_int_equal(run(f, close_work, &c), 0);
    assert_int_equal(proved_counts(f).total, 1);
}

static int waveforms_work(struct db *db, void *ctx)
{
    struct call *c = ctx;

    return jobs_waveforms_set(db, view_of(c->job.job_id), view_of("[1]"), view_of("[2]"));
}

static int waveforms_read(struct db *db, void *ctx)
{
    struct call *c = ctx;
    struct buf original, result;
    int rc;

    buf_init(&original, 100);
    buf_init(&result, 100);
    rc = jobs_waveforms_get(db, &c->job, &original, &result);
    if (rc == 0) {
        assert_string_equal(original.data, "[1]");
        assert_string_equal(result.data, "[2]");
    }
    buf_release(&original);
    buf_release(&result);
    return rc;
}

static void waveforms_stay_with_their_files(void **state)
{
    struct fixture *f = *state;
    struct call c = { .now_us = NOW + CLOCK_DAY_US, .from = f->guest, .to = f->user };

    c.job = accepted(f, f->guest, f->network);
    assert_int_equal(run(f, waveforms_work, &c), 0); /* too early: nothing is kept */
    c.job = claimed(f, NOW);
    assert_int_equal(finished(f, &c.job, true, NOW), 0);
    assert_int_equal(usage_store_read(f->store, waveforms_read, &c), ERR_NOT_FOUND);
    assert_int_equal(run(f, waveforms_work, &c), 0);
    assert_int_equal(run(f, waveforms_work, &c), 0);
    assert_int_equal(run(f, merge_work, &c), 0);
    c.job = stored(f, &c.job);
    assert_int_equal(c.job.account_id, f->user);
    assert_int_equal(usage_store_read(f->store, waveforms_read, &c), 0);
    assert_int_equal(run(f, expire_work, &c), 0);
    assert_int_equal(usage_store_read(f->store, waveforms_read, &c), ERR_NOT_FOUND);
    assert_int_equal(run(f, waveforms_work, &c), 0); /* too late */
    assert_int_equal(usage_store_read(f->store, waveforms_read, &c), ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(every_passed_limit_is_named),
        CASE(guests_of_one_network_share_its_limit),
        CASE(a_precheck_refuses_what_could_not_be_accepted),
        CASE(an_idempotency_key_accepts_once),
        CASE(a_refused_upload_leaves_its_key_unused),
        CASE(cancelling_while_processing),
        CASE(expiry_takes_the_stored_bytes_and_nothing_else),
        CASE(expiry_waits_for_a_job_that_is_worked_on),
        CASE(a_guest_becomes_a_user_while_its_job_runs),
        CASE(of_two_equal_keys_the_users_own_stands),
        CASE(a_closed_accounts_jobs_end_without_a_charge),
        CASE(deleting_all_before_closing_leaves_nothing_stored),
        CASE(waveforms_stay_with_their_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
