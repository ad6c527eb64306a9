#include "base/clock.h"
#include "store/driver.h"
#include "store/migrations.h"

static int apply_one(struct db *db, const struct migration *m)
{
    int rc = db->driver->script(db, m->sql);

    if (rc)
        return rc;
    return db_exec(db, STMT_MIGRATION_ADD,
                   DB_ARGS(DB_INT(m->version), DB_TEXT(m->name), DB_INT(clock_now_us())));
}

/* Applies the next migration, if any is left. The version is read under the write lock that
 * db_begin takes, so programs that start together apply each one once. */
static int step(struct db *db, int64_t *ret_version)
{
    int64_t version = 0;
    int rc = db_begin(db);

    if (rc)
        return rc;
    rc = db_exec(db, STMT_MIGRATION_TABLE, NULL, 0);
    if (rc == 0)
        rc = db_get_int(db, STMT_MIGRATION_VERSION, NULL, 0, &version);
    if (rc == 0 && version < migrations_count)
        rc = apply_one(db, &migrations[version]);
    if (rc == 0)
        rc = db_commit(db);
    if (rc)
        db_rollback(db);
    else
        *ret_version = version < migrations_count ? version + 1 : version;
    return rc;
}

/* A statement that does not fit the schema must stop the start, not a request. */
static int prepare_all(struct db *db)
{
    int rc = 0;

    for (int stmt = 0; stmt < STMT_COUNT && rc == 0; stmt++)
        rc = db->driver->prepare(db, (enum stmt)stmt);
    return rc;
}

static int newer_refuse(int64_t version, struct err *reterr)
{
    return err_set(reterr, ERR_CORRUPT,
                   "database: schema %lld is newer than this program, which knows %d",
                   (long long)version, migrations_count);
}

int db_schema_check(struct db *db, struct err *reterr)
{
    int64_t version = 0;

    if (db_get_int(db, STMT_MIGRATION_VERSION, NULL, 0, &version) != 0)
        return err_set(reterr, ERR_CORRUPT, "database: the schema is not of this program");
    if (version > migrations_count)
        return newer_refuse(version, reterr);
    if (version < migrations_count)
        return err_set(reterr, ERR_CORRUPT,
                       "database: schema %lld is older than this program, which knows %d: "
                       "a start of the server brings it up to date",
                       (long long)version, migrations_count);
    return 0;
}

int db_migrate(struct db *db, struct err *reterr)
{
    int64_t version = 0, before;
    int rc;

    do {
        before = version;
        rc = step(db, &version);
    } while (rc == 0 && version != before && version < migrations_count);
    if (rc == 0 && version > migrations_count)
        return newer_refuse(version, reterr);
    if (rc == 0)
        rc = prepare_all(db);
    if (rc)
        db_error(db, reterr);
    return rc;
}
