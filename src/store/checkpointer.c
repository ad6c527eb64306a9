#include "store/checkpointer.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include "base/thread.h"
#include "store/db.h"

enum {
    LOG_PAGES = 4000, /* 16 MB: hot pages are written back once for that much log */
    LEFT_PAGES = 100, /* few enough for the committer */
    PASSES_MAX = 5,
};

struct checkpointer {
    struct db *db; /* the thread's */
    pthread_t thread;
    int64_t due_pages; /* the committer's: of log, when the next round begins */

    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t wake;
    enum { IDLE, WANTED, WRITTEN } round;
    bool stopping;
};

/* A failure leaves the log as it is, for the next round. */
static void write_back(struct db *db, int passes)
{
    int64_t left = LEFT_PAGES + 1;

    for (int pass = 0; pass < passes && left > LEFT_PAGES; pass++) {
        if (db_checkpoint(db, &left) != 0)
            return;
    }
}

static void *run_thread(void *arg)
{
    struct checkpointer *c = arg;

    (void)pthread_mutex_lock(&c->lock);
    while (!c->stopping) {
        if (c->round != WANTED) {
            (void)pthread_cond_wait(&c->wake, &c->lock);
            continue;
        }
        (void)pthread_mutex_unlock(&c->lock);
        write_back(c->db, PASSES_MAX);
        (void)pthread_mutex_lock(&c->lock);
        c->round = WRITTEN;
    }
    (void)pthread_mutex_unlock(&c->lock);
    return NULL;
}

int checkpointer_start(const char *url, struct checkpointer **ret, struct err *reterr)
{
    struct checkpointer *c = calloc(1, sizeof *c);
    int rc, errnum;

    if (!c)
        return err_set(reterr, ERR_NO_MEMORY, "checkpointer: no memory");
    (void)pthread_mutex_init(&c->lock, NULL);
    (void)pthread_cond_init(&c->wake, NULL);
    c->due_pages = LOG_PAGES;
    rc = db_open(url, DB_WRITE, &c->db, reterr);
    if (rc == 0) {
        errnum = thread_start(&c->thread, "checkpointer", run_thread, c);
        rc = errnum ? err_set_errno(reterr, errnum, "checkpointer thread") : 0;
    }
    if (rc == 0) {
        *ret = c;
        return 0;
    }
    db_close(&c->db);
    (void)pthread_cond_destroy(&c->wake);
    (void)pthread_mutex_destroy(&c->lock);
    free(c);
    return rc;
}

void checkpointer_committed(struct checkpointer *c, struct db *db)
{
    const int64_t pages = db_log_pages(db);
    bool is_written;

    if (pages < LOG_PAGES)
        c->due_pages = LOG_PAGES;
    (void)pthread_mutex_lock(&c->lock);
    is_written = c->round == WRITTEN;
    if (is_written)
        c->round = IDLE;
    if (c->round == IDLE && !is_written && pages >= c->due_pages) {
        c->round = WANTED;
        (void)pthread_cond_signal(&c->wake);
    }
    (void)pthread_mutex_unlock(&c->lock);
    if (!is_written)
        return;
    /* What a reader still needs keeps the log from starting anew: a round later, then. */
    write_back(db, 1);
    c->due_pages = pages + LOG_PAGES;
}

void checkpointer_stop(struct checkpointer **checkpointer)
{
    struct checkpointer *c = *checkpointer;

    *checkpointer = NULL;
    if (!c)
        return;
    (void)pthread_mutex_lock(&c->lock);
    c->stopping = true;
    (void)pthread_cond_signal(&c->wake);
    (void)pthread_mutex_unlock(&c->lock);
    (void)pthread_join(c->thread, NULL);
    db_close(&c->db);
    (void)pthread_cond_destroy(&c->wake);
    (void)pthread_mutex_destroy(&c->lock);
    free(c);
}
