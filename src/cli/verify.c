/* whazz verify: proves on a live database that every figure agrees with the ledger. */
#include <stdio.h>
#include "cli/commands.h"
#include "cli/context.h"
#include "whazz/usage.h"

static int verify(const struct cli_context *c)
{
    struct usage_verify_report report;
    struct err err = { 0 };
    struct db *db = cli_db_open(c);
    int rc;

    if (!db)
        return 1;
    rc = usage_verify(db, &report, &err);
    db_close(&db);
    if (rc)
        return cli_fail("%s", err.text);
    printf("Compared %lld figures of %lld accounts with %lld ledger rows: ",
           (long long)report.sums_compared, (long long)report.accounts,
           (long long)report.events);
    if (!report.is_equal) {
        printf("they differ.\nFirst difference: %s\n", report.difference);
        return 1;
    }
    printf("equal.\n");
    return 0;
}

int cli_verify(int argc, char **argv)
{
    struct cli_context c;
    int status = 2;

    if (!cli_context_load(&c, argc, argv, NULL))
        return 2;
    if (c.rest_count)
        (void)cli_fail("verify takes options only, not \"%s\"", c.rest[0]);
    else
        status = verify(&c);
    cli_context_release(&c);
    return status;
}
