/* The few calls on files and folders that the parts of a blob store share. They return 0 or
 * an errno where nothing else is said. Inside blob/ only; any thread. */
#ifndef BLOB_FS_H
#define BLOB_FS_H

#include <stdbool.h>
#include "base/err.h"

/* fsync(2) and fdatasync(2), whatever interrupts them. */
int fs_sync(int fd);
int fs_datasync(int fd);
/* Syncs the names in the folder `path` below `at_fd`. */
int fs_folder_sync(int at_fd, const char *path);
/* Makes the folder, or sees that it can be used; sets *made when it did. */
int fs_folder_make(int at_fd, const char *path, bool *made);
/* Waits for an exclusive lock (flock(2)). */
int fs_lock(int fd);

/* Opens a file of the folder, locked; *ret_fd is the caller's, or -1 when the file has gone
 * or another holds its lock: what someone still writes is left alone. */
int fs_open_abandoned(int folder_fd, const char *file_name, int flags, int *ret_fd);

/* Visits the entries of a folder until a visit fails: 0, its error, or one of listing. */
MUST_CHECK int fs_folder_each(int at_fd, const char *path,
                              int (*visit)(void *ctx, int folder_fd, const char *file_name,
                                           struct err *reterr),
                              void *ctx, struct err *reterr);

#endif
