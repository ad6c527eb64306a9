#include "base/clock.h"
#include "base/err.h"
#include "store/db.h"
#include "usage/gather.h"
#include "usage/zone.h"
#include "whazz/usage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One stored sum: (meter, type, day) of the account or the platform, or an hour's events.
 */
struct cell {
    int meter;
    size_t bucket;
    int64_t sum;
    char type[USAGE_NAME_MAX + 1];
};

struct history {
    const struct usage_history_query *query;
    struct zone *zone;          /* NULL: the ledger's */
    bool reads_ledger;          /* rather than the daily rollups */
    int64_t first_day, end_day; /* of days and months: the whole days that are read */
    int64_t first_start_us;     /* of bucket 0 */
    size_t buckets;
    struct cell *cells;
    size_t count, room;
};

static int64_t bucket_first_day(const struct history *h, size_t bucket)
{
    int64_t day = h->first_day;

    if (h->query->interval == USAGE_DAY)
        return day + (int64_t)bucket;
    for (size_t i = 0; i < bucket; i++)
        day = zone_next_month_first_day(day);
    return day;
}

static int64_t bucket_start_us(const struct history *h, size_t bucket)
{
    if (h->query->interval == USAGE_HOUR)
        return h->first_start_us + (int64_t)bucket * CLOCK_HOUR_US;
    return zone_day_start_us(h->zone, bucket_first_day(h, bucket));
}

/* Months between two first days of months. */
static size_t months_between(int64_t from, int64_t to)
{
    int from_year, from_month, to_year, to_month, day;

    clock_civil_from_days(from, &from_year, &from_month, &day);
    clock_civil_from_days(to, &to_year, &to_month, &day);
    return (size_t)(to_year - from_year) * 12 + (size_t)to_month - (size_t)from_month;
}

static size_t bucket_of_day(const struct history *h, int64_t day)
{
    return h->query->interval == USAGE_DAY ? (size_t)(day - h->first_day)
                                           : months_between(h->first_day, day);
}

/* `at`: the day, or of the ledger's rows the quarter of an hour. */
static size_t bucket_of(const struct history *h, int64_t at)
{
    if (h->query->interval == USAGE_HOUR)
        return (size_t)((at - h->first_start_us) / CLOCK_HOUR_US);
    return bucket_of_day(h, h->reads_ledger ? zone_day_of(h->zone, at) : at);
}

static int64_t hour_start_us(const struct zone *zone, int64_t time_us)
{
    const int64_t local_us = time_us + zone_offset_s(zone, time_us) * CLOCK_SECOND_US;

    return time_us - (local_us % CLOCK_HOUR_US + CLOCK_HOUR_US) % CLOCK_HOUR_US;
}

static void history_span(struct history *h)
{
    const struct usage_history_query *q = h->query;
    const int64_t last_us = q->end_us - 1;

    if (q->interval == USAGE_HOUR) {
        h->first_start_us = hour_start_us(h->zone, q->start_us);
        h->buckets = (size_t)((last_us - h->first_start_us) / CLOCK_HOUR_US) + 1;
        return;
    }
    h->first_day = zone_day_of(h->zone, q->start_us);
    h->end_day = zone_day_of(h->zone, last_us) + 1;
    if (q->interval == USAGE_MONTH) {
        h->first_day = zone_month_first_day(h->first_day);
        h->end_day = zone_next_month_first_day(h->end_day - 1);
    }
    h->first_start_us = zone_day_start_us(h->zone, h->first_day);
    h->buckets = bucket_of_day(h, h->end_day - 1) + 1;
}

static int history_plan(struct history *h)
{
    const struct usage_history_query *q = h->query;
    size_t hours;

    if (q->start_us < 0 || q->end_us <= q->start_us)
        return ERR_INVALID;
    if (q->time_zone && !zone_is_ledgers(q->time_zone)) {
        const int rc = zone_load(q->time_zone, &h->zone);

        if (rc)
            return rc == ERR_INVALID ? ERR_NOT_FOUND : rc;
    }
    h->reads_ledger = q->interval == USAGE_HOUR || h->zone;
    if (h->reads_ledger && q->account_id == 0)
        return ERR_INVALID;
    history_span(h);
    if (h->buckets > q->most)
        return ERR_TOO_LARGE;
    hours = (size_t)((bucket_start_us(h, h->buckets) - h->first_start_us) / CLOCK_HOUR_US);
    return h->reads_ledger && hours > q->most ? ERR_TOO_LARGE : 0;
}

static int cell_add(struct history *h, const struct cell *cell)
{
    if (h->count == h->room) {
        const size_t room = h->room ? h->room * 2 : 256;
        struct cell *cells = realloc(h->cells, room * sizeof *cells);

        if (!cells)
            return ERR_NO_MEMORY;
        h->cells = cells;
        h->room = room;
    }
    h->cells[h->count++] = *cell;
    return 0;
}

/* Rows of meter, type, day (or quarter of an hour), sum. */
static int cells_read(struct db *db, struct history *h, enum stmt stmt,
                      const struct db_arg *args, size_t args_count)
{
    int ended, rc = db_run(db, stmt, args, args_count);

    while (rc == 0) {
        const int row = db_next(db, stmt);
        struct cell cell = { 0 };
        struct view type;

        if (row <= 0) {
            rc = row;
            break;
        }
        type = db_text(db, stmt, 1);
        if ((type.len > 0) != h->query->by_type)
            continue;
        cell.meter = (int)db_int(db, stmt, 0);
        cell.bucket = bucket_of(h, db_int(db, stmt, 2));
        cell.sum = db_int(db, stmt, 3);
        (void)snprintf(cell.type, sizeof cell.type, "%.*s", (int)type.len, type.ptr);
        rc = cell.meter < 0 || cell.meter >= USAGE_METERS_MAX ? ERR_CORRUPT
                                                              : cell_add(h, &cell);
    }
    ended = db_done(db, stmt);
    return rc ? rc : ended;
}

static int history_cells(struct db *db, struct history *h)
{
    const struct usage_history_query *q = h->query;

    if (h->reads_ledger)
        return cells_read(db, h, STMT_QUARTERS_OF_ACCOUNT,
                          DB_ARGS(DB_INT(q->by_type), DB_INT(q->account_id),
                                  DB_INT(h->first_start_us),
                                  DB_INT(bucket_start_us(h, h->buckets))));
    if (q->account_id)
        return cells_read(
            db, h, STMT_DAYS_OF_ACCOUNT,
            DB_ARGS(DB_INT(q->account_id), DB_INT(h->first_day), DB_INT(h->end_day)));
    return cells_read(db, h, STMT_DAYS_OF_PLATFORM,
                      DB_ARGS(DB_INT(h->first_day), DB_INT(h->end_day)));
}

static int by_bucket_and_type(const void *a, const void *b)
{
    const struct cell *left = a, *right = b;

    if (left->bucket != right->bucket)
        return left->bucket < right->bucket ? -1 : 1;
    return strcmp(left->type, right->type);
}

/* Tells one bucket from the cells at *at that belong to it (and share one type). */
static int bucket_tell(const struct history *h, size_t bucket, size_t *at,
                       int (*row)(void *ctx, const struct usage_bucket *bucket), void *ctx)
{
    struct usage_bucket out = { .start_us = bucket_start_us(h, bucket),
                                .end_us = bucket_start_us(h, bucket + 1),
                                .type = "" };

    if (*at < h->count && h->cells[*at].bucket == bucket)
        out.type = h->cells[*at].type;
    while (*at < h->count && h->cells[*at].bucket == bucket &&
           strcmp(h->cells[*at].type, out.type) == 0) {
        out.sums[h->cells[*at].meter] += h->cells[*at].sum;
        *at += 1;
    }
    return row(ctx, &out);
}

static int history_tell(const struct history *h,
                        int (*row)(void *ctx, const struct usage_bucket *bucket), void *ctx)
{
    size_t at = 0;
    int rc = 0;

    if (h->query->by_type) {
        while (at < h->count && rc == 0)
            rc = bucket_tell(h, h->cells[at].bucket, &at, row, ctx);
        return rc;
    }
    for (size_t bucket = 0; bucket < h->buckets && rc == 0; bucket++)
        rc = bucket_tell(h, bucket, &at, row, ctx);
    return rc;
}

int usage_history_read(struct db *db, const struct usage_history_query *query,
                       int (*row)(void *ctx, const struct usage_bucket *bucket), void *ctx)
{
    struct history h = { .query = query };
    int rc = history_plan(&h);

    if (rc == 0)
        rc = gather_settle(db);
    if (rc == 0)
        rc = history_cells(db, &h);
    if (rc == 0) {
        if (h.count)
            qsort(h.cells, h.count, sizeof *h.cells, by_bucket_and_type);
        rc = history_tell(&h, row, ctx);
    }
    free(h.cells);
    zone_free(&h.zone);
    return rc;
}
