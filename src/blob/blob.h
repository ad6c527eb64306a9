/* Blobs: stored files, known by a name that we made (never a client's).
 *
 * They lie in a folder: each in a file of its own, or many small ones in one file (a pack).
 * A blob under construction is a `blob_writer`; it exists under its name only once it is
 * whole and durable. Any thread; a writer is used by one thread at a time. */
#ifndef BLOB_BLOB_H
#define BLOB_BLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "base/uuid.h"
#include "base/view.h"

struct blob_store;
struct blob_writer;

enum {
    BLOB_NAME_SIZE = UUID_TEXT_SIZE + 8,
    BLOB_DIGEST_SIZE = 65,
    BLOB_SMALL_BYTES_MAX = 256 << 10,
};

/* Opens (and makes) the store below `dir`. Fails clearly on a folder that cannot be
 * written. */
MUST_CHECK int blob_store_open(const char *dir, struct blob_store **ret,
                               struct err *reterr);
void blob_store_close(struct blob_store **store);

/* A new blob with a new name that ends in `suffix` ("wav"; letters and digits). */
MUST_CHECK int blob_writer_open(struct blob_store *store, const char *suffix,
                                struct blob_writer **ret, struct err *reterr);
/* The same where no more than `bytes_max` bytes will come: up to BLOB_SMALL_BYTES_MAX they
 * wait in memory for the commit, and then share a file and its sync with other blobs: see
 * blob_store_settle(). A few hundred writers at a time may do so; the rest, and all where
 * the file system cannot make holes in files, are as of blob_writer_open(). */
MUST_CHECK int blob_writer_open_bounded(struct blob_store *store, const char *suffix,
                                        int64_t bytes_max, struct blob_writer **ret,
                                        struct err *reterr);
/* Appends; hashes and counts what passes. ERR_NO_SPACE when that would touch the reserve,
 * ERR_TOO_LARGE past `bytes_max`. */
MUST_CHECK int blob_writer_add(struct blob_writer *w, const void *bytes, size_t len,
                               struct err *reterr);
int64_t blob_writer_bytes(const struct blob_writer *w);
/* Of a bounded writer it is "" until the commit. */
const char *blob_writer_name(const struct blob_writer *w);
/* The descriptor, open for reading and writing, valid until the writer ends: for the audio
 * child, which reads an upload or writes a result. -1 when the bytes wait in memory. */
int blob_writer_fd(const struct blob_writer *w);
/* What waits in memory, until more is added or it is committed; NULL when it is in a file.
 */
struct view blob_writer_held(const struct blob_writer *w);
/* For bytes that a child wrote through the descriptor, which there must be: counts and
 * hashes them now. Blocks.
 */
MUST_CHECK int blob_writer_rescan(struct blob_writer *w, struct err *reterr);
/* Makes bytes and name durable (fsync): blocks, so never on an event loop. After it the
 * blob exists; the writer still has to be closed. Fills the hex BLAKE2b-256. Concurrent
 * calls may share directory syncs. What a bounded writer held in memory is on its way to
 * the disk then: see blob_writer_rely(). */
MUST_CHECK int blob_writer_commit(struct blob_writer *w, char digest[BLOB_DIGEST_SIZE],
                                  struct err *reterr);
/* Said of a committed blob by a transaction that refers to it, before blob_store_settle():
 * that waits for its bytes. ERR_IO when they are lost already. */
MUST_CHECK int blob_writer_rely(struct blob_writer *w, struct err *reterr);
/* Frees the writer. What was not committed is gone without a trace. Accepts NULL. */
void blob_writer_close(struct blob_writer **w);

/* Waits until the disk has what was relied on since the last call. It is called before the
 * transactions that rely are committed, and when it fails, they must not be. Blocks. */
MUST_CHECK int blob_store_settle(struct blob_store *store, struct err *reterr);

/* Opens a blob for reading; *ret_fd is the caller's, of the file or of a copy in memory.
 * ERR_NOT_FOUND. */
MUST_CHECK int blob_open(struct blob_store *store, const char *name, int *ret_fd,
                         int64_t *ret_bytes, struct err *reterr);
/* Removes a blob; 0 also when there is none. */
MUST_CHECK int blob_remove(struct blob_store *store, const char *name, struct err *reterr);
/* The same where nobody could do anything about a failure: a sweep takes what stays. */
void blob_discard(struct blob_store *store, const char *name);

/* Removes what a crash left behind: unfinished writers of earlier processes, and blobs
 * older than `age_us` for which `is_owned` says false. */
MUST_CHECK int blob_sweep(struct blob_store *store, int64_t age_us,
                          int (*is_owned)(void *ctx, const char *name, bool *ret),
                          void *ctx, int64_t *ret_removed, struct err *reterr);
/* Bytes of the file system that blobs leave free, so that a disk full of files still takes
 * the rows that say so, and the deletions that help. 0 until set; before other threads. */
void blob_store_reserve_set(struct blob_store *store, int64_t bytes);
/* ERR_NO_SPACE when `bytes` more would touch the reserve. */
MUST_CHECK int blob_store_room_check(struct blob_store *store, int64_t bytes,
                                     struct err *reterr);

#endif
