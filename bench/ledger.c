/* ledger: durable ledger writes through include/whazz/usage.h, against a bare loop that
 * runs the same statements in transactions of the same size on SQLite itself. One line of
 * JSON.
 *
 *   ledger FOLDER SECONDS batches    one thread, BATCH charges to a write
 *   ledger FOLDER SECONDS threads    THREADS threads, one charge to a write: the store
 *                                    gathers them, and the bare loop takes batches of the
 *                                    size that came of it */
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "base/clock.h"
#include "bench/ledger.h"
#include "whazz/usage.h"

enum { THREADS = 64, BATCH = 64, ACCOUNTS = 1000 };

static const struct usage_meter meters[] = { { "pages", "count", true } };
static const struct usage_limit no_limit[] = { { 0, USAGE_WINDOW_DAY, -1 } };
static const struct usage_amount one_page[] = { { 0, 1 } };

static atomic_llong syncs;

/* Stands before the C library's: the number of commits is the number of these. */
int fdatasync(int fd)
{
    (void)atomic_fetch_add(&syncs, 1);
    return (int)syscall(SYS_fdatasync, fd);
}

struct writer {
    pthread_t thread;
    struct usage_store *store;
    int64_t until_us, charges, next_account;
    int per_write, stride;
    int rc;
};

static int accounts_make(struct db *db, void *ctx)
{
    int64_t id;
    int rc = usage_plan_set(db, "bench", no_limit, 1, NULL);

    (void)ctx;
    for (int i = 0; i < ACCOUNTS && rc == 0; i++)
        rc = usage_account_create(db, USAGE_CLASS_MEMBER, "bench", clock_now_us(), &id);
    return rc;
}

static int charge(struct db *db, void *ctx)
{
    struct writer *w = ctx;
    int rc = 0;

    for (int i = 0; i < w->per_write && rc == 0; i++) {
        const struct usage_event event = {
            .subject = { 1 + w->next_account % ACCOUNTS, 0 },
            .now_us = clock_now_us(),
        };

        rc = usage_charge(db, &event, one_page, 1);
        w->next_account += w->stride;
    }
    return rc;
}

static void *writer_run(void *arg)
{
    struct writer *w = arg;

    while (w->rc == 0 && clock_monotonic_us() < w->until_us) {
        w->rc = usage_store_write(w->store, charge, w);
        w->charges += w->rc == 0 ? w->per_write : 0;
    }
    return NULL;
}

static int writers_run(struct usage_store *store, double seconds, int threads,
                       int per_write, int64_t *ret_charges)
{
    static struct writer writers[THREADS];
    const int64_t until_us = clock_monotonic_us() + (int64_t)(seconds * 1e6);
    int rc = 0;

    for (int i = 0; i < threads; i++) {
        writers[i] = (struct writer){ .store = store,
                                      .until_us = until_us,
                                      .next_account = i,
                                      .per_write = per_write,
                                      .stride = threads };
        if (pthread_create(&writers[i].thread, NULL, writer_run, &writers[i]) != 0)
            return -1;
    }
    for (int i = 0; i < threads; i++) {
        (void)pthread_join(writers[i].thread, NULL);
        rc = rc ? rc : writers[i].rc;
        *ret_charges += writers[i].charges;
    }
    return rc;
}

/* Charges per second and commits, through usage.h. */
static int through_usage(const char *path, double seconds, bool is_batched,
                         struct ledger_rate *ret)
{
    struct usage_store *store = NULL;
    int64_t started_us;
    long long syncs_before;
    int rc = usage_store_open(path, meters, 1, &store, NULL);

    if (rc == 0)
        rc = usage_store_write(store, accounts_make, NULL);
    syncs_before = atomic_load(&syncs);
    started_us = clock_monotonic_us();
    if (rc == 0)
        rc = writers_run(store, seconds, is_batched ? 1 : THREADS, is_batched ? BATCH : 1,
                         &ret->charges);
    ret->seconds = (double)(clock_monotonic_us() - started_us) / 1e6;
    ret->commits = atomic_load(&syncs) - syncs_before;
    usage_store_close(&store);
    return rc;
}

static int path_in(const char *folder, const char *name, char *ret, size_t size)
{
    return snprintf(ret, size, "%s/%s", folder, name) < (int)size ? 0 : -1;
}

int main(int argc, char **argv)
{
    const double seconds = argc == 4 ? strtod(argv[2], NULL) : 0;
    const bool is_batched = argc == 4 && strcmp(argv[3], "batches") == 0;
    struct ledger_rate usage = { 0 }, bare = { 0 };
    char usage_path[4096], bare_path[4096];
    int64_t batch;

    if (seconds <= 0 || path_in(argv[1], "usage.db", usage_path, sizeof usage_path) ||
        path_in(argv[1], "bare.db", bare_path, sizeof bare_path)) {
        fprintf(stderr, "usage: ledger FOLDER SECONDS batches|threads\n");
        return 2;
    }
    if (through_usage(usage_path, seconds, is_batched, &usage) != 0 || usage.commits == 0) {
        fprintf(stderr, "ledger: the writes through usage.h failed\n");
        return 1;
    }
    batch = is_batched ? BATCH : (usage.charges + usage.commits / 2) / usage.commits;
    if (!ledger_bare(bare_path, ACCOUNTS, batch > 0 ? batch : 1, seconds, &bare))
        return 1;
    printf("{\"usage_per_second\": %.1f, \"bare_per_second\": %.1f, \"batch\": %lld}\n",
           (double)usage.charges / usage.seconds, (double)bare.charges / bare.seconds,
           (long long)batch);
    return 0;
}
