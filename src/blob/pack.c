#include "blob/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/uio.h>
#include <unistd.h>
#include "base/clock.h"
#include "blob/fs.h"
#include "blob/pack_file.h"

enum {
    PACK_PAGES = (64 << 20) / PACK_PAGE_BYTES, /* from this size on a pack is full */
    OPEN_ATTEMPTS_MAX = 16,
    RUN_MAX = 64, /* blobs in one write */
};

/* A blob that has its place in a pack but is not written yet. */
struct piece {
    unsigned char *block;
    uint32_t page, pages;
    struct piece *next;
};

/* Its descriptor, and with it the lock, stays open while someone is writing. */
struct pack {
    int fd;
    uint64_t id;
    uint32_t end_page;
    unsigned users;
    atomic_bool has_failed;
    bool is_unsettled;
    struct piece *first, **end; /* by page */
    struct pack *next;          /* of the unsettled ones */
};

void packs_init(struct packs *p, int root_fd, struct blob_memory *memory)
{
    *p = (struct packs){ .root_fd = root_fd,
                         .memory = memory,
                         .are_possible = pack_holes_are_possible(root_fd) };
    (void)pthread_mutex_init(&p->lock, NULL);
    (void)pthread_mutex_init(&p->settling, NULL);
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
    (void)pthread_mutex_destroy(&p->settling);
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
    pack->end = &pack->first;
    pack->users = 1; /* the packs themselves */
    *ret = pack;
    return 0;
}

/* The next settling writes it. The caller holds the lock. */
static void piece_add(struct packs *p, struct pack *pack, struct piece *piece)
{
    if (!pack->is_unsettled) {
        pack->is_unsettled = true;
        pack->users++;
        pack->next = p->unsettled;
        p->unsettled = pack;
    }
    *pack->end = piece;
    pack->end = &piece->next;
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
                 char name[BLOB_NAME_SIZE], struct pack **ret)
{
    struct pack_place place = { .bytes = (uint32_t)len };
    const uint32_t pages = pack_pages((int64_t)len);
    const size_t end = PACK_HEADER_BYTES + len;
    struct piece *piece = malloc(sizeof *piece);
    int errnum;

    if (!piece)
        return ENOMEM;
    memset(block + end, 0, pages * (size_t)PACK_PAGE_BYTES - end);
    (void)pthread_mutex_lock(&p->lock);
    errnum = place_take(p, &place, ret);
    if (!errnum) {
        blob_name_of_place(name, &place, suffix);
        pack_header_make((char *)block, name, clock_now_us());
        *piece = (struct piece){ .block = block, .page = place.page, .pages = pages };
        piece_add(p, *ret, piece);
    }
    (void)pthread_mutex_unlock(&p->lock);
    if (errnum)
        free(piece);
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

/* The caller is settling. */
static struct pack *unsettled_take(struct packs *p)
{
    struct pack *pack;

    (void)pthread_mutex_lock(&p->lock);
    pack = p->unsettled;
    if (pack) {
        p->unsettled = pack->next;
        pack->is_unsettled = false;
        p->written = pack->first;
        p->written_pack = pack->id;
        pack->first = NULL;
        pack->end = &pack->first;
    }
    (void)pthread_mutex_unlock(&p->lock);
    return pack;
}

/* Those that follow each other without a gap, in one write. Returns the first of the rest.
 */
static const struct piece *run_write(int fd, const struct piece *first, int *ret_errnum)
{
    struct iovec parts[RUN_MAX];
    const struct piece *next = first;
    uint32_t page = first->page;
    int count = 0;

    for (; next && next->page == page && count < RUN_MAX; next = next->next) {
        parts[count++] = (struct iovec){ next->block,
                                         next->pages * (size_t)PACK_PAGE_BYTES };
        page += next->pages;
    }
    *ret_errnum = pack_file_write(fd, first->page, parts, count);
    return next;
}

static int pieces_write(int fd, const struct piece *pieces)
{
    int errnum = 0;

    if (!pieces)
        return 0;
    while (pieces && !errnum)
        pieces = run_write(fd, pieces, &errnum);
    return errnum ? errnum : fs_datasync(fd);
}

static void pieces_free(struct packs *p, struct piece *pieces)
{
    while (pieces) {
        struct piece *next = pieces->next;

        blob_memory_give_back(p->memory, pieces->block);
        free(pieces);
        pieces = next;
    }
}

static void pieces_clear(int fd, const struct piece *pieces)
{
    for (; pieces; pieces = pieces->next)
        (void)pack_file_clear(fd, pieces->page, pieces->pages);
}

/* Forgets what was written. What a failed sync left in the kernel cannot be told: nothing
 * more goes into such a pack. */
static void pack_settled(struct packs *p, struct pack *pack, bool has_failed)
{
    struct piece *pieces;

    (void)pthread_mutex_lock(&p->lock);
    pieces = p->written;
    p->written = NULL;
    if (has_failed) {
        atomic_store(&pack->has_failed, true);
        pack_end(p, pack);
    }
    pack_let_go(pack);
    (void)pthread_mutex_unlock(&p->lock);
    pieces_free(p, pieces);
}

int packs_settle(struct packs *p)
{
    struct pack *pack;
    int errnum = 0;

    (void)pthread_mutex_lock(&p->settling);
    while ((pack = unsettled_take(p))) {
        const int failed = pieces_write(pack->fd, p->written);

        if (failed) {
            errnum = failed;
            pieces_clear(pack->fd, p->written);
        }
        pack_settled(p, pack, failed != 0);
    }
    (void)pthread_mutex_unlock(&p->settling);
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

/* Takes the piece out of those of its pack that wait; NULL when it does not. The caller
 * holds the lock. */
static struct piece *waiting_take(struct packs *p, const struct pack_place *place)
{
    struct pack *pack = p->unsettled;
    struct piece **at, *piece;

    while (pack && pack->id != place->pack)
        pack = pack->next;
    if (!pack)
        return NULL;
    for (at = &pack->first; *at && (*at)->page != place->page;)
        at = &(*at)->next;
    piece = *at;
    if (piece) {
        *at = piece->next;
        piece->next = NULL;
    }
    if (!*at)
        pack->end = at;
    return piece;
}

static bool is_being_written(const struct packs *p, const struct pack_place *place)
{
    const struct piece *piece = p->written;

    while (piece && (p->written_pack != place->pack || piece->page != place->page))
        piece = piece->next;
    return piece != NULL;
}

/* One that is just being written is waited for. */
static bool waiting_drop(struct packs *p, const struct pack_place *place)
{
    struct piece *piece;
    bool wait;

    (void)pthread_mutex_lock(&p->lock);
    piece = waiting_take(p, place);
    wait = is_being_written(p, place);
    (void)pthread_mutex_unlock(&p->lock);
    pieces_free(p, piece);
    if (wait) {
        (void)pthread_mutex_lock(&p->settling);
        (void)pthread_mutex_unlock(&p->settling);
    }
    return piece != NULL;
}

int packs_blob_remove(struct packs *p, const char *name, struct err *reterr)
{
    struct pack_place place;
    int fd, errnum, rc;

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
