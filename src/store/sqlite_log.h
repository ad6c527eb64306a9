/* A file system for SQLite (sqlite.org/vfs.html) that is the system's own but for the
 * write-ahead log: SQLite hands each page of a transaction over in two pieces, and a
 * transaction of ours has tens of pages. Here the pieces gather in memory and go to the
 * system in few calls: at the page that ends a transaction, at every sync, and before
 * anything else is asked of the file. So nothing is held back across a commit, and other
 * connections and processes see what they always did. For synchronous = FULL: without its
 * sync, a transaction that did not fit the cache could end in a header that is still here.
 */
#ifndef STORE_SQLITE_LOG_H
#define STORE_SQLITE_LOG_H

extern const char sqlite_log_vfs[]; /* its name, for sqlite3_open_v2() */

/* Makes it known to SQLite; once per process. Without memory for it, opening fails. */
void sqlite_log_register(void);

#endif
