#include "tests/unit/unit.h"
#include "tests/unit/store_folder.h"

#include <pthread.h>
#include <semaphore.h>
#include "store/committer.h"
#include "store/db.h"

enum { MEBIBYTE = 1024 * 1024, SPREAD_PAGES = 500, SPREAD_STEP = 150 };

struct add_op {
    struct commit_op op; /* first */
    int64_t delta;
    int refusal; /* returned after the change was made */
    int finished;
};

struct gate_op {
    struct commit_op op; /* first */
    sem_t entered, leave;
};

static int apply_add(struct db *db, struct commit_op *op, struct err *reterr)
{
    const struct add_op *add = (const struct add_op *)op;
    const int rc = db_count_add(db, "n", add->delta);

    if (rc) {
        db_error(db, reterr);
        return rc;
    }
    return add->refusal ? err_set(reterr, add->refusal, "refused") : 0;
}

static int apply_gate(struct db *db, struct commit_op *op, struct err *reterr)
{
    struct gate_op *gate = (struct gate_op *)op;

    (void)db;
    (void)reterr;
    (void)sem_post(&gate->entered);
    (void)sem_wait(&gate->leave);
    return 0;
}

/* Ends the transaction under the committer's feet, as SQLite does when the disk is full. */
static int apply_break(struct db *db, struct commit_op *op, struct err *reterr)
{
    (void)op;
    (void)reterr;
    db_rollback(db);
    return 0;
}

static void note_done(struct commit_op *op)
{
    ((struct add_op *)op)->finished++;
}

static void ignore_done(struct commit_op *op)
{
    (void)op;
}

static struct committer *started(const struct folder *f, size_t ops_max)
{
    struct committer *c = NULL;
    struct err err = { 0 };

    if (committer_start(f->path, ops_max, &c, &err))
        fail_msg("%s", err.text);
    return c;
}

static int64_t stored(const struct folder *f)
{
    struct db *db = NULL;
    int64_t value = -1;

    assert_int_equal(db_open(f->path, DB_READ, &db, NULL), 0);
    assert_int_equal(db_get_int(db, STMT_COUNT_READ, DB_ARGS(DB_TEXT("n")), &value), 0);
    db_close(&db);
    return value;
}

/* Holds the committer inside one batch, so that what follows queues up for the next. */
static void close_gate(struct committer *c, struct gate_op *gate)
{
    *gate = (struct gate_op){ .op = { .apply = apply_gate, .done = ignore_done } };
    assert_int_equal(sem_init(&gate->entered, 0, 0), 0);
    assert_int_equal(sem_init(&gate->leave, 0, 0), 0);
    assert_int_equal(committer_submit(c, &gate->op), 0);
    assert_int_equal(sem_wait(&gate->entered), 0);
}

static void a_refused_operation_undoes_itself_alone(void **state)
{
    const struct folder *f = *state;
    struct committer *c = started(f, 10);
    struct gate_op gate;
    struct add_op ops[3];

    close_gate(c, &gate);
    for (size_t i = 0; i < UNIT_COUNT(ops); i++) {
        ops[i] = (struct add_op){ .op = { .apply = apply_add, .done = note_done },
                                  .delta = i == 1 ? 1000 : 1,
                                  .refusal = i == 1 ? ERR_LIMIT : 0 };
        assert_int_equal(committer_submit(c, &ops[i].op), 0);
    }
    (void)sem_post(&gate.leave);
    committer_stop(&c);
    assert_null(c);
    assert_int_equal(ops[0].op.rc, 0);
    assert_int_equal(ops[1].op.rc, ERR_LIMIT);
    assert_string_equal(ops[1].op.err.text, "refused");
    assert_int_equal(ops[2].op.rc, 0);
    for (size_t i = 0; i < UNIT_COUNT(ops); i++)
        assert_int_equal(ops[i].finished, 1);
    assert_int_equal(stored(f), 2);
}

static void a_full_queue_is_busy(void **state)
{
    const struct folder *f = *state;
    struct committer *c = started(f, 2);
    struct gate_op gate;
    struct add_op ops[3];

    close_gate(c, &gate);
    for (size_t i = 0; i < UNIT_COUNT(ops); i++) {
        ops[i] = (struct add_op){ .op = { .apply = apply_add, .done = note_done },
                                  .delta = 1 };
        assert_int_equal(committer_submit(c, &ops[i].op), i < 2 ? 0 : ERR_BUSY);
    }
    assert_int_equal(committer_run(c, &ops[2].op), ERR_BUSY);
    (void)sem_post(&gate.leave);
    committer_stop(&c);
    assert_int_equal(stored(f), 2);
}

static void what_is_owed_is_taken_by_a_full_queue(void **state)
{
    const struct folder *f = *state;
    struct committer *c = started(f, 1);
    struct gate_op gate;
    struct add_op ops[3];

    close_gate(c, &gate);
    for (size_t i = 0; i < UNIT_COUNT(ops); i++) {
        ops[i] = (struct add_op){
            .op = { .apply = apply_add, .done = note_done, .is_owed = i == 1 }, .delta = 1
        };
        assert_int_equal(committer_submit(c, &ops[i].op), i < 2 ? 0 : ERR_BUSY);
    }
    (void)sem_post(&gate.leave);
    committer_stop(&c);
    assert_int_equal(ops[1].finished, 1);
    assert_int_equal(stored(f), 2);
}

/* What is owed waits for company; a stop, or an operation that someone waits for, ends
 * that. */
static void what_is_owed_shares_commits(void **state)
{
    enum { OWED = 200 };
    const struct folder *f = *state;
    struct committer *c = started(f, 2 * OWED);
    static struct add_op ops[OWED];
    struct add_op waited;
    unsigned long before;

    for (size_t round = 0; round < 2; round++) {
        before = committer_generation(c);
        for (size_t i = 0; i < OWED; i++) {
            ops[i] = (struct add_op){
                .op = { .apply = apply_add, .done = note_done, .is_owed = true }, .delta = 1
            };
            assert_int_equal(committer_submit(c, &ops[i].op), 0);
        }
        waited = (struct add_op){ .op = { .apply = apply_add }, .delta = 1 };
        if (round == 0)
            assert_int_equal(committer_run(c, &waited.op), 0);
        assert_true(committer_generation(c) - before < OWED / 2);
    }
    committer_stop(&c);
    for (size_t i = 0; i < OWED; i++)
        assert_int_equal(ops[i].finished, 1);
    assert_int_equal(stored(f), 2 * OWED + 1);
}

static void a_broken_transaction_fails_every_operation_in_it(void **state)
{
    const struct folder *f = *state;
    struct committer *c = started(f, 10);
    struct commit_op breaker = { .apply = apply_break, .done = ignore_done };
    struct add_op first = { .op = { .apply = apply_add }, .delta = 1 }, lost = first;
    struct gate_op gate;
    struct err err = { 0 };

    assert_int_equal(committer_run(c, &first.op), 0);
    lost.op.done = note_done;
    close_gate(c, &gate);
    assert_int_equal(committer_submit(c, &lost.op), 0);
    assert_int_equal(committer_submit(c, &breaker), 0);
    (void)sem_post(&gate.leave);
    while (committer_health(c, &err) == 0)
        (void)usleep(1000);
    assert_int_equal(err.code, ERR_STORE);
    assert_int_equal(committer_run(c, &first.op), 0);
    assert_int_equal(committer_health(c, NULL), 0);
    committer_stop(&c);
    assert_int_equal(lost.op.rc, ERR_STORE);
    assert_int_equal(breaker.rc, ERR_STORE);
    assert_int_equal(stored(f), 2);
}

struct beside {
    struct committer *c;
    int64_t asked;
    int refusal;
};

static int beside_settle(void *ctx, struct err *reterr)
{
    struct beside *b = ctx;

    b->asked++;
    return b->refusal ? err_set(reterr, b->refusal, "the other disk") : 0;
}

static void what_lies_beside_is_settled_before_each_commit(void **state)
{
    const struct folder *f = *state;
    struct beside b = { .c = started(f, 10) };
    struct add_op op = { .op = { .apply = apply_add }, .delta = 1 };
    struct add_op refused = { .op = { .apply = apply_add }, .refusal = ERR_LIMIT };
    struct err err = { 0 };

    committer_before_set(b.c, beside_settle, &b);
    assert_int_equal(committer_run(b.c, &op.op), 0);
    assert_int_equal(b.asked, 1);
    assert_int_equal(committer_run(b.c, &refused.op), ERR_LIMIT);
    assert_int_equal(b.asked, 1); /* nothing was changed */
    b.refusal = ERR_IO;
    assert_int_equal(committer_run(b.c, &op.op), ERR_IO);
    assert_string_equal(op.op.err.text, "the other disk");
    assert_int_equal(committer_health(b.c, &err), ERR_IO);
    assert_int_equal(stored(f), 1);
    b.refusal = 0;
    assert_int_equal(committer_run(b.c, &op.op), 0);
    assert_int_equal(committer_health(b.c, NULL), 0);
    committer_stop(&b.c);
    assert_int_equal(stored(f), 2);
}

static void *add_500(void *arg)
{
    intptr_t failures = 0;

    for (int i = 0; i < 500; i++) {
        struct add_op add = { .op = { .apply = apply_add }, .delta = 1 };

        failures += committer_run(arg, &add.op) != 0;
    }
    return (void *)failures;
}

static void eight_threads_lose_and_invent_nothing(void **state)
{
    const struct folder *f = *state;
    struct committer *c = started(f, 100);
    pthread_t threads[8];
    void *failures;

    for (size_t i = 0; i < UNIT_COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, add_500, c), 0);
    for (size_t i = 0; i < UNIT_COUNT(threads); i++) {
        assert_int_equal(pthread_join(threads[i], &failures), 0);
        assert_null(failures);
    }
    assert_int_equal(stored(f), 4000);
    committer_stop(&c);
    assert_int_equal(stored(f), 4000);
}

static void the_generation_counts_changes(void **state)
{
    const struct folder *f = *state;
    struct committer *c = started(f, 10);
    const unsigned long before = committer_generation(c);
    struct add_op add = { .op = { .apply = apply_add }, .delta = 1 };

    assert_int_equal(committer_run(c, &add.op), 0);
    assert_true(committer_generation(c) == before + 1);
    add.refusal = ERR_FORBIDDEN;
    assert_int_equal(committer_run(c, &add.op), ERR_FORBIDDEN);
    assert_true(committer_generation(c) == before + 1);
    committer_stop(&c);
    committer_stop(&c);
}

/* Each changes a row on each of many pages. */
static int apply_spread(struct db *db, struct commit_op *op, struct err *reterr)
{
    static unsigned turn;
    char name[16];
    int rc = 0;

    (void)op;
    (void)reterr;
    turn++;
    for (unsigned i = 0; i < SPREAD_PAGES && rc == 0; i++) {
        (void)snprintf(name, sizeof name, "%06u", i * SPREAD_STEP + turn % SPREAD_STEP);
        rc = db_count_add(db, name, 1);
    }
    return rc;
}

static void the_log_is_written_back_on_the_way(void **state)
{
    const struct folder *f = *state;
    struct committer *c = started(f, 8);
    char log_path[sizeof f->path + 8];
    struct stat st = { 0 };
    int64_t largest = 0;

    (void)snprintf(log_path, sizeof log_path, "%s-wal", f->path);
    for (int i = 0; i < 150; i++) {
        struct commit_op op = { .apply = apply_spread };

        assert_int_equal(committer_run(c, &op), 0);
        assert_int_equal(stat(log_path, &st), 0);
        largest = st.st_size > largest ? st.st_size : largest;
    }
    assert_true(largest > 12 * MEBIBYTE);
    assert_true(largest < 48 * MEBIBYTE);
    committer_stop(&c);
    assert_int_equal(stat(log_path, &st), -1);
}

static void a_file_that_is_no_database_stops_the_start(void **state)
{
    const struct folder *f = *state;
    struct committer *c = NULL;
    struct err err = { 0 };
    FILE *file = fopen(f->path, "wb");

    assert_non_null(file);
    for (int i = 0; i < 4096; i++)
        assert_int_equal(fputc('x', file), 'x');
    assert_int_equal(fclose(file), 0);
    assert_int_equal(committer_start(f->path, 10, &c, &err), ERR_CORRUPT);
    assert_null(c);
    assert_int_not_equal(err.text[0], '\0');
}

#define FOLDER_TEST(f_) cmocka_unit_test_setup_teardown(f_, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FOLDER_TEST(a_refused_operation_undoes_itself_alone),
        FOLDER_TEST(a_full_queue_is_busy),
        FOLDER_TEST(what_is_owed_is_taken_by_a_full_queue),
        FOLDER_TEST(what_is_owed_shares_commits),
        FOLDER_TEST(a_broken_transaction_fails_every_operation_in_it),
        FOLDER_TEST(what_lies_beside_is_settled_before_each_commit),
        FOLDER_TEST(eight_threads_lose_and_invent_nothing),
        FOLDER_TEST(the_generation_counts_changes),
        FOLDER_TEST(the_log_is_written_back_on_the_way),
        FOLDER_TEST(a_file_that_is_no_database_stops_the_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
