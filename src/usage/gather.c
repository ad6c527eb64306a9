#include "usage/gather.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "whazz/usage.h"

enum {
    SUMS_MAX = 1024,
    CHAINS = 1024, /* a power of two */
    NONE = -1,
};

/* One row's share: of a total (day GATHER_TOTAL) or of a day. */
struct sum {
    int64_t account_id, day;
    int meter;
    char type[USAGE_NAME_MAX + 1];
    int next; /* in the chain of its account and meter; a later sum comes first */
    uint64_t saved_in;
    struct value {
        int64_t amount, held, first_us, last_us;
    } value;
};

struct saved {
    int sum;
    struct value value;
};

struct gather {
    struct db_pending pending; /* first */
    int count, marked_count, saved_count;
    uint64_t savepoint;
    int chains[CHAINS];
    struct sum sums[SUMS_MAX];
    struct saved saved[SUMS_MAX]; /* of sums below marked_count, as they were at the mark */
};

static struct gather *gather_of(struct db_pending *pending)
{
    return (struct gather *)(void *)pending;
}

static int *chain_of(struct gather *g, int64_t account_id, int meter)
{
    const uint64_t mixed = ((uint64_t)account_id * USAGE_METERS_MAX + (uint64_t)meter) *
                           0x9e3779b97f4a7c15u;

    return &g->chains[(mixed >> 32) % CHAINS];
}

/* Keeps a sum's value as it was at the savepoint, before it changes for the first time. */
static void save(struct gather *g, int i)
{
    struct sum *s = &g->sums[i];

    if (i >= g->marked_count || s->saved_in == g->savepoint)
        return;
    s->saved_in = g->savepoint;
    g->saved[g->saved_count++] = (struct saved){ i, s->value };
}

static void clear(struct gather *g)
{
    if (g->count)
        memset(g->chains, 0xff, sizeof g->chains);
    g->count = g->marked_count = g->saved_count = 0;
}

static int sum_write(struct db *db, const struct sum *s)
{
    const struct value *v = &s->value;
    const struct db_arg account = DB_INT(s->account_id), meter = DB_INT(s->meter),
                        type = DB_TEXT(s->type), amount = DB_INT(v->amount);

    if (v->amount == 0 && v->held == 0 && v->last_us == 0)
        return 0;
    if (s->day != GATHER_TOTAL && s->account_id)
        return db_exec(db, STMT_DAILY_ADD,
                       DB_ARGS(account, meter, type, DB_INT(s->day), amount));
    if (s->day != GATHER_TOTAL)
        return db_exec(db, STMT_PLATFORM_DAILY_ADD,
                       DB_ARGS(meter, type, DB_INT(s->day), amount));
    if (s->account_id)
        return db_exec(db, STMT_TOTALS_ADD,
                       DB_ARGS(account, meter, type, amount, DB_INT(v->first_us),
                               DB_INT(v->last_us), DB_INT(v->held)));
    return db_exec(db, STMT_PLATFORM_TOTALS_ADD,
                   DB_ARGS(meter, type, amount, DB_INT(v->first_us), DB_INT(v->last_us)));
}

static int gather_flush(struct db_pending *pending, struct db *db)
{
    struct gather *g = gather_of(pending);
    int rc = 0;

    for (int i = 0; i < g->count && rc == 0; i++)
        rc = sum_write(db, &g->sums[i]);
    clear(g);
    return rc;
}

static void gather_mark(struct db_pending *pending)
{
    struct gather *g = gather_of(pending);

    g->marked_count = g->count;
    g->saved_count = 0;
    g->savepoint++;
}

static void gather_undo(struct db_pending *pending)
{
    struct gather *g = gather_of(pending);

    while (g->count > g->marked_count) {
        const struct sum *s = &g->sums[--g->count];

        *chain_of(g, s->account_id, s->meter) = s->next;
    }
    while (g->saved_count > 0) {
        const struct saved *saved = &g->saved[--g->saved_count];

        g->sums[saved->sum].value = saved->value;
    }
}

static void gather_forget(struct db_pending *pending)
{
    clear(gather_of(pending));
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
    memset(g->chains, 0xff, sizeof g->chains);
    g->pending = (struct db_pending){ .flush = gather_flush,
                                      .mark = gather_mark,
                                      .undo = gather_undo,
                                      .forget = gather_forget,
                                      .free = gather_free };
    db_pending_attach(db, &g->pending);
    return g;
}

static int sum_find(struct gather *g, const struct gather_change *c, int64_t day)
{
    int i = *chain_of(g, c->account_id, c->meter);

    for (; i != NONE; i = g->sums[i].next) {
        const struct sum *s = &g->sums[i];

        if (s->account_id == c->account_id && s->meter == c->meter && s->day == day &&
            strcmp(s->type, c->type) == 0)
            break;
    }
    return i;
}

static void value_add(struct value *v, const struct gather_change *c)
{
    v->amount += c->amount;
    v->held += c->held;
    if (c->seen_us > 0 && (v->first_us == 0 || c->seen_us < v->first_us))
        v->first_us = c->seen_us;
    if (c->seen_us > v->last_us)
        v->last_us = c->seen_us;
}

/* Without room a change is written at once: the order of additions does not matter. */
static int sum_add(struct db *db, struct gather *g, const struct gather_change *c,
                   int64_t day)
{
    int *chain = chain_of(g, c->account_id, c->meter);
    int i = sum_find(g, c, day);
    struct sum fresh = { .account_id = c->account_id, .day = day, .meter = c->meter };

    if (i != NONE) {
        save(g, i);
        value_add(&g->sums[i].value, c);
        return 0;
    }
    memcpy(fresh.type, c->type, strlen(c->type));
    value_add(&fresh.value, c);
    if (g->count == SUMS_MAX)
        return sum_write(db, &fresh);
    fresh.next = *chain;
    *chain = g->count;
    g->sums[g->count++] = fresh;
    return 0;
}

int gather_add(struct db *db, const struct gather_change *c)
{
    struct gather *g = gather_get(db);
    int rc;

    if (!g)
        return ERR_NO_MEMORY;
    if (strlen(c->type) > USAGE_NAME_MAX)
        return ERR_INVALID;
    rc = sum_add(db, g, c, GATHER_TOTAL);
    return rc || c->amount == 0 ? rc : sum_add(db, g, c, c->day);
}

int gather_settle(struct db *db)
{
    struct gather *g = gather_of(db_pending_of(db));
    int rc = 0;

    for (int i = 0; g && i < g->count && rc == 0; i++) {
        save(g, i);
        rc = sum_write(db, &g->sums[i]);
        g->sums[i].value = (struct value){ 0 };
    }
    return rc;
}

int64_t gather_waiting(struct db *db, int64_t account_id, int meter, int64_t first_day)
{
    struct gather *g = gather_of(db_pending_of(db));
    int64_t amount = 0;

    if (!g)
        return 0;
    for (int i = *chain_of(g, account_id, meter); i != NONE; i = g->sums[i].next) {
        const struct sum *s = &g->sums[i];
        const bool is_wanted = first_day == GATHER_TOTAL
                                   ? s->day == GATHER_TOTAL
                                   : s->day != GATHER_TOTAL && s->day >= first_day;

        if (s->account_id == account_id && s->meter == meter && !s->type[0] && is_wanted)
            amount += s->value.amount;
    }
    return amount;
}

int64_t gather_waiting_held(struct db *db, int64_t account_id, int meter)
{
    const struct gather_change key = { .account_id = account_id,
                                       .meter = meter,
                                       .type = "" };
    struct gather *g = gather_of(db_pending_of(db));
    const int i = g ? sum_find(g, &key, GATHER_TOTAL) : NONE;

    return i == NONE ? 0 : g->sums[i].value.held;
}
