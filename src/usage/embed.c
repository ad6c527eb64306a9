#include "base/err.h"
#include "store/committer.h"
#include "store/db.h"
#include "whazz/usage.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { OPS_MAX = 1024 };

struct usage_store {
    struct committer *committer;
    struct db *reader; /* under the lock */
    pthread_mutex_t lock;
};

struct declare_op {
    struct commit_op op; /* first: the committer hands it back */
    const struct usage_meter *meters;
    size_t count;
};

static int declare_apply(struct db *db, struct commit_op *op, struct err *reterr)
{
    const struct declare_op *d = (const struct declare_op *)(void *)op;

    return usage_meters_declare(db, d->meters, d->count, reterr);
}

int usage_store_open(const char *path, const struct usage_meter *meters, size_t count,
                     struct usage_store **ret, struct err *reterr)
{
    struct declare_op declare = { .op = { .apply = declare_apply },
                                  .meters = meters,
                                  .count = count };
    struct usage_store *store = calloc(1, sizeof *store);
    char url[4096];
    int rc;

    if (!store)
        return err_set(reterr, ERR_NO_MEMORY, "usage store");
    (void)pthread_mutex_init(&store->lock, NULL);
    rc = snprintf(url, sizeof url, "sqlite:%s", path) < (int)sizeof url
             ? committer_start(url, OPS_MAX, &store->committer, reterr)
             : err_set(reterr, ERR_INVALID, "the ledger's path is too long");
    if (rc == 0) {
        rc = committer_run(store->committer, &declare.op);
        if (rc)
            (void)err_set(reterr, rc, "%s", declare.op.err.text);
    }
    if (rc == 0)
        rc = db_open(url, DB_READ, &store->reader, reterr);
    if (rc == 0) {
        *ret = store;
        store = NULL;
    }
    usage_store_close(&store);
    return rc;
}

struct work_op {
    struct commit_op op; /* first */
    int (*work)(struct db *db, void *ctx);
    void *ctx;
};

static int work_apply(struct db *db, struct commit_op *op, struct err *reterr)
{
    const struct work_op *w = (const struct work_op *)(void *)op;

    (void)reterr;
    return w->work(db, w->ctx);
}

int usage_store_write(struct usage_store *store, int (*work)(struct db *db, void *ctx),
                      void *ctx)
{
    struct work_op w = { .op = { .apply = work_apply }, .work = work, .ctx = ctx };

    return committer_run(store->committer, &w.op);
}

int usage_store_read(struct usage_store *store, int (*work)(struct db *db, void *ctx),
                     void *ctx)
{
    int ended, rc;

    (void)pthread_mutex_lock(&store->lock);
    rc = db_begin(store->reader);
    if (rc == 0) {
        rc = work(store->reader, ctx);
        ended = db_commit(store->reader);
        rc = rc ? rc : ended;
    }
    (void)pthread_mutex_unlock(&store->lock);
    return rc;
}

void usage_store_close(struct usage_store **store)
{
    if (!*store)
        return;
    db_close(&(*store)->reader);
    committer_stop(&(*store)->committer);
    (void)pthread_mutex_destroy(&(*store)->lock);
    free(*store);
    *store = NULL;
}
