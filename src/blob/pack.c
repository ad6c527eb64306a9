#include "blob/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/thread.h"
#include "blob/fs.h"
#include "blob/pack_file.h"
#include "blob/pack_pieces.h"

enum {
    PACK_PAGES = (64 << 20) / PACK_PAGE_BYTES, /* from this size on a pack is full */
    OPEN_ATTEMPTS_MAX = 16,
};

void packs_init(struct packs *p, int root_fd, struct blob_memory *memory)
{
    *p = (struct packs){ .root_fd = root_fd,
                         .memory = memory,
                         .are_possible = pack_holes_are_possible(root_fd) };
    p->unsettled_end = &p->unsettled;
    (void)pthread_mutex_init(&p->lock, NULL);
    (void)pthread_cond_init(&p->appended, NULL);
    (void)pthread_cond_init(&p->settled, NULL);
    if (p->are_possible)
        p->are_possible = thread_start(&p->settler, "settler", packs_settle_thread, p) == 0;
}

void packs_release(struct packs *p)
{
    if (p->are_possible) {
        (void)pthread_mutex_lock(&p->lock);
        p->is_ending = true;
        (void)pthread_cond_signal(&p->appended);
        (void)pthread_mutex_unlock(&p->lock);
        (void)pthread_join(p->settler, NULL);
    }
    if (p->open)
        pack_let_go(p->open);
    (void)pthread_cond_destroy(&p->settled);
    (void)pthread_cond_destroy(&p->appended);
    (void)pthread_mutex_destroy(&p->lock);
}

void pack_let_go(struct pack *pack)
{
    if (--pack->users > 0)
        return;
    (void)close(pack->fd);
    free(pack);
}

void pack_end(struct packs *p, struct pack *pack)
{
    if (p->open != pack)
        return;
    p->open = NULL;
    pack->users--;
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
    pack->end = &pack->first;
    pack->users = 1; /* the packs themselves */
    *ret = pack;
    return 0;
}

/* The caller holds the lock, and becomes a user of the pack. */
static int place_take(struct packs *p, struct pack_place *place, struct pack **ret)
{
    const int errnum = p->open ? 0 : pack_begin(p, &p->open);
    struct pack *pack = p->open;

    if (errnum)
        return errnum;
    place->pack = pack->id;
    place->page = pack->end_page;
    pack->end_page += pack_pages(place->bytes);
    pack->users++;
    if (pack->end_page >= PACK_PAGES)
        pack_end(p, pack);
    *ret = pack;
    return 0;
}

int packs_append(struct packs *p, unsigned char *block, size_t len, const char *suffix,
                 char name[BLOB_NAME_SIZE], struct pack_ticket *ret)
{
    struct pack_place place = { .bytes = (uint32_t)len };
    const uint32_t pages = pack_pages((int64_t)len);
    const size_t end = PACK_HEADER_BYTES + len;
    struct piece *piece = malloc(sizeof *piece);
    struct pack *pack;
    int errnum;

    if (!piece)
        return ENOMEM;
    memset(block + end, 0, pages * (size_t)PACK_PAGE_BYTES - end);
    (void)pthread_mutex_lock(&p->lock);
    errnum = place_take(p, &place, &pack);
    if (!errnum) {
        blob_name_of_place(name, &place, suffix);
        pack_header_make((char *)block, name, clock_now_us());
        *piece = (struct piece){ .block = block, .page = place.page, .pages = pages };
        piece_add(p, pack, piece);
        *ret = (struct pack_ticket){ pack, p->last };
    }
    (void)pthread_mutex_unlock(&p->lock);
    if (errnum)
        free(piece);
    return errnum;
}

void packs_let_go(struct packs *p, struct pack_ticket *ticket)
{
    if (!ticket->pack)
        return;
    (void)pthread_mutex_lock(&p->lock);
    pack_let_go(ticket->pack);
    (void)pthread_mutex_unlock(&p->lock);
    ticket->pack = NULL;
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
    int pack_fd = -1, errnum, rc = blob_find(p, name, O_RDONLY, &pack_fd, &place, reterr);

    if (rc)
        return rc;
    errnum = pack_file_copy(pack_fd, &place, ret_fd);
    (void)close(pack_fd);
    if (errnum)
        return err_set_errno(reterr, errnum, "blob: cannot read its pack");
    *ret_bytes = place.bytes;
    return 0;
}

static bool waiting_drop(struct packs *p, const struct pack_place *place)
{
    struct piece *piece;
    bool was_there;

    (void)pthread_mutex_lock(&p->lock);
    was_there = piece_drop(p, place, &piece);
    (void)pthread_mutex_unlock(&p->lock);
    pieces_free(p, piece);
    return was_there;
}

int packs_blob_remove(struct packs *p, const char *name, struct err *reterr)
{
    struct pack_place place;
    int fd = -1, errnum, rc;

    if (blob_name_place(name, &place) && waiting_drop(p, &place))
        return 0;
    rc = blob_find(p, name, O_RDWR, &fd, &place, reterr);
    if (rc)
        return rc == ERR_NOT_FOUND ? 0 : rc;
    errnum = pack_file_clear(fd, place.page, pack_pages(place.bytes));
    if (!errnum && flock(fd, LOCK_EX | LOCK_NB) == 0)
        errnum = pack_file_remove_empty(p->root_fd, fd, place.pack);
    (void)close(fd);
    return errnum ? err_set_errno(reterr, errnum, "blob: cannot remove") : 0;
}
