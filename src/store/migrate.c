#include "store/migrate.h"

#include <stdio.h>
#include "store/db.h"

static int migration_apply(struct db *db, const struct migration *m)
{
    char mark[160];
    int rc = db_script(db, m->text);

    (void)snprintf(mark, sizeof mark,
                   "INSERT INTO schema_migrations (number, name) VALUES (%d, '%s')",
                   m->number, m->name);
    return rc ? rc : db_script(db, mark);
}

/* One transaction: the version is read under the write lock, so two starts never both
 * apply. */
static int migration_step(struct db *db, int64_t *version)
{
    int rc = db_begin(db);

    if (rc == 0)
        rc = db_script_int(db, "SELECT COALESCE(MAX(number), 0) FROM schema_migrations",
                           version);
    if (rc == 0 && *version < migrations_count) {
        rc = migration_apply(db, &migrations[*version]);
        *version += 1;
    }
    if (rc == 0)
        rc = db_commit(db);
    if (rc)
        db_rollback(db);
    return rc;
}

int db_migrate(struct db *db, struct err *reterr)
{
    int64_t version = 0;
    int rc = db_begin(db);

    if (rc == 0)
        rc = db_script(db, "CREATE TABLE IF NOT EXISTS schema_migrations "
                           "(number INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL)");
    if (rc == 0)
        rc = db_commit(db);
    else
        db_rollback(db);
    do {
        if (rc == 0)
            rc = migration_step(db, &version);
    } while (rc == 0 && version < migrations_count);
    if (rc) {
        db_error(db, reterr);
        return rc;
    }
    if (version > migrations_count)
        return err_set(reterr, ERR_CORRUPT,
                       "the database is at version %lld, newer than this program's %d",
                       (long long)version, migrations_count);
    return db_prepare_all(db, reterr);
}
