/* A file system for SQLite (sqlite.org/vfs.html) that is the system's own but for the
 * write-ahead log: SQLite hands each page of a transaction over in two pieces, and a
 * transaction of ours has tens of pages. Here the pieces gather in memory and go to the
 * system in one call: once a transaction is whole, or as soon as anything is asked of the
 * file that the pieces have a part in. Nothing is held back across a commit, whether or not
 * it is synced, so that other connections and processes see what they always did. */
#ifndef STORE_SQLITE_LOG_H
#define STORE_SQLITE_LOG_H

extern const char sqlite_log_vfs[]; /* its name, for sqlite3_open_v2() */

/* Makes it known to SQLite; once per process. Without memory for it, opening fails. */
void sqlite_log_register(void);

#endif
