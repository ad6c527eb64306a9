#include "store/sqlite_log.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The log's format (sqlite.org/fileformat2.html, 4.1): a frame's header tells in its second
 * word the database's size after the commit, or zero when the transaction goes on. */
enum {
    GATHERED_MAX = (128 << 10) - 1, /* SQLite's xWrite takes the size's last 17 bits only */
    FRAME_HEADER_BYTES = 24,
    FRAME_SIZE_AT = 4,
};

const char sqlite_log_vfs[] = "whazz";

static sqlite3_vfs *system_vfs;

struct log_file {
    sqlite3_file base; /* first */
    char *gathered;    /* GATHERED_MAX; NULL until something is written */
    sqlite3_int64 at;  /* of what is gathered, in the file */
    int len;
    bool ends_transaction; /* the frame whose header came last */
    sqlite3_file system[]; /* the system's own, behind it */
};

static struct log_file *log_of(sqlite3_file *file)
{
    return (struct log_file *)file;
}

/* What cannot be written is forgotten: the transaction fails, and the next one begins at
 * the same place. */
static int hand_over(struct log_file *f)
{
    const int len = f->len;

    f->len = 0;
    return len ? f->system->pMethods->xWrite(f->system, f->gathered, len, f->at)
               : SQLITE_OK;
}

static int gather(struct log_file *f, const void *bytes, int len, sqlite3_int64 at)
{
    if (f->len == 0)
        f->at = at;
    memcpy(f->gathered + f->len, bytes, (size_t)len);
    f->len += len;
    if (len != FRAME_HEADER_BYTES)
        return f->ends_transaction ? hand_over(f) : SQLITE_OK;
    f->ends_transaction = memcmp((const char *)bytes + FRAME_SIZE_AT, "\0\0\0\0", 4) != 0;
    return SQLITE_OK;
}

static int log_write(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 at)
{
    struct log_file *f = log_of(file);
    int rc = SQLITE_OK;

    if (!f->gathered)
        f->gathered = malloc(GATHERED_MAX);
    if (f->len > 0 && (at != f->at + f->len || len > GATHERED_MAX - f->len))
        rc = hand_over(f);
    if (rc != SQLITE_OK)
        return rc;
    return f->gathered && len <= GATHERED_MAX
               ? gather(f, bytes, len, at)
               : f->system->pMethods->xWrite(f->system, bytes, len, at);
}

static int log_close(sqlite3_file *file)
{
    struct log_file *f = log_of(file);
    const int rc = hand_over(f), closed = f->system->pMethods->xClose(f->system);

    free(f->gathered);
    f->gathered = NULL;
    return rc != SQLITE_OK ? rc : closed;
}

static int log_read(sqlite3_file *file, void *to, int len, sqlite3_int64 at)
{
    struct log_file *f = log_of(file);
    const int rc = hand_over(f);

    return rc != SQLITE_OK ? rc : f->system->pMethods->xRead(f->system, to, len, at);
}

static int log_truncate(sqlite3_file *file, sqlite3_int64 len)
{
    struct log_file *f = log_of(file);
    const int rc = hand_over(f);

    return rc != SQLITE_OK ? rc : f->system->pMethods->xTruncate(f->system, len);
}

static int log_sync(sqlite3_file *file, int flags)
{
    struct log_file *f = log_of(file);
    const int rc = hand_over(f);

    return rc != SQLITE_OK ? rc : f->system->pMethods->xSync(f->system, flags);
}

static int log_size(sqlite3_file *file, sqlite3_int64 *ret)
{
    struct log_file *f = log_of(file);
    const int rc = hand_over(f);

    return rc != SQLITE_OK ? rc : f->system->pMethods->xFileSize(f->system, ret);
}

static int log_lock(sqlite3_file *file, int level)
{
    return log_of(file)->system->pMethods->xLock(log_of(file)->system, level);
}

static int log_unlock(sqlite3_file *file, int level)
{
    return log_of(file)->system->pMethods->xUnlock(log_of(file)->system, level);
}

static int log_is_reserved(sqlite3_file *file, int *ret)
{
    return log_of(file)->system->pMethods->xCheckReservedLock(log_of(file)->system, ret);
}

static int log_control(sqlite3_file *file, int op, void *argument)
{
    return log_of(file)->system->pMethods->xFileControl(log_of(file)->system, op, argument);
}

static int log_sector(sqlite3_file *file)
{
    return log_of(file)->system->pMethods->xSectorSize(log_of(file)->system);
}

static int log_traits(sqlite3_file *file)
{
    return log_of(file)->system->pMethods->xDeviceCharacteristics(log_of(file)->system);
}

static const sqlite3_io_methods log_methods = {
    .iVersion = 1, /* no memory mapping: SQLite asks for it of databases only */
    .xClose = log_close,
    .xRead = log_read,
    .xWrite = log_write,
    .xTruncate = log_truncate,
    .xSync = log_sync,
    .xFileSize = log_size,
    .xLock = log_lock,
    .xUnlock = log_unlock,
    .xCheckReservedLock = log_is_reserved,
    .xFileControl = log_control,
    .xSectorSize = log_sector,
    .xDeviceCharacteristics = log_traits,
};

static int file_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                     int *ret_flags)
{
    struct log_file *f = log_of(file);
    int rc;

    (void)vfs;
    if (!(flags & SQLITE_OPEN_WAL))
        return system_vfs->xOpen(system_vfs, name, file, flags, ret_flags);
    memset(f, 0, sizeof *f);
    rc = system_vfs->xOpen(system_vfs, name, f->system, flags, ret_flags);
    if (f->system->pMethods)
        f->base.pMethods = &log_methods;
    return rc;
}

void sqlite_log_register(void)
{
    static sqlite3_vfs vfs;

    system_vfs = sqlite3_vfs_find(NULL);
    if (!system_vfs)
        return;
    vfs = *system_vfs;
    vfs.pNext = NULL;
    vfs.zName = sqlite_log_vfs;
    vfs.szOsFile += (int)sizeof(struct log_file);
    vfs.xOpen = file_open;
    (void)sqlite3_vfs_register(&vfs, 0);
}
