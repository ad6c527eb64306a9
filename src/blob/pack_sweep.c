#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include "blob/fs.h"
#include "blob/pack_file.h"

struct sweep {
    struct packs *packs;
    int64_t older_than_us;
    int (*is_owned)(void *ctx, const char *name, bool *ret);
    void *ctx;
    int64_t *removed;
};

/* Looks at what begins at `page`; *ret_pages is how far the next thing is. */
static int page_visit(const struct sweep *s, int fd, uint64_t id, uint32_t page,
                      uint32_t *ret_pages, struct err *reterr)
{
    char name[BLOB_NAME_SIZE];
    struct pack_place place;
    bool is_owned = false;
    int64_t made_us;
    int errnum, rc;

    *ret_pages = 1; /* a piece of what a crash broke off */
    if (pack_header_read(fd, id, page, name, &made_us, &place)) {
        *ret_pages = pack_pages(place.bytes);
        if (made_us > s->older_than_us)
            return 0;
        rc = s->is_owned(s->ctx, name, &is_owned);
        if (rc)
            return err_set(reterr, rc, "blob sweep: cannot tell whether %s is owned", name);
        *s->removed += !is_owned;
    }
    errnum = is_owned ? 0 : pack_file_clear(fd, page, *ret_pages);
    return errnum ? err_set_errno(reterr, errnum, "blob sweep: cannot remove") : 0;
}

static int pack_visit(const struct sweep *s, int fd, uint64_t id, struct err *reterr)
{
    uint32_t from = 0, page, pages;
    int errnum, rc = 0;

    while ((errnum = pack_file_next(fd, from, &page)) == 0) {
        rc = page_visit(s, fd, id, page, &pages, reterr);
        if (rc)
            return rc;
        from = page + pages;
    }
    if (errnum == ENXIO)
        errnum = pack_file_remove_empty(s->packs->root_fd, fd, id);
    return errnum ? err_set_errno(reterr, errnum, "blob sweep: cannot read a pack") : 0;
}

/* Its lock can be had only when nobody appends to it any more. */
static int file_visit(void *ctx, int packs_fd, const char *file_name, struct err *reterr)
{
    uint64_t id;
    int fd, errnum, rc = 0;

    if (!pack_of_file_name(file_name, &id))
        return 0;
    errnum = fs_open_abandoned(packs_fd, file_name, O_RDWR, &fd);
    if (errnum)
        return err_set_errno(reterr, errnum, "blob sweep: cannot open");
    if (fd >= 0) {
        rc = pack_visit(ctx, fd, id, reterr);
        (void)close(fd);
    }
    return rc;
}

int packs_sweep(struct packs *p, int64_t older_than_us,
                int (*is_owned)(void *ctx, const char *name, bool *ret), void *ctx,
                int64_t *ret_removed, struct err *reterr)
{
    struct sweep s = { p, older_than_us, is_owned, ctx, ret_removed };

    return fs_folder_each(p->root_fd, "packs", file_visit, &s, reterr);
}
