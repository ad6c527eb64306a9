/* Writes the write-ahead log back into the database, beside the committer.
 *
 * A log that is never written back grows, and writing it back holds up whoever does it: 16
 * MB and their fsync are 50 ms. So a thread does it while commits go on, again and again
 * until little is left, and the committer only ends it: what is left then is short, and
 * with nothing left the next commit starts the log anew. */
#ifndef STORE_CHECKPOINTER_H
#define STORE_CHECKPOINTER_H

#include "base/err.h"

struct db;
struct checkpointer;

/* Opens `url` on a connection of its own and starts the thread. */
MUST_CHECK int checkpointer_start(const char *url, struct checkpointer **ret,
                                  struct err *reterr);
/* After each commit, by the thread that made it on `db`. */
void checkpointer_committed(struct checkpointer *c, struct db *db);
/* Accepts NULL. */
void checkpointer_stop(struct checkpointer **c);

#endif
