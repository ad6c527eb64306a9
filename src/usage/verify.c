#include "base/err.h"
#include "store/db.h"
#include "whazz/usage.h"

#include <stdio.h>

static int counts_read(struct db *db, struct usage_verify_report *report)
{
    int ended, rc = db_run(db, STMT_VERIFY_COUNTS, NULL, 0);

    if (rc == 0)
        rc = db_next(db, STMT_VERIFY_COUNTS);
    if (rc > 0) {
        report->events = db_int(db, STMT_VERIFY_COUNTS, 0);
        report->accounts = db_int(db, STMT_VERIFY_COUNTS, 1);
        report->sums_compared = db_int(db, STMT_VERIFY_COUNTS, 2);
        rc = 0;
    }
    ended = db_done(db, STMT_VERIFY_COUNTS);
    return rc ? rc : ended;
}

/* A verifying statement's row is a difference: account, meter, type, day, ledger, stored.
 */
static int difference_find(struct db *db, enum stmt stmt, const char *what,
                           struct usage_verify_report *report)
{
    int ended, rc = db_run(db, stmt, NULL, 0);

    if (rc == 0)
        rc = db_next(db, stmt);
    if (rc > 0) {
        const struct view type = db_text(db, stmt, 2);

        report->is_equal = false;
        (void)snprintf(
            report->difference, sizeof report->difference,
            "%s: account %lld, meter %lld, type or reference \"%.*s\", day %lld: "
            "the ledger says %lld, stored is %lld",
            what, (long long)db_int(db, stmt, 0), (long long)db_int(db, stmt, 1),
            (int)type.len, type.ptr, (long long)db_int(db, stmt, 3),
            (long long)db_int(db, stmt, 4), (long long)db_int(db, stmt, 5));
        rc = 0;
    }
    ended = db_done(db, stmt);
    return rc ? rc : ended;
}

int usage_verify(struct db *db, struct usage_verify_report *ret, struct err *reterr)
{
    static const struct {
        enum stmt stmt;
        const char *what;
    } checks[] = {
        { STMT_VERIFY_TOTALS, "lifetime sums" },
        { STMT_VERIFY_DAILY, "daily sums" },
        { STMT_VERIFY_PLATFORM_TOTALS, "platform sums" },
        { STMT_VERIFY_PLATFORM_DAILY, "platform daily sums" },
        { STMT_VERIFY_RESERVATIONS, "reservations" },
        { STMT_VERIFY_HELD, "held sums" },
    };
    struct usage_verify_report report = { .is_equal = true };
    int rc = counts_read(db, &report);

    for (size_t i = 0; i < sizeof checks / sizeof checks[0] && rc == 0 && report.is_equal;
         i++)
        rc = difference_find(db, checks[i].stmt, checks[i].what, &report);
    if (rc)
        db_error(db, reterr);
    else
        *ret = report;
    return rc;
}
