#include "bench/ledger.h"

#include <sqlite3.h>
#include <stddef.h>
#include <stdio.h>
#include "base/clock.h"
#include "store/db.h"

enum { STEPS = 6, STEPS_OF_CHARGE = 4 }; /* the platform's sums: once per transaction */

static const enum stmt steps[STEPS] = { STMT_ACCOUNT_GET,         STMT_EVENT_ADD,
                                        STMT_TOTALS_ADD,          STMT_DAILY_ADD,
                                        STMT_PLATFORM_TOTALS_ADD, STMT_PLATFORM_DAILY_ADD };

static bool failed(sqlite3 *handle, const char *what)
{
    fprintf(stderr, "ledger: bare loop: %s: %s\n", what, sqlite3_errmsg(handle));
    return false;
}

static bool script(sqlite3 *handle, const char *text)
{
    return sqlite3_exec(handle, text, NULL, NULL, NULL) == SQLITE_OK ||
           failed(handle, text);
}

/* The schema comes from the migrations; everything after it is SQLite's own. */
static bool schema_make(const char *path)
{
    struct err err = { 0 };
    struct db *db = NULL;
    int rc = db_open(path, DB_CREATE, &db, &err);

    if (rc == 0)
        rc = db_migrate(db, &err);
    db_close(&db);
    if (rc)
        fprintf(stderr, "ledger: %s\n", err.text);
    return rc == 0;
}

static bool accounts_make(sqlite3 *handle, int64_t accounts)
{
    char text[512];

    (void)snprintf(text, sizeof text,
                   "BEGIN; INSERT INTO plans VALUES ('bench');"
                   "INSERT INTO meters VALUES (0, 'pages', 'count', 1);"
                   "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
                   "WHERE i < %lld) INSERT INTO accounts (account_id, class, plan, "
                   "created_us) SELECT i, 0, 'bench', 1 FROM n; COMMIT;",
                   (long long)accounts);
    return script(handle, text);
}

static void bind(sqlite3_stmt *s, int at, int64_t value)
{
    (void)sqlite3_bind_int64(s, at, value);
}

static void empty(sqlite3_stmt *s, int at)
{
    (void)sqlite3_bind_text(s, at, "", 0, SQLITE_STATIC);
}

static void values_bind(sqlite3_stmt *const s[STEPS], int64_t account, int64_t now_us,
                        int64_t batch)
{
    const int64_t day = now_us / CLOCK_DAY_US;
    const int64_t event[] = { now_us, day, account, 0 };

    bind(s[0], 1, account);
    for (int i = 0; i < 4; i++)
        bind(s[1], i + 1, event[i]);
    (void)sqlite3_bind_text(s[1], 5, "charge", 6, SQLITE_STATIC);
    bind(s[1], 6, 0);
    empty(s[1], 7);
    empty(s[1], 8);
    bind(s[1], 9, 1);
    bind(s[1], 10, 0);
    for (int platform = 0; platform < 2; platform++) {
        sqlite3_stmt *totals = s[2 + 2 * platform], *daily = s[3 + 2 * platform];
        const int first = platform ? 1 : 2;

        if (!platform) {
            bind(totals, 1, account);
            bind(totals, 7, 0); /* held */
            bind(daily, 1, account);
        }
        bind(totals, first, 0);
        empty(totals, first + 1);
        bind(totals, first + 2, platform ? batch : 1);
        bind(totals, first + 3, now_us);
        bind(totals, first + 4, now_us);
        bind(daily, first, 0);
        empty(daily, first + 1);
        bind(daily, first + 2, day);
        bind(daily, first + 3, platform ? batch : 1);
    }
}

static bool run(sqlite3 *handle, sqlite3_stmt *const s[STEPS], int first, int end)
{
    for (int i = first; i < end; i++) {
        const int rc = sqlite3_step(s[i]);

        if (sqlite3_reset(s[i]) != SQLITE_OK || (i == 0 && rc != SQLITE_ROW))
            return failed(handle, stmt_sources[steps[i]].name);
    }
    return true;
}

static bool loop(sqlite3 *handle, sqlite3_stmt *const s[STEPS], int64_t accounts,
                 int64_t batch, double seconds, struct ledger_rate *ret)
{
    const int64_t started_us = clock_monotonic_us();
    int64_t now_us = started_us;
    bool ok = true;

    while (ok && now_us - started_us < (int64_t)(seconds * 1e6)) {
        ok = script(handle, "BEGIN IMMEDIATE");
        for (int64_t i = 0; i < batch && ok; i++) {
            values_bind(s, 1 + ret->charges++ % accounts, clock_now_us(), batch);
            ok = run(handle, s, 0, STEPS_OF_CHARGE);
        }
        ok = ok && run(handle, s, STEPS_OF_CHARGE, STEPS) && script(handle, "COMMIT");
        ret->commits++;
        now_us = clock_monotonic_us();
    }
    ret->seconds = (double)(now_us - started_us) / 1e6;
    return ok;
}

bool ledger_bare(const char *path, int64_t accounts, int64_t batch, double seconds,
                 struct ledger_rate *ret)
{
    sqlite3_stmt *s[STEPS] = { NULL };
    sqlite3 *handle = NULL;
    bool ok = schema_make(path);

    ok = ok && (sqlite3_open(path, &handle) == SQLITE_OK || failed(handle, "open"));
    ok = ok && script(handle, "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; "
                              "PRAGMA wal_autocheckpoint = 4000");
    ok = ok && accounts_make(handle, accounts);
    for (int i = 0; i < STEPS && ok; i++)
        ok = sqlite3_prepare_v2(handle, stmt_sources[steps[i]].text, -1, &s[i], NULL) ==
                 SQLITE_OK ||
             failed(handle, stmt_sources[steps[i]].name);
    ok = ok && loop(handle, s, accounts, batch, seconds, ret);
    for (int i = 0; i < STEPS; i++)
        (void)sqlite3_finalize(s[i]);
    (void)sqlite3_close(handle);
    return ok;
}
