#include "base/err.h"
#include "store/db.h"
#include "whazz/usage.h"

static int meter_check_name(struct db *db, int meter, const char *name, struct err *reterr)
{
    int64_t known;
    int rc = db_get_int(db, STMT_METER_OF_NAME, DB_ARGS(DB_TEXT(name)), &known);

    if (rc == ERR_NOT_FOUND)
        return err_set(reterr, ERR_CORRUPT, "meter %d has another name in this ledger",
                       meter);
    if (rc == 0 && known != meter)
        return err_set(reterr, ERR_CORRUPT,
                       "meter %s is number %lld in this ledger, not %d", name,
                       (long long)known, meter);
    return rc;
}

int usage_meters_declare(struct db *db, const struct usage_meter *meters, size_t count,
                         struct err *reterr)
{
    int rc = count <= USAGE_METERS_MAX
                 ? 0
                 : err_set(reterr, ERR_INVALID, "at most %d meters", USAGE_METERS_MAX);

    for (size_t i = 0; i < count && rc == 0; i++) {
        rc = db_exec(db, STMT_METER_DECLARE,
                     DB_ARGS(DB_INT(i), DB_TEXT(meters[i].name), DB_TEXT(meters[i].unit),
                             DB_INT(meters[i].ranked)));
        if (rc == 0 || rc == ERR_CONFLICT)
            rc = meter_check_name(db, (int)i, meters[i].name, reterr);
        else
            db_error(db, reterr);
    }
    return rc;
}

int usage_account_create(struct db *db, enum usage_class class, const char *plan,
                         int64_t now_us, int64_t *ret_account_id)
{
    return db_get_int(db, STMT_ACCOUNT_ADD,
                      DB_ARGS(DB_INT(class), DB_TEXT(plan), DB_INT(now_us)),
                      ret_account_id);
}

static int found_if_changed(struct db *db, int rc)
{
    return rc == 0 && db_changes(db) == 0 ? ERR_NOT_FOUND : rc;
}

int usage_account_close(struct db *db, int64_t account_id, int64_t now_us)
{
    return found_if_changed(
        db, db_exec(db, STMT_ACCOUNT_CLOSE, DB_ARGS(DB_INT(now_us), DB_INT(account_id))));
}

int usage_account_plan(struct db *db, int64_t account_id, const char *plan)
{
    return found_if_changed(
        db, db_exec(db, STMT_ACCOUNT_SET_PLAN, DB_ARGS(DB_TEXT(plan), DB_INT(account_id))));
}

int usage_plan_set(struct db *db, const char *plan, const struct usage_limit *limits,
                   size_t count, struct err *reterr)
{
    int rc;

    if (count > USAGE_LIMITS_MAX)
        return err_set(reterr, ERR_INVALID, "at most %d limits in a plan",
                       USAGE_LIMITS_MAX);
    rc = db_exec(db, STMT_PLAN_MAKE, DB_ARGS(DB_TEXT(plan)));
    if (rc == 0)
        rc = db_exec(db, STMT_PLAN_LIMITS_CLEAR, DB_ARGS(DB_TEXT(plan)));
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = db_exec(db, STMT_PLAN_LIMIT_ADD,
                     DB_ARGS(DB_TEXT(plan), DB_INT(limits[i].meter),
                             DB_INT(limits[i].window), DB_INT(limits[i].value)));
    if (rc)
        db_error(db, reterr);
    return rc;
}
