#include "tests/unit/service_fixture.h"

#include "server/internal.h"

struct hooked {
    struct options options;
    struct service service;
    struct http_app app;
};

static void hook(struct fixture *f, struct hooked *h)
{
    *h = (struct hooked){ 0 };
    h->options.database = f->database;
    h->service.options = &h->options;
    h->service.committer = f->committer;
    h->service.api.server_state = &h->service;
    store_hooks(&h->service, &h->app);
}

static int nothing_work(struct db *db, void *ctx)
{
    (void)ctx;
    return db_count_add(db, "test", 1);
}

static void a_snapshots_version_changes_with_commits_only(void **state)
{
    struct fixture *f = *state;
    int64_t first = 0, again = 0, later = 0;
    unsigned long before;
    struct db *db = NULL;
    struct hooked h;

    hook(f, &h);
    assert_int_equal(h.app.db_open(&h.service.api, &db, NULL), 0);
    assert_int_equal(h.app.db_begin(db, &first), 0);
    h.app.db_end(db);
    assert_int_equal(h.app.db_begin(db, &again), 0);
    assert_true(again == first);
    before = h.app.generation(&h.service.api);
    assert_int_equal(write_with(f, nothing_work, NULL), 0);
    assert_true(h.app.generation(&h.service.api) > before);
    h.app.db_end(db);
    assert_int_equal(h.app.db_begin(db, &later), 0);
    assert_true(later != first);
    h.app.db_end(db);
    h.app.db_close(&db);
    assert_int_equal(store_health(&h.service.api, NULL), 0);
}

struct request {
    struct http_write write; /* first */
    struct err err;
    int run_rc, rc, runs;
    bool is_done;
};

static int request_run(struct http_write *write, struct db *db, struct err *reterr)
{
    struct request *r = (struct request *)(void *)write;
    const int rc = db_count_add(db, "test", 1);

    r->runs++;
    return rc ? rc : r->run_rc ? err_set(reterr, r->run_rc, "because") : 0;
}

static void request_done(struct http_write *write, int rc, const struct err *err)
{
    struct request *r = (struct request *)(void *)write;

    r->rc = rc;
    r->err = *err;
    __atomic_store_n(&r->is_done, true, __ATOMIC_RELEASE);
}

static bool request_is_done(void *ctx)
{
    return __atomic_load_n(&((struct request *)ctx)->is_done, __ATOMIC_ACQUIRE);
}

static int64_t count_of(struct fixture *f)
{
    int64_t count = 0;
    const int rc = db_get_int(f->db, STMT_COUNT_READ, DB_ARGS(DB_TEXT("test")), &count);

    assert_true(rc == 0 || rc == ERR_NOT_FOUND);
    return count;
}

static void a_requests_write_is_kept_or_undone(void **state)
{
    struct fixture *f = *state;
    struct request good = { .write = { .run = request_run, .done = request_done } };
    struct request bad = good;
    struct hooked h;

    bad.run_rc = ERR_CONFLICT;
    hook(f, &h);
    assert_int_equal(h.app.write(&h.service.api, &good.write), 0);
    wait_for(request_is_done, &good);
    assert_int_equal(good.rc, 0);
    assert_int_equal(good.runs, 1);
    assert_int_equal(count_of(f), 1);
    assert_int_equal(h.app.write(&h.service.api, &bad.write), 0);
    wait_for(request_is_done, &bad);
    assert_int_equal(bad.rc, ERR_CONFLICT);
    assert_string_equal(bad.err.text, "because");
    assert_int_equal(count_of(f), 1);
}

struct late {
    int rc;
    bool is_done;
};

static int late_apply(struct db *db, void *ctx, struct err *reterr)
{
    (void)reterr;
    (void)ctx;
    return db_count_add(db, "test", 1);
}

static void late_done(void *ctx, int rc, const struct err *err)
{
    struct late *l = ctx;

    (void)err;
    l->rc = rc;
    __atomic_store_n(&l->is_done, true, __ATOMIC_RELEASE);
}

static bool late_is_done(void *ctx)
{
    return __atomic_load_n(&((struct late *)ctx)->is_done, __ATOMIC_ACQUIRE);
}

/* Holds the committer up between is_running and goes_on. */
struct block {
    struct fixture_op o; /* first */
    bool is_running, goes_on, is_done;
};

static int block_work(struct db *db, void *ctx)
{
    struct block *b = ctx;

    (void)db;
    __atomic_store_n(&b->is_running, true, __ATOMIC_RELEASE);
    while (!__atomic_load_n(&b->goes_on, __ATOMIC_ACQUIRE))
        (void)usleep(1000);
    return 0;
}

static bool block_is_running(void *ctx)
{
    return __atomic_load_n(&((struct block *)ctx)->is_running, __ATOMIC_ACQUIRE);
}

static void block_done(struct commit_op *op)
{
    __atomic_store_n(&((struct block *)(void *)op)->is_done, true, __ATOMIC_RELEASE);
}

static bool block_is_done(void *ctx)
{
    return __atomic_load_n(&((struct block *)ctx)->is_done, __ATOMIC_ACQUIRE);
}

/* What has happened must be counted, however full the queue is; the rest waits its turn. */
static void owed_work_is_never_refused_and_done_once(void **state)
{
    struct fixture *f = *state;
    struct late lates[80] = { { 0 } }; /* the fixture's queue takes 64 */
    struct late refused = { 0 };
    struct block block = { .goes_on = false };
    struct hooked h;

    hook(f, &h);
    block.o = (struct fixture_op){ .op = { .apply = fixture_apply, .done = block_done },
                                   .work = block_work,
                                   .ctx = &block };
    assert_int_equal(committer_submit(f->committer, &block.o.op), 0);
    wait_for(block_is_running, &block);
    for (size_t i = 0; i < UNIT_COUNT(lates); i++) {
        const struct api_op op = { late_apply, late_done, &lates[i], .is_owed = true };

        assert_int_equal(store_submit(&h.service.api, &op), 0);
    }
    assert_int_equal(
        store_submit(&h.service.api,
                     &(struct api_op){ late_apply, late_done, &refused, .is_owed = false }),
        ERR_BUSY);
    __atomic_store_n(&block.goes_on, true, __ATOMIC_RELEASE);
    wait_for(block_is_done, &block);
    for (size_t i = 0; i < UNIT_COUNT(lates); i++)
        wait_for(late_is_done, &lates[i]);
    assert_int_equal(count_of(f), UNIT_COUNT(lates));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_snapshots_version_changes_with_commits_only),
        CASE(a_requests_write_is_kept_or_undone),
        CASE(owed_work_is_never_refused_and_done_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
