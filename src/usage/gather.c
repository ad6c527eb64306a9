#include "usage/gather.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "whazz/usage.h"

enum { SUMS_MAX = 128 };

struct sum {
    int meter;
    char type[USAGE_NAME_MAX + 1];
    int64_t day, amount, first_us, last_us;
};

struct gather {
    struct db_pending pending; /* first */
    size_t count, marked_count;
    struct sum sums[SUMS_MAX], marked[SUMS_MAX];
};

static struct gather *gather_of(struct db_pending *pending)
{
    return (struct gather *)(void *)pending;
}

static int gather_flush(struct db_pending *pending, struct db *db)
{
    struct gather *g = gather_of(pending);
    int rc = 0;

    for (size_t i = 0; i < g->count && rc == 0; i++) {
        const struct sum *s = &g->sums[i];

        rc = db_exec(db, STMT_PLATFORM_TOTALS_ADD,
                     DB_ARGS(DB_INT(s->meter), DB_TEXT(s->type), DB_INT(s->amount),
                             DB_INT(s->first_us), DB_INT(s->last_us)));
        if (rc == 0)
            rc = db_exec(db, STMT_PLATFORM_DAILY_ADD,
                         DB_ARGS(DB_INT(s->meter), DB_TEXT(s->type), DB_INT(s->day),
                                 DB_INT(s->amount)));
    }
    g->count = 0;
    return rc;
}

static void gather_mark(struct db_pending *pending)
{
    struct gather *g = gather_of(pending);

    memcpy(g->marked, g->sums, g->count * sizeof g->sums[0]);
    g->marked_count = g->count;
}

static void gather_undo(struct db_pending *pending)
{
    struct gather *g = gather_of(pending);

    memcpy(g->sums, g->marked, g->marked_count * sizeof g->sums[0]);
    g->count = g->marked_count;
}

static void gather_forget(struct db_pending *pending)
{
    gather_of(pending)->count = 0;
}

static void gather_free(struct db_pending *pending)
{
    free(gather_of(pending));
}

/* The connection's, made at its first use; NULL when memory is out. */
static struct gather *gather_get(struct db *db)
{
    struct gather *g = gather_of(db_pending_of(db));

    if (g)
        return g;
    g = calloc(1, sizeof *g);
    if (!g)
        return NULL;
    g->pending = (struct db_pending){ .flush = gather_flush,
                                      .mark = gather_mark,
                                      .undo = gather_undo,
                                      .forget = gather_forget,
                                      .free = gather_free };
    db_pending_attach(db, &g->pending);
    return g;
}

static struct sum *sum_find(struct gather *g, const struct gather_change *c)
{
    for (size_t i = 0; i < g->count; i++) {
        struct sum *s = &g->sums[i];

        if (s->meter == c->meter && s->day == c->day && strcmp(s->type, c->type) == 0)
            return s;
    }
    return NULL;
}

int gather_add(struct db *db, const struct gather_change *c)
{
    struct gather *g = gather_get(db);
    struct sum *s;

    if (!g)
        return ERR_NO_MEMORY;
    if (strlen(c->type) > USAGE_NAME_MAX)
        return ERR_INVALID;
    s = sum_find(g, c);
    if (!s && g->count == SUMS_MAX) {
        const int rc = gather_flush(&g->pending, db);

        if (rc)
            return rc;
    }
    if (!s) {
        s = &g->sums[g->count++];
        *s = (struct sum){ .meter = c->meter, .day = c->day };
        memcpy(s->type, c->type, strlen(c->type));
    }
    s->amount += c->amount;
    if (c->seen_us > 0 && (s->first_us == 0 || c->seen_us < s->first_us))
        s->first_us = c->seen_us;
    if (c->seen_us > s->last_us)
        s->last_us = c->seen_us;
    return 0;
}
