/* Jobs in a temporary folder, through a committer, with a user, a guest and its network. */
#ifndef TESTS_UNIT_JOBS_FIXTURE_H
#define TESTS_UNIT_JOBS_FIXTURE_H

#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/err.h"
#include "jobs/jobs.h"
#include "jobs/meters.h"

#define NOW   ((int64_t)1795489766879675) /* 2026-11-24 */
#define LEASE CLOCK_MINUTE_US
enum { INPUT = 1000, OUTPUT = 1600 };

struct fixture {
    char dir[64];
    struct usage_store *store;
    int64_t user, guest, network;
};

static inline int fixture_accounts(struct db *db, void *ctx)
{
    const struct jobs_plan_limits plans = {
        .user = { 100, 100000000, 60 * CLOCK_MINUTE_US },
        .guest = { 5, 10000000, 10 * CLOCK_SECOND_US },
        .network_factor = 2,
    };
    struct fixture *f = ctx;
    int rc = jobs_plans_set(db, &plans, NULL);

    if (rc == 0)
        rc = usage_account_create(db, USAGE_CLASS_MEMBER, PLAN_USER, NOW, &f->user);
    if (rc == 0)
        rc = usage_account_create(db, USAGE_CLASS_GUEST, PLAN_GUEST, NOW, &f->guest);
    if (rc == 0)
        rc = usage_account_create(db, USAGE_CLASS_GROUP, PLAN_NETWORK, NOW, &f->network);
    return rc;
}

static inline int fixture_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct err err = { 0 };
    char path[96];

    assert_non_null(f);
    strcpy(f->dir, "/tmp/whazz-jobs-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    (void)snprintf(path, sizeof path, "%s/jobs.db", f->dir);
    if (usage_store_open(path, meters, METERS_COUNT, &f->store, &err) != 0)
        fail_msg("%s", err.text);
    assert_int_equal(usage_store_write(f->store, fixture_accounts, f), 0);
    *state = f;
    return 0;
}

static inline int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    char command[128];

    usage_store_close(&f->store);
    (void)snprintf(command, sizeof command, "rm -rf '%s'", f->dir);
    assert_int_equal(system(command), 0);
    free(f);
    return 0;
}

/* ---- one call of each function, with what it gives ---- */

struct call {
    struct job_new upload;
    struct job job; /* in or out */
    struct job_outcome outcome;
    struct job_blobs blobs; /* of the last job that went */
    struct usage_refusal refusal;
    int64_t now_us, number, from, to;
    bool flag;
};

static inline struct job_new upload_of(int64_t account_id, int64_t group_id)
{
    return (struct job_new){ .subject = { account_id, group_id },
                             .processing_type = view_of("speech_enhancement"),
                             .original_filename = view_of("talk.wav"),
                             .format = "wav",
                             .input_blob = "in.wav",
                             .input_bytes = INPUT,
                             .input_digest = "aa",
                             .duration_us = 2 * CLOCK_SECOND_US,
                             .sample_rate_hz = 16000,
                             .channels = 1,
                             .expires_us = NOW + CLOCK_DAY_US };
}

static inline int accept_work(struct db *db, void *ctx)
{
    struct call *c = ctx;

    return jobs_accept(db, &c->upload, c->now_us, &c->job, &c->flag, &c->refusal, NULL);
}

/* ERR_NOT_FOUND keeps what was failed on the way. */
static inline int claim_work(struct db *db, void *ctx)
{
    struct call *c = ctx;
    int rc = jobs_claim(db, "worker-1", c->now_us, LEASE, &c->job);

    c->flag = rc == 0;
    return rc == ERR_NOT_FOUND ? 0 : rc;
}

static inline int renew_work(struct db *db, void *ctx)
{
    struct call *c = ctx;

    return jobs_renew(db, &c->job, c->now_us, LEASE);
}

static inline int finish_work(struct db *db, void *ctx)
{
    struct call *c = ctx;

    return jobs_finish(db, &c->job, &c->outcome, c->now_us);
}

static inline int give_back_work(struct db *db, void *ctx)
{
    struct call *c = ctx;

    return jobs_give_back(db, &c->job, "The audio host died.", c->flag, c->now_us);
}

/* Until c->number. */
static inline int put_off_work(struct db *db, void *ctx)
{
    struct call *c = ctx;

    return jobs_put_off(db, &c->job, c->number, c->now_us);
}

static inline int downloaded_work(struct db *db, void *ctx)
{
    struct call *c = ctx;

    return jobs_downloaded(db, &c->job, 1, c->number, c->now_us);
}

static inline int delete_work(struct db *db, void *ctx)
{
    struct call *c = ctx;
    struct job before = c->job;

    return jobs_delete(db, view_of(before.job_id), c->flag, c->now_us, &c->job, &c->blobs);
}

static inline int count_row(void *ctx, const struct job *job, const struct job_blobs *blobs)
{
    struct call *c = ctx;

    c->blobs = *blobs;

    c->number++;
    c->job = *job;
    return 0;
}

static inline int expire_work(struct db *db, void *ctx)
{
    struct call *c = ctx;

    return jobs_expire(db, c->now_us, 100, count_row, c);
}

static inline int merge_work(struct db *db, void *ctx)
{
    struct call *c = ctx;
    int rc = usage_merge(db, c->from, c->to, c->now_us);

    return rc ? rc : jobs_move(db, c->from, c->to);
}

static inline int close_work(struct db *db, void *ctx)
{
    struct call *c = ctx;

    return usage_account_close(db, c->from, c->now_us);
}

static inline int delete_all_work(struct db *db, void *ctx)
{
    struct call *c = ctx;

    return jobs_delete_all(db, c->from, 100, c->now_us, count_row, c);
}

static inline int run(struct fixture *f, int (*work)(struct db *, void *), struct call *c)
{
    return usage_store_write(f->store, work, c);
}

/* Accepts an upload of the account and gives the job. */
static inline struct job accepted_at(struct fixture *f, int64_t account_id,
                                     int64_t group_id, int64_t now_us)
{
    struct call c = { .upload = upload_of(account_id, group_id), .now_us = now_us };

    assert_int_equal(run(f, accept_work, &c), 0);
    return c.job;
}

static inline struct job accepted(struct fixture *f, int64_t account_id, int64_t group_id)
{
    return accepted_at(f, account_id, group_id, NOW);
}

static inline struct job claimed(struct fixture *f, int64_t now_us)
{
    struct call c = { .now_us = now_us };

    assert_int_equal(run(f, claim_work, &c), 0);
    assert_true(c.flag);
    return c.job;
}

static inline int finished(struct fixture *f, const struct job *job, bool completed,
                           int64_t now_us)
{
    const struct job_output output = { .blob = "out.wav", .digest = "bb", .bytes = OUTPUT };
    struct call c = { .job = *job,
                      .now_us = now_us,
                      .outcome = { .completed = completed,
                                   .error = completed ? NULL : "The file is silent.",
                                   .outputs = &output,
                                   .outputs_count = completed ? 1 : 0,
                                   .processing_us = 123456 } };

    return run(f, finish_work, &c);
}

/* ---- reading ---- */

static inline int get_work(struct db *db, void *ctx)
{
    struct call *c = ctx;
    struct job before = c->job;

    return jobs_get(db, view_of(before.job_id), &c->job);
}

static inline struct job stored(struct fixture *f, const struct job *job)
{
    struct call c = { .job = *job };

    assert_int_equal(usage_store_read(f->store, get_work, &c), 0);
    return c.job;
}

struct figures {
    int64_t account_id;
    struct usage_totals totals;
    struct usage_limit_state limits[2 * USAGE_LIMITS_MAX];
    size_t limits_count;
};

static inline int figures_work(struct db *db, void *ctx)
{
    struct figures *g = ctx;

    return g->account_id ? usage_totals_read(db, g->account_id, &g->totals)
                         : usage_platform_read(db, &g->totals);
}

/* The lifetime sum of an account (0: the platform). */
static inline int64_t sum_of(struct fixture *f, int64_t account_id, int meter)
{
    struct figures g = { .account_id = account_id };

    assert_int_equal(usage_store_read(f->store, figures_work, &g), 0);
    return g.totals.meters[meter].sum;
}

static inline int limits_work(struct db *db, void *ctx)
{
    struct figures *g = ctx;

    return usage_limits_read(db, &(struct usage_subject){ g->account_id, 0 }, NOW,
                             g->limits, &g->limits_count);
}

static inline int64_t reserved_of(struct fixture *f, int64_t account_id, int meter)
{
    struct figures g = { .account_id = account_id };

    assert_int_equal(usage_store_read(f->store, limits_work, &g), 0);
    for (size_t i = 0; i < g.limits_count; i++) {
        if (g.limits[i].meter == meter)
            return g.limits[i].reserved;
    }
    fail_msg("no limit of meter %d", meter);
    return 0;
}

/* ---- proof: the ledger, the counts and the stored bytes against a recount ---- */

struct proof {
    struct usage_verify_report report;
    struct job_counts counts, recount;
    int64_t stored_bytes;
    struct usage_totals platform;
};

static inline int recount_row(void *ctx, const struct job *job)
{
    struct proof *p = ctx;

    p->recount.by_status[job->status]++;
    p->recount.total++;
    p->stored_bytes += (job->input_blob[0] ? job->input_bytes : 0) +
                       (job->output_blob[0] ? job->output_bytes + job->further_bytes : 0);
    return 0;
}

static inline int proof_work(struct db *db, void *ctx)
{
    const struct job_filter all = { .status = -1, .limit = INT64_MAX };
    struct proof *p = ctx;
    int rc = usage_verify(db, &p->report, NULL);

    if (rc == 0)
        rc = jobs_counts_read(db, NOW, &p->counts);
    if (rc == 0)
        rc = usage_platform_read(db, &p->platform);
    return rc ? rc : jobs_list(db, &all, recount_row, p);
}

static inline struct job_counts proved_counts(struct fixture *f)
{
    struct proof p = { 0 };

    assert_int_equal(usage_store_read(f->store, proof_work, &p), 0);
    if (!p.report.is_equal)
        fail_msg("%s", p.report.difference);
    for (int i = 0; i < JOB_STATUS_COUNT; i++)
        assert_int_equal(p.counts.by_status[i], p.recount.by_status[i]);
    assert_int_equal(p.counts.total, p.recount.total);
    assert_int_equal(p.platform.meters[METER_STORED_BYTES].sum, p.stored_bytes);
    return p.counts;
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

#endif
