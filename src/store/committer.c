#include "store/committer.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include "store/db.h"

struct committer {
    struct db *db; /* the thread's own */
    pthread_t thread;
    pthread_mutex_t lock; /* over all below but the generation */
    pthread_cond_t queued;
    struct commit_op *first, *last;
    size_t count, ops_max;
    bool stopping;
    struct err health; /* code 0: the last commit worked */
    atomic_ulong generation;
};

static void op_apply(struct db *db, struct commit_op *op)
{
    op->err = (struct err){ 0 };
    op->rc = db_savepoint(db);
    if (op->rc) {
        db_error(db, &op->err);
        return;
    }
    op->rc = op->apply(db, op, &op->err);
    if (op->rc && op->err.code == 0)
        (void)err_set(&op->err, op->rc, "%s", err_name(op->rc));
    if (op->rc ? db_savepoint_rollback(db) : db_savepoint_release(db)) {
        op->rc = op->rc ? op->rc : ERR_STORE;
        db_error(db, &op->err);
    }
}

/* Every operation that had worked shares the commit's failure. */
static void ops_fail(struct commit_op *ops, const struct err *err)
{
    for (struct commit_op *op = ops; op; op = op->next) {
        if (op->rc == 0) {
            op->rc = err->code ? err->code : ERR_STORE;
            op->err = *err;
        }
    }
}

static void batch_commit(struct committer *c, struct commit_op *ops)
{
    struct err err = { 0 };
    int rc = db_begin(c->db);

    for (struct commit_op *op = ops; op; op = op->next) {
        op->rc = 0;
        if (rc == 0)
            op_apply(c->db, op);
    }
    if (rc == 0)
        rc = db_commit(c->db);
    if (rc) {
        db_error(c->db, &err);
        db_rollback(c->db);
        ops_fail(ops, &err);
    } else {
        atomic_fetch_add(&c->generation, 1);
    }
    (void)pthread_mutex_lock(&c->lock);
    c->health = err;
    (void)pthread_mutex_unlock(&c->lock);
}

static struct commit_op *batch_take(struct committer *c)
{
    struct commit_op *ops;

    (void)pthread_mutex_lock(&c->lock);
    while (!c->first && !c->stopping)
        (void)pthread_cond_wait(&c->queued, &c->lock);
    ops = c->first;
    c->first = c->last = NULL;
    c->count = 0;
    (void)pthread_mutex_unlock(&c->lock);
    return ops;
}

static void *committer_thread(void *ctx)
{
    struct committer *c = ctx;
    struct commit_op *ops;

    while ((ops = batch_take(c)) != NULL) {
        batch_commit(c, ops);
        while (ops) {
            struct commit_op *op = ops;

            ops = op->next;
            op->done(op);
        }
    }
    return NULL;
}

int committer_start(const char *url, size_t ops_max, struct committer **ret,
                    struct err *reterr)
{
    struct committer *c = calloc(1, sizeof *c);
    int rc;

    if (!c)
        return err_set(reterr, ERR_NO_MEMORY, "committer");
    c->ops_max = ops_max;
    (void)pthread_mutex_init(&c->lock, NULL);
    (void)pthread_cond_init(&c->queued, NULL);
    rc = db_open(url, DB_CREATE, &c->db, reterr);
    if (rc == 0)
        rc = db_migrate(c->db, reterr);
    if (rc == 0) {
        const int errnum = pthread_create(&c->thread, NULL, committer_thread, c);

        rc = errnum ? err_set_errno(reterr, errnum, "committer thread") : 0;
    }
    if (rc == 0) {
        *ret = c;
        return 0;
    }
    db_close(&c->db);
    free(c);
    return rc;
}

int committer_submit(struct committer *c, struct commit_op *op)
{
    int rc = 0;

    op->next = NULL;
    (void)pthread_mutex_lock(&c->lock);
    if (c->stopping || c->count >= c->ops_max) {
        rc = ERR_BUSY;
    } else {
        if (c->last)
            c->last->next = op;
        else
            c->first = op;
        c->last = op;
        c->count++;
        (void)pthread_cond_signal(&c->queued);
    }
    (void)pthread_mutex_unlock(&c->lock);
    return rc;
}

/* A caller that waits: its operation is copied results and all, so the original stays as
 * the caller made it. */
struct waiting {
    struct commit_op op; /* first */
    struct commit_op *original;
    sem_t over;
};

static int waiting_apply(struct db *db, struct commit_op *op, struct err *reterr)
{
    const struct waiting *w = (const struct waiting *)(void *)op;

    return w->original->apply(db, w->original, reterr);
}

static void waiting_done(struct commit_op *op)
{
    struct waiting *w = (struct waiting *)(void *)op;

    (void)sem_post(&w->over);
}

int committer_run(struct committer *c, struct commit_op *op)
{
    struct waiting w = { .op = { .apply = waiting_apply, .done = waiting_done },
                         .original = op };

    (void)sem_init(&w.over, 0, 0);
    op->rc = committer_submit(c, &w.op);
    if (op->rc) {
        (void)err_set(&op->err, op->rc, "the committer's queue is full");
    } else {
        while (sem_wait(&w.over) != 0)
            continue;
        op->rc = w.op.rc;
        op->err = w.op.err;
    }
    (void)sem_destroy(&w.over);
    return op->rc;
}

unsigned long committer_generation(const struct committer *c)
{
    return atomic_load(&c->generation);
}

int committer_health(struct committer *c, struct err *reterr)
{
    struct err health;

    (void)pthread_mutex_lock(&c->lock);
    health = c->health;
    (void)pthread_mutex_unlock(&c->lock);
    if (health.code && reterr)
        *reterr = health;
    return health.code;
}

void committer_stop(struct committer **c)
{
    if (!*c)
        return;
    (void)pthread_mutex_lock(&(*c)->lock);
    (*c)->stopping = true;
    (void)pthread_cond_signal(&(*c)->queued);
    (void)pthread_mutex_unlock(&(*c)->lock);
    (void)pthread_join((*c)->thread, NULL);
    db_close(&(*c)->db);
    (void)pthread_cond_destroy(&(*c)->queued);
    (void)pthread_mutex_destroy(&(*c)->lock);
    free(*c);
    *c = NULL;
}
