#include "blob/store.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include "blob/fs.h"

static int make_folders(int root_fd)
{
    bool made = false;
    int errnum = fs_folder_make(root_fd, "tmp", &made);
    char name[8];

    if (!errnum)
        errnum = fs_folder_make(root_fd, "packs", &made);
    for (unsigned i = 0; i < BLOB_FOLDERS && errnum == 0; i++) {
        (void)snprintf(name, sizeof name, "%02x", i);
        errnum = fs_folder_make(root_fd, name, &made);
    }
    return errnum || !made ? errnum : fs_sync(root_fd);
}

static int open_root(const char *dir, int *ret_fd)
{
    const bool made = mkdir(dir, 0700) == 0;
    int errnum;

    if (!made && errno != EEXIST)
        return errno;
    *ret_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*ret_fd < 0)
        return errno;
    errnum = made ? fs_folder_sync(*ret_fd, "..") : 0;
    return errnum ? errnum : make_folders(*ret_fd);
}

int blob_store_open(const char *dir, struct blob_store **ret, struct err *reterr)
{
    struct blob_store *store;
    char what[ERR_TEXT_MAX / 2];
    int errnum;

    if (sodium_init() < 0)
        return err_set(reterr, ERR_INTERNAL, "libsodium does not start");
    store = calloc(1, sizeof *store);
    if (!store)
        return err_set(reterr, ERR_NO_MEMORY, "blob store: out of memory");
    store->root_fd = -1;
    atomic_init(&store->made, randombytes_random());
    for (size_t i = 0; i < BLOB_FOLDERS; i++)
        shared_sync_init(&store->folders[i]);
    errnum = open_root(dir, &store->root_fd);
    blob_memory_init(&store->memory);
    packs_init(&store->packs, store->root_fd, &store->memory);
    if (errnum) {
        blob_store_close(&store);
        (void)snprintf(what, sizeof what, "blob store %s", dir);
        return err_set_errno(reterr, errnum, what);
    }
    *ret = store;
    return 0;
}

void blob_store_close(struct blob_store **store)
{
    struct blob_store *s = *store;

    *store = NULL;
    if (!s)
        return;
    packs_release(&s->packs);
    blob_memory_release(&s->memory);
    for (size_t i = 0; i < BLOB_FOLDERS; i++)
        shared_sync_release(&s->folders[i]);
    if (s->root_fd >= 0)
        (void)close(s->root_fd);
    free(s);
}

int blob_store_settle(struct blob_store *store, struct err *reterr)
{
    const int errnum = packs_settle(&store->packs);

    return errnum ? err_set_errno(reterr, errnum, "blob: cannot write") : 0;
}

void blob_store_reserve_set(struct blob_store *store, int64_t bytes)
{
    store->reserve_bytes = bytes;
}

int blob_store_room_check(struct blob_store *store, int64_t bytes, struct err *reterr)
{
    struct statvfs vfs;

    if (fstatvfs(store->root_fd, &vfs) < 0)
        return err_set_errno(reterr, errno, "blob store: cannot tell its free space");
    if ((int64_t)(vfs.f_bavail * vfs.f_frsize) - bytes < store->reserve_bytes)
        return err_set(reterr, ERR_NO_SPACE, "The server is out of storage.");
    return 0;
}
