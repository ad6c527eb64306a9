#include "base/err.h"
#include "store/db.h"
#include "whazz/usage.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Readers hold a snapshot for one turn of their loop; flushes come once a second or so. A
 * snapshot older than this many flushes would miss calls. */
enum { BATCHES_KEPT = 8, SLOTS_LEAST = 64 };

static const char EPOCH_NAME[] = "calls_epoch";

struct entry {
    int64_t account_id; /* 0: free */
    int64_t group_id, calls, last_us;
};

/* Open addressing by account, half full at most: it grows with the accounts that call,
 * since most seconds see few of those it must have room for. One account may stand under
 * two groups. */
struct batch {
    struct entry *entries; /* slots of them; NULL: an empty batch */
    size_t slots, used;
    int64_t epoch; /* the flush that writes it; 0: not yet */
};

struct usage_calls {
    pthread_mutex_t lock;
    int meter;
    size_t accounts_max;
    struct batch waiting;
    struct batch flushing; /* its epoch is the transaction's */
    struct batch kept[BATCHES_KEPT];
    size_t kept_next;
};

int usage_calls_new(int meter, size_t accounts_max, struct usage_calls **ret)
{
    struct usage_calls *calls = calloc(1, sizeof *calls);

    if (!calls)
        return ERR_NO_MEMORY;
    calls->meter = meter;
    calls->accounts_max = accounts_max;
    (void)pthread_mutex_init(&calls->lock, NULL);
    *ret = calls;
    return 0;
}

void usage_calls_free(struct usage_calls **calls)
{
    if (!*calls)
        return;
    free((*calls)->waiting.entries);
    free((*calls)->flushing.entries);
    for (size_t i = 0; i < BATCHES_KEPT; i++)
        free((*calls)->kept[i].entries);
    (void)pthread_mutex_destroy(&(*calls)->lock);
    free(*calls);
    *calls = NULL;
}

static size_t slot_of(const struct batch *b, int64_t account_id)
{
    const uint64_t mixed = (uint64_t)account_id * UINT64_C(0x9E3779B97F4A7C15);

    return (size_t)(mixed >> 32) & (b->slots - 1);
}

/* Where the entry's account and group stand, or the free slot where they would. */
static struct entry *place_of(const struct batch *b, const struct entry *entry)
{
    size_t at = slot_of(b, entry->account_id);

    while (b->entries[at].account_id && (b->entries[at].account_id != entry->account_id ||
                                         b->entries[at].group_id != entry->group_id))
        at = (at + 1) & (b->slots - 1);
    return &b->entries[at];
}

static int batch_grow(struct batch *b)
{
    struct batch larger = { .slots = b->slots ? 2 * b->slots : SLOTS_LEAST,
                            .used = b->used,
                            .epoch = b->epoch };

    larger.entries = calloc(larger.slots, sizeof *larger.entries);
    if (!larger.entries)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < b->slots; i++) {
        if (b->entries[i].account_id)
            *place_of(&larger, &b->entries[i]) = b->entries[i];
    }
    free(b->entries);
    *b = larger;
    return 0;
}

static int batch_add(struct batch *b, const struct entry *entry, size_t accounts_max)
{
    struct entry *place = b->entries ? place_of(b, entry) : NULL;

    if (!place || place->account_id == 0) {
        if (b->used >= accounts_max)
            return ERR_BUSY;
        if (2 * (b->used + 1) > b->slots && batch_grow(b) != 0)
            return ERR_NO_MEMORY;
        place = place_of(b, entry);
        *place = (struct entry){ .account_id = entry->account_id,
                                 .group_id = entry->group_id };
        b->used++;
    }
    place->calls += entry->calls;
    if (entry->last_us > place->last_us)
        place->last_us = entry->last_us;
    return 0;
}

int usage_calls_add(struct usage_calls *calls, const struct usage_subject *subject,
                    int64_t now_us)
{
    const struct entry entry = { subject->account_id, subject->group_id, 1, now_us };
    int rc;

    (void)pthread_mutex_lock(&calls->lock);
    rc = batch_add(&calls->waiting, &entry, calls->accounts_max);
    (void)pthread_mutex_unlock(&calls->lock);
    return rc;
}

int usage_calls_epoch_read(struct db *db, int64_t *ret_epoch)
{
    const int rc = db_get_int(db, STMT_COUNT_READ, DB_ARGS(DB_TEXT(EPOCH_NAME)), ret_epoch);

    if (rc == ERR_NOT_FOUND) {
        *ret_epoch = 0;
        return 0;
    }
    return rc;
}

static int64_t batch_calls(const struct batch *b, int64_t account_id, int64_t *last_us)
{
    int64_t sum = 0;

    if (!b->entries)
        return 0;
    for (size_t at = slot_of(b, account_id); b->entries[at].account_id;
         at = (at + 1) & (b->slots - 1)) {
        if (b->entries[at].account_id != account_id)
            continue;
        sum += b->entries[at].calls;
        if (b->entries[at].last_us > *last_us)
            *last_us = b->entries[at].last_us;
    }
    return sum;
}

int64_t usage_calls_pending(struct usage_calls *calls, int64_t account_id, int64_t epoch,
                            int64_t *ret_last_us)
{
    int64_t sum, last_us = 0;

    (void)pthread_mutex_lock(&calls->lock);
    sum = batch_calls(&calls->waiting, account_id, &last_us);
    if (calls->flushing.epoch > epoch)
        sum += batch_calls(&calls->flushing, account_id, &last_us);
    for (size_t i = 0; i < BATCHES_KEPT; i++) {
        if (calls->kept[i].epoch > epoch)
            sum += batch_calls(&calls->kept[i], account_id, &last_us);
    }
    (void)pthread_mutex_unlock(&calls->lock);
    *ret_last_us = last_us;
    return sum;
}

static int entry_write(struct usage_calls *calls, struct db *db, const struct entry *entry)
{
    const struct usage_event event = { .subject = { entry->account_id, entry->group_id },
                                       .now_us = entry->last_us };
    const struct usage_amount amount = { calls->meter, entry->calls };
    const int rc = usage_charge(db, &event, &amount, 1);

    /* The person left while the call waited: there is no one to count it for. */
    return rc == ERR_NOT_FOUND ? 0 : rc;
}

int usage_calls_flush(struct usage_calls *calls, struct db *db)
{
    int64_t epoch;
    int rc = usage_calls_epoch_read(db, &epoch);

    if (rc)
        return rc;
    (void)pthread_mutex_lock(&calls->lock);
    calls->flushing = calls->waiting;
    calls->flushing.epoch = epoch + 1;
    calls->waiting = (struct batch){ 0 };
    (void)pthread_mutex_unlock(&calls->lock);
    if (!calls->flushing.entries)
        return 0;
    rc = db_count_add(db, EPOCH_NAME, 1);
    for (size_t i = 0; i < calls->flushing.slots && rc == 0; i++) {
        if (calls->flushing.entries[i].account_id)
            rc = entry_write(calls, db, &calls->flushing.entries[i]);
    }
    return rc;
}

/* Puts a batch that was not written back in front of what has come in since; the bound is
 * for new calls, and these were taken already. */
static void batch_restore(struct usage_calls *calls, struct batch *b)
{
    for (size_t i = 0; i < b->slots; i++) {
        if (b->entries[i].account_id)
            (void)batch_add(&calls->waiting, &b->entries[i], SIZE_MAX);
    }
    free(b->entries);
}

void usage_calls_flushed(struct usage_calls *calls, bool committed)
{
    struct batch *kept = &calls->kept[calls->kept_next];

    (void)pthread_mutex_lock(&calls->lock);
    if (!committed) {
        batch_restore(calls, &calls->flushing);
    } else if (calls->flushing.entries) {
        free(kept->entries);
        *kept = calls->flushing;
        calls->kept_next = (calls->kept_next + 1) % BATCHES_KEPT;
    }
    calls->flushing = (struct batch){ 0 };
    (void)pthread_mutex_unlock(&calls->lock);
}
