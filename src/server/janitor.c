#include "server/internal.h"

#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/cond.h"
#include "base/log.h"
#include "base/thread.h"
#include "blob/blob.h"
#include "store/db.h"

enum {
    FLUSH_US = 500000, /* calls are behind by at most a second */
    EXPIRE_EVERY = 20, /* flushes: 10 s */
    SWEEP_EVERY = 7200,
    BATCH = 100,
    NAMES_BYTES_MAX = 1 << 20,
};

/* A blob without a row may belong to an upload that is about to be accepted. */
static const int64_t SWEEP_AGE_US = CLOCK_HOUR_US;

struct janitor {
    struct service *service;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t stopped;
    bool is_stopping;
    int64_t flush_at_us; /* monotonic; the thread's */
};

static void run_or_log(struct janitor *j, struct commit_op *op, const char *what)
{
    if (committer_run(j->service->committer, op) != 0)
        log_write(LOG_WARNING, "janitor", LOG_STR("task", what),
                  LOG_STR("error", op->err.text));
}

/* ---- calls ---- */

struct flush_op {
    struct commit_op op; /* first */
    struct usage_calls *calls;
};

static int flush_apply(struct db *db, struct commit_op *op, struct err *reterr)
{
    (void)reterr;
    return usage_calls_flush(((struct flush_op *)(void *)op)->calls, db);
}

static void calls_flush(struct janitor *j)
{
    struct flush_op f = { .op = { .apply = flush_apply, .is_owed = true },
                          .calls = j->service->api.calls };

    run_or_log(j, &f.op, "calls");
    usage_calls_flushed(f.calls, f.op.rc == 0);
    j->flush_at_us = clock_monotonic_us() + FLUSH_US;
}

/* Between the pieces of what may take long: false once it is to end. */
static bool goes_on(struct janitor *j)
{
    bool is_stopping;

    if (clock_monotonic_us() >= j->flush_at_us)
        calls_flush(j);
    (void)pthread_mutex_lock(&j->lock);
    is_stopping = j->is_stopping;
    (void)pthread_mutex_unlock(&j->lock);
    return !is_stopping;
}

/* ---- what has expired ---- */

struct expire_op {
    struct commit_op op; /* first */
    struct buf names; /* of the blobs that go once this is committed, JOB_BLOB_SIZE each */
    int64_t forgotten, holds, guests;
};

/* Files that find no room in the list are found by a later sweep. */
static int expired_note(void *ctx, const struct job *job, const struct job_blobs *blobs)
{
    struct expire_op *e = ctx;

    (void)job;
    e->forgotten++;
    buf_add(&e->names, blobs->names, blobs->count * JOB_BLOB_SIZE);
    return 0;
}

static int files_forget(void *ctx, struct db *db, int64_t account_id)
{
    struct expire_op *e = ctx;
    int64_t before;
    int rc;

    do {
        before = e->forgotten;
        rc = jobs_delete_all(db, account_id, BATCH, clock_now_us(), expired_note, e);
    } while (rc == 0 && e->forgotten - before == BATCH);
    return rc;
}

static int expire_apply(struct db *db, struct commit_op *op, struct err *reterr)
{
    struct expire_op *e = (struct expire_op *)(void *)op;
    const int64_t now_us = clock_now_us();
    int rc = jobs_expire(db, now_us, BATCH, expired_note, e);

    (void)reterr;
    if (rc == 0)
        rc = usage_holds_expire(db, now_us, BATCH, &e->holds);
    return rc ? rc : auth_cleanup(db, now_us, BATCH, files_forget, e, &e->guests);
}

/* False when nothing is left that has expired. */
static bool expired_remove_some(struct janitor *j)
{
    struct expire_op e = { .op = { .apply = expire_apply } };

    buf_init(&e.names, NAMES_BYTES_MAX);
    run_or_log(j, &e.op, "expire");
    for (size_t at = 0; at + JOB_BLOB_SIZE <= e.names.len && e.op.rc == 0;
         at += JOB_BLOB_SIZE)
        blob_discard(j->service->api.blobs, e.names.data + at);
    buf_release(&e.names);
    return e.op.rc == 0 && (e.forgotten >= BATCH || e.holds == BATCH || e.guests == BATCH);
}

static void expired_remove(struct janitor *j)
{
    while (expired_remove_some(j) && goes_on(j))
        continue;
}

/* ---- what crashes left behind ---- */

struct sweep {
    struct janitor *janitor;
    struct db *db;
};

static int blob_is_owned(void *ctx, const char *name, bool *ret)
{
    const struct sweep *s = ctx;

    return goes_on(s->janitor) ? jobs_owns_blob(s->db, view_of(name), ret) : ERR_CANCELLED;
}

static void leftovers_remove(struct janitor *j)
{
    struct sweep s = { .janitor = j };
    struct err err = { 0 };
    int64_t removed = 0;
    int rc = db_open(j->service->options->database, DB_READ, &s.db, &err);

    if (rc == 0)
        rc = blob_sweep(j->service->api.blobs, SWEEP_AGE_US, blob_is_owned, &s, &removed,
                        &err);
    db_close(&s.db);
    if (rc && rc != ERR_CANCELLED)
        log_write(LOG_WARNING, "janitor", LOG_STR("task", "sweep"),
                  LOG_STR("error", err.text));
    else if (removed)
        log_write(LOG_INFO, "leftovers_removed", LOG_INT("files", removed));
}

static bool janitor_wait(struct janitor *j)
{
    (void)pthread_mutex_lock(&j->lock);
    while (!j->is_stopping && cond_wait_until(&j->stopped, &j->lock, j->flush_at_us))
        continue;
    (void)pthread_mutex_unlock(&j->lock);
    return goes_on(j);
}

static void *janitor_thread(void *context)
{
    struct janitor *j = context;

    for (unsigned long turn = 0; janitor_wait(j); turn++) {
        if (turn % EXPIRE_EVERY == 0)
            expired_remove(j);
        if (turn % SWEEP_EVERY == 0)
            leftovers_remove(j);
    }
    calls_flush(j);
    return NULL;
}

static void janitor_free(struct janitor *j)
{
    (void)pthread_cond_destroy(&j->stopped);
    (void)pthread_mutex_destroy(&j->lock);
    free(j);
}

int janitor_start(struct service *service, struct janitor **ret, struct err *reterr)
{
    struct janitor *j = calloc(1, sizeof *j);
    int errnum;

    if (!j)
        return err_set(reterr, ERR_NO_MEMORY, "janitor");
    j->service = service;
    j->flush_at_us = clock_monotonic_us() + FLUSH_US;
    (void)pthread_mutex_init(&j->lock, NULL);
    cond_init(&j->stopped);
    errnum = thread_start(&j->thread, "janitor", janitor_thread, j);
    if (errnum == 0) {
        *ret = j;
        return 0;
    }
    janitor_free(j);
    return err_set_errno(reterr, errnum, "janitor");
}

void janitor_stop(struct janitor **janitor)
{
    struct janitor *j = *janitor;

    if (!j)
        return;
    (void)pthread_mutex_lock(&j->lock);
    j->is_stopping = true;
    (void)pthread_cond_signal(&j->stopped);
    (void)pthread_mutex_unlock(&j->lock);
    (void)pthread_join(j->thread, NULL);
    janitor_free(j);
    *janitor = NULL;
}
