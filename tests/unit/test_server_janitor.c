#include "tests/unit/service_fixture.h"

#include <stdatomic.h>
#include "auth/auth.h"
#include "server/internal.h"

static const unsigned char BYTES[100] = { 'x' };

struct running {
    struct options options;
    struct service service;
    struct fixture *f;
    struct job job;
    int64_t want;
};

static void start(struct fixture *f, struct running *r)
{
    *r = (struct running){ .f = f };
    r->options.database = f->database;
    r->service.options = &r->options;
    r->service.committer = f->committer;
    r->service.api.blobs = f->blobs;
    assert_int_equal(usage_calls_new(METER_API_CALLS, 16, &r->service.api.calls), 0);
    assert_int_equal(janitor_start(&r->service, &r->service.janitor, NULL), 0);
}

static void stop(struct running *r)
{
    janitor_stop(&r->service.janitor);
    assert_null(r->service.janitor);
    janitor_stop(&r->service.janitor);
    usage_calls_free(&r->service.api.calls);
}

static struct usage_subject user_of(struct fixture *f)
{
    return (struct usage_subject){ f->user, 0 };
}

static bool calls_are_written(void *ctx)
{
    struct running *r = ctx;

    return sum_of(r->f, r->f->user, METER_API_CALLS) == r->want;
}

static void calls_are_written_soon_and_when_it_stops(void **state)
{
    struct fixture *f = *state;
    const struct usage_subject user = user_of(f);
    const int64_t started_us = clock_monotonic_us();
    struct running r;

    start(f, &r);
    for (int i = 0; i < 3; i++)
        assert_int_equal(usage_calls_add(r.service.api.calls, &user, clock_now_us()), 0);
    r.want = 3;
    wait_for(calls_are_written, &r);
    assert_in_range(clock_monotonic_us() - started_us, 0, 5 * CLOCK_SECOND_US);
    assert_int_equal(usage_calls_add(r.service.api.calls, &user, clock_now_us()), 0);
    stop(&r);
    assert_int_equal(sum_of(f, f->user, METER_API_CALLS), 4);
    assert_figures_proved(f);
}

/* ---- under load ---- */

enum { QUEUE_MAX = 64 }; /* as the fixture starts its committer */

/* An operation that holds the committer up until it may go on. */
struct blocker {
    struct commit_op op; /* first */
    atomic_bool is_running, may_end;
};

static int blocker_apply(struct db *db, struct commit_op *op, struct err *reterr)
{
    struct blocker *b = (struct blocker *)(void *)op;

    (void)db;
    (void)reterr;
    atomic_store(&b->is_running, true);
    while (!atomic_load(&b->may_end))
        (void)usleep(1000);
    return 0;
}

static bool blocker_is_running(void *ctx)
{
    return atomic_load(&((struct blocker *)ctx)->is_running);
}

static void nothing_done(struct commit_op *op)
{
    (void)op;
}

static int nothing_apply(struct db *db, struct commit_op *op, struct err *reterr)
{
    (void)db;
    (void)op;
    (void)reterr;
    return 0;
}

static int nothing_work(struct db *db, void *ctx)
{
    (void)db;
    (void)ctx;
    return 0;
}

/* Then all that was queued before is committed. */
static bool queue_is_free(void *ctx)
{
    return write_with(ctx, nothing_work, NULL) == 0;
}

/* What has been counted is not refused for want of room: it is in the next commit. */
static void calls_are_written_although_the_queue_is_full(void **state)
{
    struct blocker b = { .op = { .apply = blocker_apply, .done = nothing_done } };
    struct commit_op queued[QUEUE_MAX];
    struct fixture *f = *state;
    const struct usage_subject user = user_of(f);
    struct running r;

    start(f, &r);
    assert_int_equal(committer_submit(f->committer, &b.op), 0);
    wait_for(blocker_is_running, &b);
    for (int i = 0; i < QUEUE_MAX; i++) {
        queued[i] = (struct commit_op){ .apply = nothing_apply, .done = nothing_done };
        assert_int_equal(committer_submit(f->committer, &queued[i]), 0);
    }
    assert_int_equal(usage_calls_add(r.service.api.calls, &user, clock_now_us()), 0);
    (void)usleep(1500000); /* the janitor's turn comes */
    atomic_store(&b.may_end, true);
    wait_for(queue_is_free, f);
    assert_int_equal(sum_of(f, f->user, METER_API_CALLS), 1);
    stop(&r);
}

static bool nothing_is_stored(void *ctx)
{
    const struct running *r = ctx;

    return sum_of(r->f, r->f->user, METER_STORED_BYTES) == 0;
}

/* However many have expired since the last look: it is not a number at each. */
static void all_that_has_expired_goes_at_once(void **state)
{
    struct fixture *f = *state;
    const struct usage_subject user = user_of(f);
    const int64_t now_us = clock_now_us();
    int64_t started_us;
    struct running r;

    for (int i = 0; i < 250; i++)
        (void)accepted(f, &user, BYTES, 100, CLOCK_SECOND_US, now_us);
    started_us = clock_monotonic_us();
    start(f, &r);
    wait_for(nothing_is_stored, &r);
    assert_in_range(clock_monotonic_us() - started_us, 0, 8 * CLOCK_SECOND_US);
    stop(&r);
    assert_figures_proved(f);
}

/* ---- what expires ---- */

static bool job_is_expired(void *ctx)
{
    struct running *r = ctx;
    struct job now;

    return jobs_get(r->f->db, view_of(r->job.job_id), &now) == ERR_NOT_FOUND ||
           (!now.input_blob[0] && !blob_exists(r->f, r->job.input_blob));
}

static void expired_files_go_and_others_stay(void **state)
{
    struct fixture *f = *state;
    const struct usage_subject user = user_of(f);
    const int64_t now_us = clock_now_us();
    struct job old = accepted(f, &user, BYTES, 100, CLOCK_SECOND_US, now_us);
    struct job fresh = accepted(f, &user, BYTES, 50, CLOCK_SECOND_US,
                                now_us + CLOCK_DAY_US);
    struct running r;

    start(f, &r);
    r.job = old;
    wait_for(job_is_expired, &r);
    stop(&r);
    assert_true(blob_exists(f, fresh.input_blob));
    assert_int_equal(stored(f, &fresh).status, JOB_PENDING);
    assert_int_equal(sum_of(f, f->user, METER_STORED_BYTES), 50);
    assert_int_equal(sum_of(f, f->user, METER_FILES_UPLOADED), 2);
    assert_figures_proved(f);
}

struct guest_add {
    struct auth *auth;
    struct principal principal;
    int64_t now_us;
};

static int guest_add(struct db *db, void *ctx)
{
    struct guest_add *g = ctx;

    return auth_guest_ensure(g->auth, db, &g->principal, (struct view){ NULL, 0 },
                             g->now_us, NULL);
}

/* A guest who has gone takes its files along: what it stored counts against nobody. */
static void an_expired_guests_files_go_with_it(void **state)
{
    const struct auth_config config = { .secret = "0123456789abcdef0123456789abcdef",
                                        .secret_len = 32 };
    struct fixture *f = *state;
    struct guest_add g = { .principal = { .kind = PRINCIPAL_GUEST,
                                          .guest_id = "g-1",
                                          .network = "203.0.113.0/24" },
                           .now_us = clock_now_us() - 36 * CLOCK_DAY_US };
    struct usage_subject subject;
    struct running r;

    assert_int_equal(auth_new(&config, &g.auth, NULL), 0);
    assert_int_equal(write_with(f, guest_add, &g), 0);
    auth_free(&g.auth);
    subject = (struct usage_subject){ g.principal.account_id, g.principal.group_id };
    start(f, &r);
    r.job = accepted(f, &subject, BYTES, 100, CLOCK_SECOND_US,
                     clock_now_us() + CLOCK_DAY_US);
    assert_int_equal(sum_of(f, subject.group_id, METER_STORED_BYTES), 100);
    wait_for(job_is_expired, &r);
    stop(&r);
    assert_int_equal(auth_guest_get(f->db, view_of("g-1"), &(struct guest){ 0 }),
                     ERR_NOT_FOUND);
    assert_int_equal(sum_of(f, subject.group_id, METER_STORED_BYTES), 0);
    assert_int_equal(sum_of(f, 0, METER_STORED_BYTES), 0);
    assert_int_equal(sum_of(f, 0, METER_FILES_UPLOADED), 1);
    assert_figures_proved(f);
}

static int hold_work(struct db *db, void *ctx)
{
    const struct fixture *f = ctx;
    const struct usage_event event = { .subject = { f->user, 0 },
                                       .ref = "forgotten",
                                       .now_us = clock_now_us() };
    const struct usage_amount amount = { METER_PROCESSING_TIME, 7 };
    struct usage_refusal refusal;

    return usage_admit(db, &event, NULL, 0, &amount, 1, clock_now_us(), &refusal);
}

static int64_t reserved(struct fixture *f)
{
    const struct usage_subject user = user_of(f);
    struct usage_limit_state limits[2 * USAGE_LIMITS_MAX];
    size_t count;

    assert_int_equal(usage_limits_read(f->db, &user, clock_now_us(), limits, &count), 0);
    for (size_t i = 0; i < count; i++) {
        if (limits[i].meter == METER_PROCESSING_TIME)
            return limits[i].reserved;
    }
    return -1;
}

static bool nothing_is_reserved(void *ctx)
{
    return reserved(((struct running *)ctx)->f) == 0;
}

static void forgotten_holds_are_released(void **state)
{
    struct fixture *f = *state;
    struct running r;

    assert_int_equal(write_with(f, hold_work, f), 0);
    assert_int_equal(reserved(f), 7);
    start(f, &r);
    wait_for(nothing_is_reserved, &r);
    stop(&r);
    assert_figures_proved(f);
}

/* A file that a process began to write before it died. */
struct leftover {
    char path[160];
};

static void leftover_make(struct fixture *f, struct leftover *l)
{
    char name[UUID_TEXT_SIZE];
    FILE *file;

    uuid_make(name);
    (void)snprintf(l->path, sizeof l->path, "%s/blobs/tmp/%s.wav", f->dir, name);
    file = fopen(l->path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(BYTES, 10, 1, file), 1);
    assert_int_equal(fclose(file), 0);
}

static bool leftover_is_gone(void *ctx)
{
    return access(((struct leftover *)ctx)->path, F_OK) != 0;
}

/* An upload's file has no row yet between its commit and the job's. */
static void what_a_crash_left_goes_and_what_is_new_stays(void **state)
{
    struct fixture *f = *state;
    const struct usage_subject user = user_of(f);
    char young[BLOB_NAME_SIZE];
    struct leftover left;
    struct job job = accepted(f, &user, BYTES, 100, CLOCK_SECOND_US,
                              clock_now_us() + CLOCK_DAY_US);
    struct running r;

    blob_stored(f, BYTES, 10, young);
    leftover_make(f, &left);
    start(f, &r);
    wait_for(leftover_is_gone, &left);
    stop(&r);
    assert_true(blob_exists(f, young));
    assert_true(blob_exists(f, job.input_blob));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(calls_are_written_soon_and_when_it_stops),
        CASE(calls_are_written_although_the_queue_is_full),
        CASE(all_that_has_expired_goes_at_once),
        CASE(expired_files_go_and_others_stay),
        CASE(an_expired_guests_files_go_with_it),
        CASE(forgotten_holds_are_released),
        CASE(what_a_crash_left_goes_and_what_is_new_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
