#include "store/committer.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include "base/clock.h"
#include "base/cond.h"
#include "base/thread.h"
#include "store/checkpointer.h"
#include "store/db.h"

enum { REST_US = 2000 };

struct committer {
    struct db *db; /* the thread's, once it runs */
    struct checkpointer *checkpointer;
    pthread_t thread;
    int64_t ended_us; /* the thread's: when its last commit did */
    atomic_ulong generation;
    size_t ops_max;
    int (*before)(void *ctx, struct err *reterr); /* each commit; may be NULL */
    void *before_ctx;

    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t wake;
    struct commit_op *first, **end;
    size_t ops_count, urgent_count; /* queued; of them those that are not owed */
    bool stopping, is_resting;
    struct err health; /* of the last commit; code 0 when it worked */
};

static void refuse(struct commit_op *op, int rc, const struct err *why)
{
    op->rc = rc;
    op->err = *why;
    op->err.code = rc;
}

/* Applies one operation within its savepoint. Non-zero only when the whole transaction can
 * no longer be relied on. */
static int apply(struct db *db, struct commit_op *op)
{
    int rc = db_savepoint(db);

    if (rc)
        return rc;
    op->rc = op->apply(db, op, &op->err);
    return op->rc ? db_savepoint_rollback(db) : db_savepoint_release(db);
}

static int apply_all(struct db *db, struct commit_op *first, bool *ret_changed,
                     struct err *reterr)
{
    int rc = db_begin(db);

    for (struct commit_op *op = first; op && rc == 0; op = op->next) {
        rc = apply(db, op);
        *ret_changed |= rc == 0 && op->rc == 0;
    }
    if (rc)
        db_error(db, reterr);
    return rc;
}

static int commit(const struct committer *c, bool changed, struct err *reterr)
{
    int rc = changed && c->before ? c->before(c->before_ctx, reterr) : 0;

    if (rc)
        return rc;
    rc = db_commit(c->db);
    if (rc)
        db_error(c->db, reterr);
    return rc;
}

static void set_health(struct committer *c, const struct err *health)
{
    (void)pthread_mutex_lock(&c->lock);
    c->health = *health;
    (void)pthread_mutex_unlock(&c->lock);
}

/* When the transaction fails, so does every operation in it: even a refusal may have been
 * due to another operation that did not happen. */
static void commit_batch(struct committer *c, struct commit_op *first)
{
    struct err health = { 0 };
    bool changed = false;
    struct commit_op *next;
    int rc = apply_all(c->db, first, &changed, &health);

    if (rc == 0)
        rc = commit(c, changed, &health);
    if (rc) {
        health.code = rc;
        db_rollback(c->db);
        for (struct commit_op *op = first; op; op = op->next)
            refuse(op, rc, &health);
    } else if (changed) {
        (void)atomic_fetch_add(&c->generation, 1);
    }
    set_health(c, &health);
    for (struct commit_op *op = first; op; op = next) {
        next = op->next;
        op->done(op);
    }
}

/* Nobody waits for what is owed: when it comes fast, it shares a commit every REST_US. */
static void rest(struct committer *c)
{
    c->is_resting = true;
    while (c->urgent_count == 0 && !c->stopping &&
           cond_wait_until(&c->wake, &c->lock, c->ended_us + REST_US))
        continue;
    c->is_resting = false;
}

/* Waits for operations and takes them all; NULL once stopped and empty. */
static struct commit_op *take_all(struct committer *c)
{
    struct commit_op *first;

    (void)pthread_mutex_lock(&c->lock);
    while (!c->first && !c->stopping)
        (void)pthread_cond_wait(&c->wake, &c->lock);
    rest(c);
    first = c->first;
    c->first = NULL;
    c->end = &c->first;
    c->ops_count = c->urgent_count = 0;
    (void)pthread_mutex_unlock(&c->lock);
    return first;
}

static void *run_thread(void *arg)
{
    struct committer *c = arg;
    struct commit_op *first;

    while ((first = take_all(c))) {
        commit_batch(c, first);
        c->ended_us = clock_monotonic_us();
        checkpointer_committed(c->checkpointer, c->db);
    }
    return NULL;
}

static void free_committer(struct committer *c)
{
    checkpointer_stop(&c->checkpointer);
    db_close(&c->db);
    (void)pthread_cond_destroy(&c->wake);
    (void)pthread_mutex_destroy(&c->lock);
    free(c);
}

int committer_start(const char *url, size_t ops_max, struct committer **ret,
                    struct err *reterr)
{
    struct committer *c = calloc(1, sizeof *c);
    int rc, errnum;

    if (!c)
        return err_set(reterr, ERR_NO_MEMORY, "committer: no memory");
    (void)pthread_mutex_init(&c->lock, NULL);
    cond_init(&c->wake);
    c->end = &c->first;
    c->ops_max = ops_max;
    rc = db_open(url, DB_CREATE, &c->db, reterr);
    if (rc == 0)
        rc = db_migrate(c->db, reterr);
    if (rc == 0)
        rc = checkpointer_start(url, &c->checkpointer, reterr);
    if (rc == 0) {
        errnum = thread_start(&c->thread, "committer", run_thread, c);
        rc = errnum ? err_set_errno(reterr, errnum, "committer thread") : 0;
    }
    if (rc)
        free_committer(c);
    else
        *ret = c;
    return rc;
}

void committer_before_set(struct committer *c, int (*before)(void *ctx, struct err *reterr),
                          void *ctx)
{
    c->before = before;
    c->before_ctx = ctx;
}

int committer_submit(struct committer *c, struct commit_op *op)
{
    int rc = ERR_BUSY;

    op->next = NULL;
    op->rc = 0;
    op->err = (struct err){ 0 };
    (void)pthread_mutex_lock(&c->lock);
    if (!c->stopping && (op->is_owed || c->ops_count < c->ops_max)) {
        *c->end = op;
        c->end = &op->next;
        c->ops_count++;
        c->urgent_count += !op->is_owed;
        if (!c->is_resting || !op->is_owed)
            (void)pthread_cond_signal(&c->wake);
        rc = 0;
    }
    (void)pthread_mutex_unlock(&c->lock);
    return rc;
}

static void wake_waiter(struct commit_op *op)
{
    (void)sem_post(op->waiter);
}

int committer_run(struct committer *c, struct commit_op *op)
{
    sem_t settled;
    int rc;

    (void)sem_init(&settled, 0, 0);
    op->done = wake_waiter;
    /* cppcheck-suppress autoVariables ; it is taken back below */
    op->waiter = &settled;
    rc = committer_submit(c, op);
    if (rc)
        op->rc = err_set(&op->err, rc, "committer: the queue is full or closed");
    while (rc == 0 && sem_wait(&settled) != 0)
        continue; /* a signal's handler ran */
    op->waiter = NULL;
    (void)sem_destroy(&settled);
    return op->rc;
}

unsigned long committer_generation(const struct committer *c)
{
    return atomic_load(&c->generation);
}

int committer_health(struct committer *c, struct err *reterr)
{
    int rc;

    (void)pthread_mutex_lock(&c->lock);
    rc = c->health.code;
    if (rc && reterr)
        *reterr = c->health;
    (void)pthread_mutex_unlock(&c->lock);
    return rc;
}

void committer_stop(struct committer **c)
{
    if (!*c)
        return;
    (void)pthread_mutex_lock(&(*c)->lock);
    (*c)->stopping = true;
    (void)pthread_cond_signal(&(*c)->wake);
    (void)pthread_mutex_unlock(&(*c)->lock);
    (void)pthread_join((*c)->thread, NULL);
    free_committer(*c);
    *c = NULL;
}
