#include "blob/fs.h"
#include "blob/pack_file.h"
#include "blob/pack_pieces.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/uio.h>

enum { RUN_MAX = 64 }; /* blobs in one write */

/* ---- what waits ---- */

void piece_add(struct packs *p, struct pack *pack, struct piece *piece)
{
    if (!pack->is_unsettled) {
        pack->is_unsettled = true;
        pack->users++;
        pack->next = NULL;
        *p->unsettled_end = pack;
        p->unsettled_end = &pack->next;
    }
    *pack->end = piece;
    pack->end = &piece->next;
    pack->last = ++p->last;
    (void)pthread_cond_signal(&p->appended);
}

/* NULL when none waits there. */
static struct piece *piece_take(struct packs *p, const struct pack_place *place)
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

bool piece_drop(struct packs *p, const struct pack_place *place, struct piece **ret)
{
    struct piece *piece = p->written_pack == place->pack ? p->written : NULL;

    while (piece && piece->page != place->page)
        piece = piece->next;
    if (piece)
        piece->is_unwanted = true;
    *ret = piece ? NULL : piece_take(p, place);
    return piece || *ret;
}

void pieces_free(struct packs *p, struct piece *pieces)
{
    while (pieces) {
        struct piece *next = pieces->next;

        blob_memory_give_back(p->memory, pieces->block);
        free(pieces);
        pieces = next;
    }
}

/* ---- the settler ---- */

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

/* Nothing remains of them when that fails. */
static int pieces_write(int fd, const struct piece *pieces)
{
    const struct piece *rest = pieces;
    int errnum = 0;

    if (!pieces)
        return 0;
    while (rest && !errnum)
        rest = run_write(fd, rest, &errnum);
    if (!errnum)
        errnum = fs_datasync(fd);
    for (rest = pieces; rest && errnum; rest = rest->next)
        (void)pack_file_clear(fd, rest->page, rest->pages);
    return errnum;
}

static void unwanted_clear(int fd, const struct piece *pieces)
{
    for (; pieces; pieces = pieces->next) {
        if (pieces->is_unwanted)
            (void)pack_file_clear(fd, pieces->page, pieces->pages);
    }
}

static struct pack *oldest_take(struct packs *p)
{
    struct pack *pack = p->unsettled;

    p->unsettled = pack->next;
    if (!p->unsettled)
        p->unsettled_end = &p->unsettled;
    pack->is_unsettled = false;
    p->written = pack->first;
    p->written_pack = pack->id;
    pack->first = NULL;
    pack->end = &pack->first;
    return pack;
}

/* What a failed sync left in the kernel cannot be told: nothing more goes into such a pack,
 * and what came meanwhile is not relied on either. */
static void failure_note(struct packs *p, struct pack *pack, int errnum)
{
    pack->has_failed = true;
    pack_end(p, pack);
    p->last_failed = pack->last;
    p->failed_errnum = errnum;
}

/* Writes what waits in the oldest pack. Without the lock while the disk works. */
static void oldest_settle(struct packs *p)
{
    struct pack *pack = oldest_take(p);
    struct piece *const pieces = p->written;
    const uint64_t through = pack->last;
    int errnum;

    (void)pthread_mutex_unlock(&p->lock);
    errnum = pieces_write(pack->fd, pieces);
    (void)pthread_mutex_lock(&p->lock);
    p->written = NULL;
    if (errnum)
        failure_note(p, pack, errnum);
    p->last_settled = through;
    (void)pthread_cond_broadcast(&p->settled);
    (void)pthread_mutex_unlock(&p->lock);
    unwanted_clear(pack->fd, pieces);
    pieces_free(p, pieces);
    (void)pthread_mutex_lock(&p->lock);
    pack_let_go(pack);
}

void *packs_settle_thread(void *packs)
{
    struct packs *p = packs;

    (void)pthread_mutex_lock(&p->lock);
    while (p->unsettled || !p->is_ending) {
        if (p->unsettled)
            oldest_settle(p);
        else
            (void)pthread_cond_wait(&p->appended, &p->lock);
    }
    (void)pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* ---- waiting for it ---- */

int packs_rely(struct packs *p, const struct pack_ticket *ticket)
{
    int errnum;

    if (!ticket->pack)
        return 0;
    (void)pthread_mutex_lock(&p->lock);
    errnum = ticket->pack->has_failed ? EIO : 0;
    if (!errnum) {
        if (p->first_relied == 0 || ticket->number < p->first_relied)
            p->first_relied = ticket->number;
        if (ticket->number > p->last_relied)
            p->last_relied = ticket->number;
    }
    (void)pthread_mutex_unlock(&p->lock);
    return errnum;
}

int packs_settle(struct packs *p)
{
    int errnum = 0;

    (void)pthread_mutex_lock(&p->lock);
    while (p->last_settled < p->last_relied)
        (void)pthread_cond_wait(&p->settled, &p->lock);
    if (p->first_relied && p->last_failed >= p->first_relied)
        errnum = p->failed_errnum;
    p->first_relied = p->last_relied = 0;
    (void)pthread_mutex_unlock(&p->lock);
    return errnum;
}
