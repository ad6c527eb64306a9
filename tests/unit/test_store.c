#include "tests/unit/unit.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "store/committer.h"
#include "store/db.h"

struct store {
    char dir[64], url[96], path[80];
};

static int setup(void **state)
{
    struct store *s = calloc(1, sizeof *s);

    assert_non_null(s);
    strcpy(s->dir, "/tmp/whazz-store-XXXXXX");
    assert_non_null(mkdtemp(s->dir));
    (void)snprintf(s->path, sizeof s->path, "%s/w.db", s->dir);
    (void)snprintf(s->url, sizeof s->url, "sqlite:%s", s->path);
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    struct store *s = *state;
    char command[128];

    (void)snprintf(command, sizeof command, "rm -rf '%s'", s->dir);
    assert_int_equal(system(command), 0);
    free(s);
    return 0;
}

static int64_t count_read(const char *url, const char *name)
{
    struct db *db = NULL;
    int64_t value = 0;
    int rc = db_open(url, DB_READ, &db, NULL);

    assert_int_equal(rc, 0);
    rc = db_get_int(db, STMT_COUNT_GET, DB_ARGS(DB_TEXT(name)), &value);
    assert_true(rc == 0 || rc == ERR_NOT_FOUND);
    db_close(&db);
    return value;
}

static int add_one(struct db *db, struct commit_op *op, struct err *reterr)
{
    (void)op;
    (void)reterr;
    return db_count_add(db, "tested", 1);
}

static int add_and_refuse(struct db *db, struct commit_op *op, struct err *reterr)
{
    const int rc = add_one(db, op, reterr);

    return rc ? rc : err_set(reterr, ERR_LIMIT, "refused on purpose");
}

static void a_refused_operation_leaves_nothing_and_says_why(void **state)
{
    const struct store *s = *state;
    struct commit_op good = { .apply = add_one }, bad = { .apply = add_and_refuse };
    struct committer *c = NULL;

    assert_int_equal(committer_start(s->url, 16, &c, NULL), 0);
    assert_int_equal(committer_run(c, &good), 0);
    assert_int_equal(committer_run(c, &bad), ERR_LIMIT);
    assert_string_equal(bad.err.text, "refused on purpose");
    assert_int_equal(committer_run(c, &good), 0);
    assert_int_equal(count_read(s->url, "tested"), 2);
    assert_int_equal(committer_health(c, NULL), 0);
    committer_stop(&c);
    assert_int_equal(count_read(s->url, "tested"), 2);
}

/* An operation that holds the committer until the test lets it go. */
struct gate {
    struct commit_op op; /* first */
    sem_t entered, leave;
};

static int gate_apply(struct db *db, struct commit_op *op, struct err *reterr)
{
    struct gate *g = (struct gate *)(void *)op;

    (void)db;
    (void)reterr;
    (void)sem_post(&g->entered);
    (void)sem_wait(&g->leave);
    return 0;
}

static void ignore_done(struct commit_op *op)
{
    (void)op;
}

static void a_full_queue_is_busy_and_one_batch_mixes_good_and_bad(void **state)
{
    const struct store *s = *state;
    struct gate gate = { .op = { .apply = gate_apply, .done = ignore_done } };
    struct commit_op ops[3] = {
        { .apply = add_one, .done = ignore_done },
        { .apply = add_and_refuse, .done = ignore_done },
        { .apply = add_one, .done = ignore_done },
    };
    struct commit_op extra = { .apply = add_one, .done = ignore_done };
    struct committer *c = NULL;

    (void)sem_init(&gate.entered, 0, 0);
    (void)sem_init(&gate.leave, 0, 0);
    assert_int_equal(committer_start(s->url, 3, &c, NULL), 0);
    assert_int_equal(committer_submit(c, &gate.op), 0);
    (void)sem_wait(&gate.entered);
    for (size_t i = 0; i < UNIT_COUNT(ops); i++)
        assert_int_equal(committer_submit(c, &ops[i]), 0);
    assert_int_equal(committer_submit(c, &extra), ERR_BUSY);
    (void)sem_post(&gate.leave);
    committer_stop(&c); /* drains */
    assert_int_equal(ops[0].rc, 0);
    assert_int_equal(ops[1].rc, ERR_LIMIT);
    assert_int_equal(ops[2].rc, 0);
    assert_int_equal(count_read(s->url, "tested"), 2);
}

static void *start_and_stop(void *ctx)
{
    struct committer *c = NULL;
    struct err err;

    if (committer_start(ctx, 4, &c, &err) != 0) {
        print_error("%s\n", err.text);
        return ctx;
    }
    committer_stop(&c);
    return NULL;
}

static void two_starts_at_once_migrate_once(void **state)
{
    struct store *s = *state;
    pthread_t threads[4];
    void *failed;

    for (size_t i = 0; i < UNIT_COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, start_and_stop, s->url), 0);
    for (size_t i = 0; i < UNIT_COUNT(threads); i++) {
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
}

static void a_reader_keeps_its_snapshot(void **state)
{
    const struct store *s = *state;
    struct commit_op add = { .apply = add_one };
    struct committer *c = NULL;
    struct db *db = NULL;
    int64_t value;

    assert_int_equal(committer_start(s->url, 16, &c, NULL), 0);
    assert_int_equal(committer_run(c, &add), 0);
    assert_int_equal(db_open(s->url, DB_READ, &db, NULL), 0);
    assert_int_equal(db_begin(db), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(db_get_int(db, STMT_COUNT_GET, DB_ARGS(DB_TEXT("tested")), &value),
                         0);
        assert_int_equal(value, 1);
        assert_int_equal(committer_run(c, &add), 0);
    }
    assert_int_equal(db_commit(db), 0);
    assert_int_equal(db_get_int(db, STMT_COUNT_GET, DB_ARGS(DB_TEXT("tested")), &value), 0);
    assert_int_equal(value, 3);
    assert_int_not_equal(db_count_add(db, "tested", 1), 0); /* a reader cannot write */
    db_close(&db);
    committer_stop(&c);
}

static void what_is_no_database_is_said_clearly(void **state)
{
    const struct store *s = *state;
    struct committer *c = NULL;
    struct err err = { 0 };
    FILE *file = fopen(s->path, "w");

    assert_non_null(file);
    for (int i = 0; i < 1000; i++)
        (void)fputs("this is no database ", file);
    (void)fclose(file);
    assert_int_equal(committer_start(s->url, 4, &c, &err), ERR_CORRUPT);
    assert_non_null(strstr(err.text, s->path));
    assert_int_equal(committer_start("mysql://x", 4, &c, &err), ERR_INVALID);
    assert_int_equal(committer_start("sqlite:/nowhere/at/all.db", 4, &c, &err), ERR_IO);
    assert_null(c);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_refused_operation_leaves_nothing_and_says_why),
        CASE(a_full_queue_is_busy_and_one_batch_mixes_good_and_bad),
        CASE(two_starts_at_once_migrate_once),
        CASE(a_reader_keeps_its_snapshot),
        CASE(what_is_no_database_is_said_clearly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
