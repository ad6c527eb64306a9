/* Whazz usage: an exact usage ledger with rollups, limits and reservations.
 *
 * This header is all that a program needs to meter its own accounts (see
 * examples/meter_prints.c); it knows nothing of HTTP or audio.
 *
 * The model. An *account* is the metered entity. A *meter* is a named quantity in whole
 * units (counts, bytes, microseconds). Every change is an immutable row of the *ledger*; in
 * the same transaction it changes the *rollups*: lifetime and daily sums per account, and
 * for the platform, each overall and per type (a type is a free label, such as a processing
 * type). An account may belong to a *group* at the time of a charge (a network, a team):
 * the group's rollups sum its members' rows, and its limits hold for all of them together.
 * A *plan* is a named set of *limits*: meter, window, value. A *hold* is an amount reserved
 * against limits while work is under way; it has an owner reference and an expiry, and ends
 * settled, released or expired, each with a ledger row. Checks and charges are one atomic
 * step.
 *
 * Functions that take a `struct db *` run inside the caller's transaction on that
 * connection (from a `struct usage_store` below, or the server's committer). Times are
 * microseconds since the epoch, UTC. Names are at most USAGE_NAME_MAX bytes of a-z, 0-9 and
 * _. All return 0 or a negative code of base/err.h, whose values are stable. */
#ifndef WHAZZ_USAGE_H
#define WHAZZ_USAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;  /* a database connection */
struct err; /* code and one line of text, from base/err.h; may be NULL everywhere */

enum {
    USAGE_NAME_MAX = 31,
    USAGE_METERS_MAX = 32,
    USAGE_REF_MAX = 63,    /* an owner reference: a job id, for example */
    USAGE_LIMITS_MAX = 16, /* limits in one plan */
    USAGE_ITEMS_MAX = 8,   /* amounts in one charge */
};

/* ---- meters ---- */

struct usage_meter {
    const char *name; /* "files_uploaded" */
    const char *unit; /* "count", "bytes", "us" */
    bool ranked;      /* keep an index for usage_top */
};

/* Makes the meters known to the database under the numbers 0 to count - 1, which are how
 * every other call names them. Meters may be added at the end in a later version; a name
 * that moved is ERR_CORRUPT. */
int usage_meters_declare(struct db *db, const struct usage_meter *meters, size_t count,
                         struct err *reterr);

/* The IANA zone ("Europe/Berlin") in which days and months begin, for the whole process;
 * UTC without it. Before any other thread starts, and always the same for one ledger: a row
 * keeps the day it was written under. ERR_INVALID for an unknown zone. */
int usage_zone_set(const char *zone);

/* ---- accounts and plans ---- */

enum usage_class {
    USAGE_CLASS_MEMBER = 0, /* shown in rankings: a user */
    USAGE_CLASS_GUEST = 1,
    USAGE_CLASS_GROUP = 2, /* holds its members' sums */
};

/* Makes an account with a new number. */
int usage_account_create(struct db *db, enum usage_class class, const char *plan,
                         int64_t now_us, int64_t *ret_account_id);
/* Its person is gone, its figures stay in every sum: no further charge is taken. */
int usage_account_close(struct db *db, int64_t account_id, int64_t now_us);

enum usage_window {
    USAGE_WINDOW_DAY,      /* since the day began, in the ledger's zone */
    USAGE_WINDOW_MONTH,    /* since the calendar month began */
    USAGE_WINDOW_LIFETIME, /* everything */
    USAGE_WINDOW_STORED,   /* the running balance of a meter that also goes down */
};

struct usage_limit {
    int meter;
    enum usage_window window;
    int64_t value; /* the most that may be used; < 0: no limit */
};

/* Replaces the limits of a plan, made when it is new. */
int usage_plan_set(struct db *db, const char *plan, const struct usage_limit *limits,
                   size_t count, struct err *reterr);
int usage_account_plan(struct db *db, int64_t account_id, const char *plan);

/* ---- the ledger ---- */

struct usage_subject {
    int64_t account_id;
    int64_t group_id; /* 0: none */
};

struct usage_amount {
    int meter;
    int64_t amount; /* may be negative for a balance such as stored bytes */
};

/* What the rows of one event share. */
struct usage_event {
    struct usage_subject subject;
    const char *type; /* NULL or "": none */
    const char *ref;  /* NULL or the owner's reference */
    int64_t now_us;
};

/* Charges without a limit check: what has happened has happened. */
int usage_charge(struct db *db, const struct usage_event *event,
                 const struct usage_amount *amounts, size_t count);

/* One limit as it stands for an account. */
struct usage_limit_state {
    int meter;
    enum usage_window window;
    bool of_group; /* the group's limit rather than the account's own */
    int64_t limit; /* < 0: none */
    int64_t used;
    int64_t reserved;
    int64_t requested; /* by the refused call; 0 from usage_limits_read */
    int64_t resets_us; /* when the window ends; 0: waiting does not help */
};

struct usage_refusal {
    size_t count; /* every limit that would be passed, the account's own first */
    struct usage_limit_state limits[2 * USAGE_LIMITS_MAX];
};

/* Admits one piece of work: checks `charges` and `holds` together against every limit of
 * the account and of its group, and takes all of them or none. Charges go to the ledger
 * now; holds stay reserved under event->ref until settled, released or past
 * `holds_expire_us`. ERR_LIMIT with *ret_refusal filled when any limit would be passed
 * (used + reserved + requested > limit); ERR_CONFLICT when event->ref holds something
 * already; ERR_NOT_FOUND for a closed or unknown account. */
int usage_admit(struct db *db, const struct usage_event *event,
                const struct usage_amount *charges, size_t charges_count,
                const struct usage_amount *holds, size_t holds_count,
                int64_t holds_expire_us, struct usage_refusal *ret_refusal);

/* Ends the holds of event->ref and charges what the work really used, which may be more or
 * less. Ok too when the holds had expired already: the ledger then marks the rows
 * `overrun`. */
int usage_settle(struct db *db, const struct usage_event *event,
                 const struct usage_amount *charges, size_t charges_count);
/* Ends the holds of event->ref without a charge. */
int usage_release(struct db *db, const struct usage_event *event);
/* Prolongs the holds of `ref`. */
int usage_holds_extend(struct db *db, int64_t account_id, const char *ref,
                       int64_t holds_expire_us);
/* Ends at most `most` holds whose time has passed, each with a ledger row. */
int usage_holds_expire(struct db *db, int64_t now_us, int64_t most, int64_t *ret_count);

/* Moves everything `from` has used to `to` in one step: today's use counts against the new
 * account's limits, open holds move, platform and group sums do not change, `from` is
 * closed. The ledger keeps both sides. A second merge of `from` is ERR_CONFLICT. */
int usage_merge(struct db *db, int64_t from_account_id, int64_t to_account_id,
                int64_t now_us);

/* ---- reading: cost independent of the number of accounts and events ---- */

struct usage_figure {
    int64_t sum;
    int64_t first_us, last_us; /* of the meter's positive rows; 0: none */
};

struct usage_totals {
    int64_t created_us; /* 0: unknown account, all figures are 0 */
    struct usage_figure meters[USAGE_METERS_MAX];
};

int usage_totals_read(struct db *db, int64_t account_id, struct usage_totals *ret);
/* Sums of one meter per type, largest first. Return non-zero from `row` to stop. */
int usage_types_read(struct db *db, int64_t account_id, int meter,
                     int (*row)(void *ctx, const char *type, int64_t sum), void *ctx);
/* The account's limits, and its group's when subject->group_id is not 0. `ret` has room for
 * 2 * USAGE_LIMITS_MAX. */
int usage_limits_read(struct db *db, const struct usage_subject *subject, int64_t now_us,
                      struct usage_limit_state *ret, size_t *ret_count);
/* Limits of a plan, as for an account that has used nothing yet. */
int usage_plan_read(struct db *db, const char *plan, int64_t now_us,
                    struct usage_limit_state *ret, size_t *ret_count);

enum usage_interval { USAGE_HOUR, USAGE_DAY, USAGE_MONTH };

struct usage_bucket {
    int64_t start_us, end_us; /* half open */
    const char *type;         /* "" when not grouped by type */
    int64_t sums[USAGE_METERS_MAX];
};

struct usage_history_query {
    int64_t account_id;       /* 0: the platform */
    int64_t start_us, end_us; /* half open */
    enum usage_interval interval;
    bool by_type;
    const char *time_zone; /* IANA name of the days' and hours' zone; NULL: the ledger's */
    size_t most;           /* buckets */
};

/* Sums per interval that overlaps [start_us, end_us), oldest first, empty ones included, or
 * only those with figures when `by_type`. Days and months of the ledger's zone come from
 * rollups. Hours, and days of another zone, are summed from the account's own ledger rows,
 * so they reach over `most` hours at most, and there are none for the platform.
 * ERR_TOO_LARGE when that is more than `most`; ERR_INVALID for an empty time, or what the
 * platform does not have; ERR_NOT_FOUND for an unknown zone. */
int usage_history_read(struct db *db, const struct usage_history_query *query,
                       int (*row)(void *ctx, const struct usage_bucket *bucket), void *ctx);

/* The `most` members with the largest sums of a ranked meter. */
int usage_top(struct db *db, int meter, size_t most,
              int (*row)(void *ctx, int64_t account_id, int64_t sum), void *ctx);
int usage_platform_read(struct db *db, struct usage_totals *ret);
int usage_platform_types_read(struct db *db, int meter,
                              int (*row)(void *ctx, const char *type, int64_t sum),
                              void *ctx);

/* One row of the ledger. */
struct usage_row {
    int64_t event_id; /* ascending; the cursor of an export */
    int64_t occurred_us, account_id, group_id;
    const char *kind; /* charge, hold, settle, release, expire, merge, overrun */
    const char *meter, *type, *ref;
    int64_t amount; /* changes the sums */
    int64_t held;   /* changes what is reserved */
};

/* At most `most` rows of one account (0: all accounts) after the cursor, oldest first, with
 * occurred_us in [start_us, end_us). */
int usage_rows_read(struct db *db, int64_t account_id, int64_t start_us, int64_t end_us,
                    int64_t after_event_id, size_t most,
                    int (*row)(void *ctx, const struct usage_row *row), void *ctx);

/* ---- proof ---- */

struct usage_verify_report {
    int64_t events, accounts, sums_compared;
    bool is_equal;
    char difference[256]; /* the first one, in words; empty when equal */
};

/* Recomputes every rollup and every reservation from the ledger inside one read snapshot
 * and compares. Returns 0 also when they differ: see is_equal. */
int usage_verify(struct db *db, struct usage_verify_report *ret, struct err *reterr);

/* ---- calls: counted in memory, written at least once a second ---- */

struct usage_calls;

/* Counts of `meter`, gathered per account. At most `accounts_max` accounts wait at a time.
 */
int usage_calls_new(int meter, size_t accounts_max, struct usage_calls **ret);
void usage_calls_free(struct usage_calls **calls); /* what was not flushed is lost */
/* Counts one call. Any thread. ERR_BUSY when too many accounts wait: flush first. */
int usage_calls_add(struct usage_calls *calls, const struct usage_subject *subject,
                    int64_t now_us);
/* The number of the last flush that this snapshot holds. */
int usage_calls_epoch_read(struct db *db, int64_t *ret_epoch);
/* What an account's stored figure lacks in a snapshot of that epoch: calls that wait, and
 * those of flushes the snapshot does not hold yet. Stored figure + this is exact. Any
 * thread. */
int64_t usage_calls_pending(struct usage_calls *calls, int64_t account_id, int64_t epoch,
                            int64_t *ret_last_us);
/* Writes what waits, inside the caller's transaction; then, once that is committed or
 * rolled back, the caller must say which. One flush at a time. */
int usage_calls_flush(struct usage_calls *calls, struct db *db);
void usage_calls_flushed(struct usage_calls *calls, bool committed);

/* ---- for programs of their own: a ledger file with group commit ---- */

struct usage_store;

/* Opens or makes the SQLite ledger at `path` and declares the meters. Durable: a call below
 * that returned 0 survives power loss. Any thread may call; concurrent calls share commits.
 */
int usage_store_open(const char *path, const struct usage_meter *meters, size_t count,
                     struct usage_store **ret, struct err *reterr);
/* Runs `work` in one durable transaction; what it returns undoes it when not 0. */
int usage_store_write(struct usage_store *store, int (*work)(struct db *db, void *ctx),
                      void *ctx);
/* Runs `work` on one read snapshot. */
int usage_store_read(struct usage_store *store, int (*work)(struct db *db, void *ctx),
                     void *ctx);
void usage_store_close(struct usage_store **store);

#endif
