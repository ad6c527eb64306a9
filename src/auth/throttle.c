#include "auth/throttle.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include "base/clock.h"
#include "base/uuid.h"

enum {
    WAYS = 8,                   /* slots that one key may use */
    COUNTS = THROTTLE_PARTS + 1 /* a window touches one part more than it is long */
};

struct entry {
    unsigned char hash[crypto_shorthash_siphashx24_BYTES];
    int64_t newest;          /* number of the latest part, counted from the epoch */
    uint32_t counts[COUNTS]; /* part p is at p % COUNTS */
    int64_t total;
};

struct throttle {
    pthread_mutex_t mutex;
    int64_t limit, part_us;
    size_t sets; /* a power of two */
    unsigned char hash_key[crypto_shorthash_siphashx24_KEYBYTES];
    struct entry *entries; /* WAYS per set */
};

int throttle_new(int64_t limit, int64_t window_us, size_t keys_max, struct throttle **ret,
                 struct err *reterr)
{
    struct throttle *t;
    size_t sets = 1;

    if (limit < 0 || limit > UINT32_MAX || window_us < THROTTLE_PARTS ||
        keys_max > SIZE_MAX / 4)
        return err_set(reterr, ERR_INVALID, "throttle: limit or window out of range");
    while (sets * WAYS < keys_max)
        sets *= 2;
    t = calloc(1, sizeof *t);
    if (!t)
        return err_set(reterr, ERR_NO_MEMORY, "throttle: no memory");
    t->entries = calloc(sets * WAYS, sizeof *t->entries);
    if (!t->entries) {
        free(t);
        return err_set(reterr, ERR_NO_MEMORY, "throttle: no memory");
    }
    (void)pthread_mutex_init(&t->mutex, NULL);
    t->limit = limit;
    t->part_us = (window_us + THROTTLE_PARTS - 1) / THROTTLE_PARTS;
    t->sets = sets;
    random_bytes(t->hash_key, sizeof t->hash_key);
    *ret = t;
    return 0;
}

void throttle_free(struct throttle **throttle)
{
    struct throttle *t = *throttle;

    if (!t)
        return;
    (void)pthread_mutex_destroy(&t->mutex);
    free(t->entries);
    free(t);
    *throttle = NULL;
}

static void slide(struct entry *e, int64_t part)
{
    if (part <= e->newest)
        return;
    for (int64_t p = e->newest + 1; p <= part && p <= e->newest + COUNTS; p++) {
        e->total -= e->counts[p % COUNTS];
        e->counts[p % COUNTS] = 0;
    }
    e->newest = part;
}

static struct entry *set_of(const struct throttle *t, struct view key, unsigned char *hash)
{
    uint64_t number;

    (void)crypto_shorthash_siphashx24(hash, (const unsigned char *)(key.ptr ? key.ptr : ""),
                                      key.len, t->hash_key);
    memcpy(&number, hash, sizeof number);
    return t->entries + (size_t)(number & (t->sets - 1)) * WAYS;
}

static struct entry *find(struct entry *set, const unsigned char *hash)
{
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].total > 0 && memcmp(set[i].hash, hash, sizeof set[i].hash) == 0)
            return &set[i];
    }
    return NULL;
}

/* Gives a new key the slot that holds the fewest attempts. */
static struct entry *claim(struct entry *set, const unsigned char *hash, int64_t part)
{
    struct entry *least = set;

    for (size_t i = 0; i < WAYS; i++) {
        slide(&set[i], part);
        if (set[i].total < least->total)
            least = &set[i];
    }
    memset(least, 0, sizeof *least);
    memcpy(least->hash, hash, sizeof least->hash);
    least->newest = part;
    return least;
}

/* Microseconds from `now_us` until enough parts have left the window for one more attempt.
 */
static int64_t wait_us(const struct throttle *t, const struct entry *e, int64_t now_us)
{
    int64_t left = e->total;
    int64_t oldest = e->newest - THROTTLE_PARTS;

    for (; left >= t->limit && oldest <= e->newest; oldest++)
        left -= oldest < 0 ? 0 : e->counts[oldest % COUNTS];
    return (oldest + THROTTLE_PARTS) * t->part_us - now_us;
}

int throttle_count(struct throttle *t, struct view key, int64_t now_us,
                   int64_t *ret_retry_s)
{
    const int64_t part = now_us < 0 ? 0 : now_us / t->part_us;
    unsigned char hash[crypto_shorthash_siphashx24_BYTES];
    struct entry *set, *e;
    int code = 0;

    *ret_retry_s = 0;
    if (t->limit == 0)
        return 0;
    (void)pthread_mutex_lock(&t->mutex);
    set = set_of(t, key, hash);
    e = find(set, hash);
    if (!e)
        e = claim(set, hash, part);
    slide(e, part);
    if (e->total < t->limit) {
        e->counts[e->newest % COUNTS]++;
        e->total++;
    } else {
        const int64_t us = wait_us(t, e, now_us);

        *ret_retry_s = us <= CLOCK_SECOND_US ? 1
                                             : (us + CLOCK_SECOND_US - 1) / CLOCK_SECOND_US;
        code = ERR_THROTTLED;
    }
    (void)pthread_mutex_unlock(&t->mutex);
    return code;
}

void throttle_forgive(struct throttle *t, struct view key)
{
    unsigned char hash[crypto_shorthash_siphashx24_BYTES];
    struct entry *e;

    (void)pthread_mutex_lock(&t->mutex);
    e = find(set_of(t, key, hash), hash);
    for (int64_t p = e ? e->newest : -1; p >= 0 && p >= e->newest - THROTTLE_PARTS; p--) {
        if (e->counts[p % COUNTS] > 0) {
            e->counts[p % COUNTS]--;
            e->total--;
            break;
        }
    }
    (void)pthread_mutex_unlock(&t->mutex);
}
