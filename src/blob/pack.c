#include "blob/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>
#include "base/clock.h"
#include "blob/fs.h"
#include "blob/pack_file.h"

enum {
    PACK_PAGES = (64 << 20) / PACK_PAGE_BYTES, /* from this size on a pack is full */
    OPEN_ATTEMPTS_MAX = 16,
};

/* Its descriptor, and with it the lock, stays open while someone is writing. */
struct pack {
    int fd;
    uint64_t id;
    uint32_t end_page;
    unsigned users;
    atomic_bool has_failed;
    bool is_unsettled;
    struct pack *next; /* of the unsettled ones */
};

void packs_init(struct packs *p, int root_fd)
{
    *p = (struct packs){ .root_fd = root_fd,
                         .are_possible = pack_holes_are_possible(root_fd) };
    (void)pthread_mutex_init(&p->lock, NULL);
}

/* The caller holds the lock. */
static void pack_let_go(struct pack *pack)
{
    if (--pack->users > 0)
        return;
    (void)close(pack->fd);
    free(pack);
}

/* No more goes into it. The caller holds the lock and uses the pack. */
static void pack_end(struct packs *p, struct pack *pack)
{
    if (p->open != pack)
        return;
    p->open = NULL;
    pack->users--;
}

void packs_release(struct packs *p)
{
    (void)packs_settle(p);
    if (p->open)
        pack_let_go(p->open);
    (void)pthread_mutex_destroy(&p->lock);
}

/* ---- appending ---- */

static int pack_begin(struct packs *p, struct pack **ret)
{
    struct pack *pack = calloc(1, sizeof *pack);
    int errnum = EEXIST;

    if (!pack)
        return ENOMEM;
    for (int i = 0; i < OPEN_ATTEMPTS_MAX && errnum == EEXIST; i++) {
        random_bytes(&pack->id, sizeof pack->id);
        pack->id &= PACK_ID_MAX;
        errnum = pack_file_create(p->root_fd, pack->id, &pack->fd);
    }
    if (errnum) {
        free(pack);
        return errnum;
    }
    pack->users = 1; /* the packs themselves */
    *ret = pack;
    return 0;
}

/* Takes room for `len` bytes and makes the caller a user of the pack. */
static int room_take(struct packs *p, size_t len, struct pack **ret, uint32_t *ret_page)
{
    struct pack *pack;
    int errnum = 0;

    (void)pthread_mutex_lock(&p->lock);
    if (!p->open)
        errnum = pack_begin(p, &p->open);
    pack = p->open;
    if (!errnum) {
        *ret = pack;
        *ret_page = pack->end_page;
        pack->end_page += pack_pages((int64_t)len);
        pack->users++;
        if (pack->end_page >= PACK_PAGES)
            pack_end(p, pack);
    }
    (void)pthread_mutex_unlock(&p->lock);
    return errnum;
}

/* From now on a settling stands for what was written. */
static void pack_written(struct packs *p, struct pack *pack)
{
    (void)pthread_mutex_lock(&p->lock);
    if (!pack->is_unsettled) {
        pack->is_unsettled = true;
        pack->users++;
        pack->next = p->unsettled;
        p->unsettled = pack;
    }
    (void)pthread_mutex_unlock(&p->lock);
}

int packs_append(struct packs *p, int from_fd, size_t len, const char *suffix,
                 char name[BLOB_NAME_SIZE], struct pack **ret)
{
    struct pack_place place = { .bytes = (uint32_t)len };
    char header[PACK_HEADER_BYTES];
    struct pack *pack;
    int errnum = room_take(p, len, &pack, &place.page);

    if (errnum)
        return errnum;
    place.pack = pack->id;
    blob_name_of_place(name, &place, suffix);
    pack_header_make(header, name, clock_now_us());
    errnum = pack_file_write(pack->fd, place.page, header, from_fd, len);
    if (!errnum) {
        pack_written(p, pack);
        *ret = pack;
        return 0;
    }
    (void)pack_file_clear(pack->fd, place.page, pack_pages((int64_t)len));
    name[0] = '\0';
    packs_let_go(p, pack);
    return errnum;
}

void packs_let_go(struct packs *p, struct pack *pack)
{
    if (!pack)
        return;
    (void)pthread_mutex_lock(&p->lock);
    pack_let_go(pack);
    (void)pthread_mutex_unlock(&p->lock);
}

/* ---- settling ---- */

static struct pack *unsettled_take(struct packs *p)
{
    struct pack *pack;

    (void)pthread_mutex_lock(&p->lock);
    pack = p->unsettled;
    if (pack) {
        p->unsettled = pack->next;
        pack->is_unsettled = false;
    }
    (void)pthread_mutex_unlock(&p->lock);
    return pack;
}

/* What a failed sync left in the kernel cannot be told: nothing more goes into such a pack.
 */
static void pack_fail(struct packs *p, struct pack *pack)
{
    atomic_store(&pack->has_failed, true);
    (void)pthread_mutex_lock(&p->lock);
    pack_end(p, pack);
    (void)pthread_mutex_unlock(&p->lock);
}

int packs_settle(struct packs *p)
{
    struct pack *pack;
    int errnum = 0;

    while ((pack = unsettled_take(p))) {
        const int failed = fs_datasync(pack->fd);

        if (failed) {
            errnum = failed;
            pack_fail(p, pack);
        }
        packs_let_go(p, pack);
    }
    return errnum;
}

bool pack_has_failed(const struct pack *pack)
{
    return atomic_load(&pack->has_failed);
}

/* ---- reading and removing ---- */

/* Opens the pack of `name` and finds the blob in it. */
static int blob_find(const struct packs *p, const char *name, int flags, int *ret_fd,
                     struct pack_place *place, struct err *reterr)
{
    char path[BLOB_PATH_SIZE];
    int rc = 0;

    if (!blob_name_place(name, place) || place->bytes > BLOB_SMALL_BYTES_MAX)
        return err_set(reterr, ERR_NOT_FOUND, "no blob has such a name");
    pack_path(path, place->pack);
    *ret_fd = openat(p->root_fd, path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (*ret_fd < 0 && errno == ENOENT)
        return err_set(reterr, ERR_NOT_FOUND, "no blob %s", name);
    if (*ret_fd < 0)
        return err_set_errno(reterr, errno, "blob: cannot open its pack");
    rc = pack_file_has(*ret_fd, name, place);
    if (rc == 0)
        return 0;
    (void)close(*ret_fd);
    return rc == ENOENT ? err_set(reterr, ERR_NOT_FOUND, "no blob %s", name)
                        : err_set_errno(reterr, rc, "blob: cannot read its pack");
}

int packs_blob_open(struct packs *p, const char *name, int *ret_fd, int64_t *ret_bytes,
                    struct err *reterr)
{
    struct pack_place place;
    int pack_fd, errnum, rc = blob_find(p, name, O_RDONLY, &pack_fd, &place, reterr);

    if (rc)
        return rc;
    errnum = pack_file_copy(pack_fd, &place, ret_fd);
    (void)close(pack_fd);
    if (errnum)
        return err_set_errno(reterr, errnum, "blob: cannot read its pack");
    *ret_bytes = place.bytes;
    return 0;
}

int packs_blob_remove(struct packs *p, const char *name, struct err *reterr)
{
    struct pack_place place;
    int fd, errnum, rc = blob_find(p, name, O_RDWR, &fd, &place, reterr);

    if (rc)
        return rc == ERR_NOT_FOUND ? 0 : rc;
    errnum = pack_file_clear(fd, place.page, pack_pages(place.bytes));
    if (!errnum && flock(fd, LOCK_EX | LOCK_NB) == 0)
        errnum = pack_file_remove_empty(p->root_fd, fd, place.pack);
    (void)close(fd);
    return errnum ? err_set_errno(reterr, errnum, "blob: cannot remove") : 0;
}
