#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "blob/store.h"

static int file_open(struct blob_store *store, const char *name, int *ret_fd,
                     int64_t *ret_bytes, struct err *reterr)
{
    char path[BLOB_PATH_SIZE];
    struct stat st;
    int fd;

    blob_path(path, name);
    fd = openat(store->root_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT)
        return err_set(reterr, ERR_NOT_FOUND, "no blob %s", name);
    if (fd < 0)
        return err_set_errno(reterr, errno, "blob: cannot open");
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        (void)close(fd);
        return err_set(reterr, ERR_CORRUPT, "blob %s is no plain file", name);
    }
    *ret_fd = fd;
    *ret_bytes = st.st_size;
    return 0;
}

int blob_open(struct blob_store *store, const char *name, int *ret_fd, int64_t *ret_bytes,
              struct err *reterr)
{
    struct pack_place place;

    if (!blob_name_is_valid(name))
        return err_set(reterr, ERR_NOT_FOUND, "no blob has such a name");
    return blob_name_place(name, &place)
               ? packs_blob_open(&store->packs, name, ret_fd, ret_bytes, reterr)
               : file_open(store, name, ret_fd, ret_bytes, reterr);
}

int blob_remove(struct blob_store *store, const char *name, struct err *reterr)
{
    char path[BLOB_PATH_SIZE];
    struct pack_place place;

    if (!blob_name_is_valid(name))
        return err_set(reterr, ERR_NOT_FOUND, "no blob has such a name");
    if (blob_name_place(name, &place))
        return packs_blob_remove(&store->packs, name, reterr);
    blob_path(path, name);
    if (unlinkat(store->root_fd, path, 0) < 0 && errno != ENOENT)
        return err_set_errno(reterr, errno, "blob: cannot remove");
    return 0;
}

void blob_discard(struct blob_store *store, const char *name)
{
    if (blob_remove(store, name, NULL) != 0)
        return;
}
