#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clock.h"
#include "blob/fs.h"
#include "blob/store.h"

struct sweep {
    int64_t older_than_us;
    int (*is_owned)(void *ctx, const char *name, bool *ret);
    void *ctx;
    int64_t removed;
};

static int file_remove(struct sweep *s, int folder_fd, const char *name, struct err *reterr)
{
    if (unlinkat(folder_fd, name, 0) == 0)
        s->removed++;
    else if (errno != ENOENT)
        return err_set_errno(reterr, errno, "blob sweep: cannot remove");
    return 0;
}

/* Its lock can be had only when the process that wrote it is gone. */
static int unfinished_visit(void *ctx, int folder_fd, const char *name, struct err *reterr)
{
    int fd, errnum, rc = 0;

    if (!blob_name_is_valid(name))
        return 0;
    errnum = fs_open_abandoned(folder_fd, name, O_RDONLY, &fd);
    if (errnum)
        return err_set_errno(reterr, errnum, "blob sweep: cannot open");
    if (fd >= 0) {
        rc = file_remove(ctx, folder_fd, name, reterr);
        (void)close(fd);
    }
    return rc;
}

/* Age counts from the commit: a rename sets ctime, while mtime is that of the last write.
 */
static int finished_visit(void *ctx, int folder_fd, const char *name, struct err *reterr)
{
    struct sweep *s = ctx;
    struct stat st;
    bool is_owned = true;
    int rc;

    if (!blob_name_is_valid(name))
        return 0;
    if (fstatat(folder_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0
                               : err_set_errno(reterr, errno, "blob sweep: cannot stat");
    if (st.st_ctim.tv_sec * CLOCK_SECOND_US + st.st_ctim.tv_nsec / 1000 > s->older_than_us)
        return 0;
    rc = s->is_owned(s->ctx, name, &is_owned);
    if (rc)
        return err_set(reterr, rc, "blob sweep: cannot tell whether %s is owned", name);
    return is_owned ? 0 : file_remove(s, folder_fd, name, reterr);
}

int blob_sweep(struct blob_store *store, int64_t age_us,
               int (*is_owned)(void *ctx, const char *name, bool *ret), void *ctx,
               int64_t *ret_removed, struct err *reterr)
{
    struct sweep s = { .older_than_us = clock_now_us() - age_us,
                       .is_owned = is_owned,
                       .ctx = ctx };
    int rc = fs_folder_each(store->root_fd, "tmp", unfinished_visit, &s, reterr);
    char folder[8];

    for (unsigned i = 0; i < BLOB_FOLDERS && rc == 0; i++) {
        (void)snprintf(folder, sizeof folder, "%02x", i);
        rc = fs_folder_each(store->root_fd, folder, finished_visit, &s, reterr);
    }
    if (rc == 0)
        rc = packs_sweep(&store->packs, s.older_than_us, is_owned, ctx, &s.removed, reterr);
    *ret_removed = s.removed;
    return rc;
}
