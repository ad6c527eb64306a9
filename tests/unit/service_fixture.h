/* What the threads of a service work on: a committer, stored files, a user and a guest. */
#ifndef TESTS_UNIT_SERVICE_FIXTURE_H
#define TESTS_UNIT_SERVICE_FIXTURE_H

#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clock.h"
#include "blob/blob.h"
#include "jobs/jobs.h"
#include "jobs/meters.h"
#include "store/committer.h"
#include "store/db.h"

struct fixture {
    char dir[64], database[96];
    struct committer *committer;
    struct blob_store *blobs;
    struct db *db; /* reads; a snapshot per statement */
    int64_t user, guest, network;
};

/* ---- one change through the committer ---- */

struct fixture_op {
    struct commit_op op; /* first */
    int (*work)(struct db *db, void *ctx);
    void *ctx;
};

static inline int fixture_apply(struct db *db, struct commit_op *op, struct err *reterr)
{
    const struct fixture_op *o = (const struct fixture_op *)(void *)op;

    (void)reterr;
    return o->work(db, o->ctx);
}

static inline int write_with(struct fixture *f, int (*work)(struct db *, void *), void *ctx)
{
    struct fixture_op o = { .op = { .apply = fixture_apply }, .work = work, .ctx = ctx };

    return committer_run(f->committer, &o.op);
}

static inline int fixture_accounts(struct db *db, void *ctx)
{
    const struct jobs_plan_limits plans = { .user = { -1, -1, -1 },
                                            .guest = { -1, -1, -1 },
                                            .network_factor = 2 };
    const int64_t now_us = clock_now_us();
    struct fixture *f = ctx;
    int rc = jobs_plans_set(db, &plans, NULL);

    if (rc == 0)
        rc = usage_account_create(db, USAGE_CLASS_MEMBER, PLAN_USER, now_us, &f->user);
    if (rc == 0)
        rc = usage_account_create(db, USAGE_CLASS_GUEST, PLAN_GUEST, now_us, &f->guest);
    if (rc == 0)
        rc = usage_account_create(db, USAGE_CLASS_GROUP, PLAN_NETWORK, now_us, &f->network);
    return rc;
}

static inline int fixture_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct err err = { 0 };
    char path[96];

    assert_non_null(f);
    (void)strcpy(f->dir, "/tmp/whazz-service-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    (void)snprintf(f->database, sizeof f->database, "%s/w.db", f->dir);
    (void)snprintf(path, sizeof path, "%s/blobs", f->dir);
    if (committer_start(f->database, 64, &f->committer, &err) != 0 ||
        blob_store_open(path, &f->blobs, &err) != 0 ||
        db_open(f->database, DB_READ, &f->db, &err) != 0)
        fail_msg("%s", err.text);
    assert_int_equal(write_with(f, fixture_accounts, f), 0);
    *state = f;
    return 0;
}

static inline int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    char command[128];

    db_close(&f->db);
    committer_stop(&f->committer);
    blob_store_close(&f->blobs);
    (void)snprintf(command, sizeof command, "rm -rf '%s'", f->dir);
    assert_int_equal(system(command), 0);
    free(f);
    return 0;
}

/* ---- files and jobs ---- */

static inline void blob_stored(struct fixture *f, const void *bytes, size_t len,
                               char name[BLOB_NAME_SIZE])
{
    char digest[BLOB_DIGEST_SIZE];
    struct blob_writer *w = NULL;

    assert_int_equal(blob_writer_open(f->blobs, "wav", &w, NULL), 0);
    assert_int_equal(blob_writer_add(w, bytes, len, NULL), 0);
    assert_int_equal(blob_writer_commit(w, digest, NULL), 0);
    (void)strcpy(name, blob_writer_name(w));
    blob_writer_close(&w);
}

static inline bool blob_exists(struct fixture *f, const char *name)
{
    int64_t bytes;
    int fd, rc = blob_open(f->blobs, name, &fd, &bytes, NULL);

    if (rc == 0)
        (void)close(fd);
    return rc == 0;
}

struct fixture_upload {
    struct job_new upload;
    struct job job;
};

static inline int fixture_accept(struct db *db, void *ctx)
{
    struct fixture_upload *u = ctx;
    struct usage_refusal refusal;
    bool replayed;

    return jobs_accept(db, &u->upload, clock_now_us(), &u->job, &replayed, &refusal, NULL);
}

/* A job of the account, whose input are the bytes. */
static inline struct job accepted(struct fixture *f, const struct usage_subject *subject,
                                  const void *bytes, size_t len, int64_t duration_us,
                                  int64_t expires_us)
{
    char name[BLOB_NAME_SIZE];
    struct fixture_upload u = { .upload = { .subject = *subject,
                                            .processing_type = view_of("noise_reduction"),
                                            .original_filename = view_of("talk.wav"),
                                            .format = "wav",
                                            .input_blob = name,
                                            .input_bytes = (int64_t)len,
                                            .input_digest = "aa",
                                            .duration_us = duration_us,
                                            .sample_rate_hz = 16000,
                                            .channels = 1,
                                            .expires_us = expires_us } };

    blob_stored(f, bytes, len, name);
    assert_int_equal(write_with(f, fixture_accept, &u), 0);
    return u.job;
}

static inline struct job stored(struct fixture *f, const struct job *job)
{
    struct job now;

    assert_int_equal(jobs_get(f->db, view_of(job->job_id), &now), 0);
    return now;
}

/* ---- figures ---- */

/* The lifetime sum of an account (0: the platform). */
static inline int64_t sum_of(struct fixture *f, int64_t account_id, int meter)
{
    struct usage_totals totals;

    assert_int_equal(account_id ? usage_totals_read(f->db, account_id, &totals)
                                : usage_platform_read(f->db, &totals),
                     0);
    return totals.meters[meter].sum;
}

static inline void assert_figures_proved(struct fixture *f)
{
    struct usage_verify_report report;

    assert_int_equal(db_begin(f->db), 0);
    assert_int_equal(usage_verify(f->db, &report, NULL), 0);
    assert_int_equal(db_commit(f->db), 0);
    if (!report.is_equal)
        fail_msg("%s", report.difference);
}

/* Waits for at most a minute: the machine may be busy with other tests. */
static inline void wait_for(bool (*holds)(void *ctx), void *ctx)
{
    const int64_t end_us = clock_monotonic_us() + CLOCK_MINUTE_US;

    while (!holds(ctx)) {
        if (clock_monotonic_us() > end_us)
            fail_msg("waited for too long");
        (void)usleep(2000);
    }
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

#endif
