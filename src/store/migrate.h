/* The embedded migrations, and what the migrator needs of a driver: plain text and numbers,
 * outside the numbered statements. Inside store/ only. */
#ifndef STORE_MIGRATE_H
#define STORE_MIGRATE_H

#include <stdint.h>
#include "base/err.h"

struct db;

struct migration {
    int number;
    const char *name, *text;
};

extern const struct migration migrations[]; /* ascending from 1 */
extern const int migrations_count;

/* Runs SQL text that returns nothing and has no parameters. */
MUST_CHECK int db_script(struct db *db, const char *text);
/* The first column of the first row of a text without parameters; 0 without a row. */
MUST_CHECK int db_script_int(struct db *db, const char *text, int64_t *ret);
/* Prepares every statement, so that wrong SQL stops the start. */
MUST_CHECK int db_prepare_all(struct db *db, struct err *reterr);

#endif
