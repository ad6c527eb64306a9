/* The committer: one thread that owns the write connection and shares each durable commit
 * (one fsync) among all operations that wait for one.
 *
 * It takes everything queued, applies each operation inside a savepoint of one transaction
 * (one that fails is rolled back to its savepoint, the others go on), commits, and then
 * calls every done(). See docs/architecture.md, "The commit path". */
#ifndef STORE_COMMITTER_H
#define STORE_COMMITTER_H

#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"

struct db;
struct committer;

struct commit_op {
    /* On the committer's thread, inside the transaction. Non-zero undoes what it did. */
    int (*apply)(struct db *db, struct commit_op *op, struct err *reterr);
    /* On the committer's thread, once rc holds: 0 means that it is on the disk. The op may
     * be freed in it. Must not block. */
    void (*done)(struct commit_op *op);
    /* apply's result; when the shared commit fails, that failure, for every op in it */
    int rc;
    struct err err;
    /* Tells of what has happened already and cannot be refused any more: taken even when
     * the queue is full. The submitter bounds how many there are. Nobody waits for it, so
     * under load it may wait two milliseconds for others to share a commit with. */
    bool is_owed;
    struct commit_op *next; /* the committer's, while queued */
    void *waiter;           /* committer_run's */
};

/* Opens `url` for writing, migrates it and starts the thread over a queue of `ops_max`. */
MUST_CHECK int committer_start(const char *url, size_t ops_max, struct committer **ret,
                               struct err *reterr);
/* What is called on the committer's thread before a transaction that changed something is
 * committed: for what lies beside the database and has to be on the disk first. When it
 * fails, the whole transaction does, with its error. Set before what needs it is submitted.
 */
void committer_before_set(struct committer *c, int (*before)(void *ctx, struct err *reterr),
                          void *ctx);
/* Queues an operation, which must stay alive until done(). ERR_BUSY when the queue is full
 * (and the operation is not owed) or the committer is stopping. Any thread. */
MUST_CHECK int committer_submit(struct committer *c, struct commit_op *op);
/* Submits, and waits until it is durable or refused. op->done is set by this call. Returns
 * op->rc. Not from the committer's own thread. */
MUST_CHECK int committer_run(struct committer *c, struct commit_op *op);
/* Counts up with every commit that changed anything: a reader whose snapshot is from an
 * earlier generation is behind. Any thread. */
unsigned long committer_generation(const struct committer *c);
/* Whether the last commit worked: what /health reports. Any thread. */
int committer_health(struct committer *c, struct err *reterr);
/* Applies what is queued, closes the connection (checkpointing the log), joins. Accepts
 * NULL. */
void committer_stop(struct committer **c);

#endif
