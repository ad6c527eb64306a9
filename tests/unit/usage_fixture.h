/* A ledger in a temporary folder with three meters and a plan, opened as a program would.
 */
#ifndef TESTS_UNIT_USAGE_FIXTURE_H
#define TESTS_UNIT_USAGE_FIXTURE_H

#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/err.h"
#include "whazz/usage.h"

enum { FILES, BYTES, TIME };

static const struct usage_meter fixture_meters[] = {
    { "files", "count", true },
    { "bytes", "bytes", true },
    { "time", "us", false },
};

struct fixture {
    char dir[64], path[80];
    struct usage_store *store;
    int64_t account, group;
};

#define FIXTURE_NOW ((int64_t)1795489766879675) /* 2026-11-24 */

static int fixture_accounts(struct db *db, void *ctx)
{
    const struct usage_limit member[] = {
        { FILES, USAGE_WINDOW_DAY, 5 },
        { BYTES, USAGE_WINDOW_STORED, 1000 },
        { TIME, USAGE_WINDOW_MONTH, 60 },
    };
    const struct usage_limit group[] = { { FILES, USAGE_WINDOW_DAY, 8 } };
    struct fixture *f = ctx;
    int rc = usage_plan_set(db, "member", member, 3, NULL);

    if (rc == 0)
        rc = usage_plan_set(db, "group", group, 1, NULL);
    if (rc == 0)
        rc = usage_account_create(db, USAGE_CLASS_MEMBER, "member", FIXTURE_NOW,
                                  &f->account);
    if (rc == 0)
        rc = usage_account_create(db, USAGE_CLASS_GROUP, "group", FIXTURE_NOW, &f->group);
    return rc;
}

static int fixture_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct err err = { 0 };

    assert_non_null(f);
    strcpy(f->dir, "/tmp/whazz-usage-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    (void)snprintf(f->path, sizeof f->path, "%s/ledger.db", f->dir);
    if (usage_store_open(f->path, fixture_meters, 3, &f->store, &err) != 0)
        fail_msg("%s", err.text);
    assert_int_equal(usage_store_write(f->store, fixture_accounts, f), 0);
    *state = f;
    return 0;
}

static int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    char command[128];

    usage_store_close(&f->store);
    (void)snprintf(command, sizeof command, "rm -rf '%s'", f->dir);
    assert_int_equal(system(command), 0);
    free(f);
    return 0;
}

static int fixture_verify_work(struct db *db, void *ctx)
{
    return usage_verify(db, ctx, NULL);
}

static inline void fixture_assert_equal(struct fixture *f)
{
    struct usage_verify_report report;

    assert_int_equal(usage_store_read(f->store, fixture_verify_work, &report), 0);
    if (!report.is_equal)
        fail_msg("%s", report.difference);
    assert_true(report.events > 0);
}

struct fixture_totals {
    int64_t account_id;
    struct usage_totals totals;
};

static int fixture_totals_work(struct db *db, void *ctx)
{
    struct fixture_totals *t = ctx;

    return t->account_id ? usage_totals_read(db, t->account_id, &t->totals)
                         : usage_platform_read(db, &t->totals);
}

/* The account's (0: the platform's) lifetime sum of a meter. */
static inline int64_t fixture_sum(struct fixture *f, int64_t account_id, int meter)
{
    struct fixture_totals t = { .account_id = account_id };

    assert_int_equal(usage_store_read(f->store, fixture_totals_work, &t), 0);
    return t.totals.meters[meter].sum;
}

#endif
