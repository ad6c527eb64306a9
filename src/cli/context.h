/* What the commands that look into a data folder share: options, leftovers, connections. */
#ifndef CLI_CONTEXT_H
#define CLI_CONTEXT_H

#include <stdbool.h>
#include "base/options.h"
#include "store/committer.h"
#include "store/db.h"

struct cli_context {
    struct options options;
    const char **rest; /* arguments that are no options */
    int rest_count;
};

/* Takes every `flag` out of the arguments: whether there was one. */
bool cli_flag_take(int *argc, char **argv, const char *flag);
/* Reads options and the rest; prints what is wrong and returns false. `json` (may be NULL)
 * takes a "--json" out of the arguments first. */
bool cli_context_load(struct cli_context *c, int argc, char **argv, bool *json);
void cli_context_release(struct cli_context *c);

/* Prints "whazz: TEXT" and returns 1. */
int cli_fail(const char *format, ...) PRINTF_LIKE(1, 2);

/* A snapshot of the database for reading; NULL, with the reason printed. To be closed with
 * db_close. */
struct db *cli_db_open(const struct cli_context *c);
/* Runs `work` in one durable transaction, beside a server that may be running. */
int cli_db_write(const struct cli_context *c,
                 int (*work)(struct db *db, void *ctx, struct err *reterr), void *ctx,
                 struct err *reterr);

#endif
