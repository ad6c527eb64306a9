/* Meters a print shop with the Whazz usage library: pages per day, with a limit.
 *   meter_prints LEDGER PAGES */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "whazz/usage.h"

enum { PAGES };

struct print {
    int64_t pages;
    struct usage_refusal refusal;
    struct usage_totals totals;
};

static int print_work(struct db *db, void *ctx)
{
    static const struct usage_limit limits[] = { { PAGES, USAGE_WINDOW_DAY, 100 } };
    struct print *p = ctx;
    const struct usage_event event = { .subject = { .account_id = 1 },
                                       .type = "colour",
                                       .now_us = (int64_t)time(NULL) * 1000000 };
    const struct usage_amount pages = { PAGES, p->pages };
    int64_t account_id;
    int rc = usage_plan_set(db, "shop", limits, 1, NULL);

    if (rc == 0)
        rc = usage_totals_read(db, 1, &p->totals);
    if (rc == 0 && p->totals.created_us == 0)
        rc = usage_account_create(db, USAGE_CLASS_MEMBER, "shop", event.now_us,
                                  &account_id);
    if (rc == 0)
        rc = usage_admit(db, &event, &pages, 1, NULL, 0, 0, &p->refusal);
    return rc ? rc : usage_totals_read(db, 1, &p->totals);
}

int main(int argc, char **argv)
{
    static const struct usage_meter meters[] = { { "pages", "count", true } };
    struct print p = { .pages = argc > 2 ? atoll(argv[2]) : 1 };
    struct usage_store *store;
    int rc = usage_store_open(argc > 1 ? argv[1] : "prints.db", meters, 1, &store, NULL);

    if (rc == 0) {
        rc = usage_store_write(store, print_work, &p);
        usage_store_close(&store);
    }
    if (p.refusal.count)
        printf("refused: %lld of %lld pages used\n", (long long)p.refusal.limits[0].used,
               (long long)p.refusal.limits[0].limit);
    else if (rc == 0)
        printf("printed: %lld pages in all\n", (long long)p.totals.meters[PAGES].sum);
    return rc ? 1 : 0;
}
