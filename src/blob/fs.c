#include "blob/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int until_done(int (*call)(int fd), int fd)
{
    while (call(fd) < 0) {
        if (errno != EINTR)
            return errno;
    }
    return 0;
}

int fs_sync(int fd)
{
    return until_done(fsync, fd);
}

int fs_datasync(int fd)
{
    return until_done(fdatasync, fd);
}

int fs_folder_sync(int at_fd, const char *path)
{
    const int fd = openat(at_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int errnum;

    if (fd < 0)
        return errno;
    errnum = fs_sync(fd);
    (void)close(fd);
    return errnum;
}

int fs_folder_make(int at_fd, const char *path, bool *made)
{
    if (mkdirat(at_fd, path, 0700) == 0)
        *made = true;
    else if (errno != EEXIST)
        return errno;
    return faccessat(at_fd, path, R_OK | W_OK | X_OK, AT_EACCESS) < 0 ? errno : 0;
}

static int lock_exclusive(int fd)
{
    return flock(fd, LOCK_EX);
}

int fs_lock(int fd)
{
    return until_done(lock_exclusive, fd);
}

int fs_open_abandoned(int folder_fd, const char *file_name, int flags, int *ret_fd)
{
    const int fd = openat(folder_fd, file_name,
                          flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    *ret_fd = fd;
    if (fd < 0)
        return errno == ENOENT ? 0 : errno;
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        (void)close(fd);
        *ret_fd = -1;
    }
    return 0;
}

int fs_folder_each(int at_fd, const char *path,
                   int (*visit)(void *ctx, int folder_fd, const char *file_name,
                                struct err *reterr),
                   void *ctx, struct err *reterr)
{
    const int fd = openat(at_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    int rc = 0;

    if (!dir) {
        rc = err_set_errno(reterr, errno, "blob sweep: cannot list");
        if (fd >= 0)
            (void)close(fd);
        return rc;
    }
    while (rc == 0) {
        errno = 0;
        entry = readdir(dir);
        if (!entry)
            break;
        rc = visit(ctx, fd, entry->d_name, reterr);
    }
    if (rc == 0 && errno != 0)
        rc = err_set_errno(reterr, errno, "blob sweep: cannot list");
    (void)closedir(dir);
    return rc;
}
