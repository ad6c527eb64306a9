#include "jobs/meters.h"

#include "base/err.h"

const struct usage_meter meters[METERS_COUNT] = {
    [METER_FILES_UPLOADED] = { "files_uploaded", "count", true },
    [METER_FILES_PROCESSED] = { "files_processed", "count", true },
    [METER_FILES_FAILED] = { "files_failed", "count", false },
    [METER_FILES_DOWNLOADED] = { "files_downloaded", "count", false },
    [METER_INPUT_BYTES] = { "input_bytes", "bytes", true },
    [METER_OUTPUT_BYTES] = { "output_bytes", "bytes", false },
    [METER_DOWNLOADED_BYTES] = { "downloaded_bytes", "bytes", false },
    [METER_PROCESSING_TIME] = { "processing_time", "us", true },
    [METER_STORED_BYTES] = { "stored_bytes", "bytes", true },
    [METER_API_CALLS] = { "api_calls", "count", true },
};

const char PLAN_USER[] = "user", PLAN_GUEST[] = "guest", PLAN_NETWORK[] = "network";

static int plan_set(struct db *db, const char *plan, const struct jobs_limits *l,
                    struct err *reterr)
{
    const struct usage_limit limits[] = {
        { METER_FILES_UPLOADED, USAGE_WINDOW_DAY, l->files_per_day },
        { METER_STORED_BYTES, USAGE_WINDOW_STORED, l->storage_bytes },
        { METER_PROCESSING_TIME, USAGE_WINDOW_MONTH, l->processing_us },
    };

    return usage_plan_set(db, plan, limits, sizeof limits / sizeof limits[0], reterr);
}

/* No limit stays none, and what is too large to be reached is the largest. */
static int64_t times(int64_t value, int64_t factor)
{
    int64_t product;

    if (value < 0)
        return value;
    return __builtin_mul_overflow(value, factor, &product) ? INT64_MAX : product;
}

int jobs_plans_set(struct db *db, const struct jobs_plan_limits *plans, struct err *reterr)
{
    const struct jobs_limits network = {
        .files_per_day = times(plans->guest.files_per_day, plans->network_factor),
        .storage_bytes = times(plans->guest.storage_bytes, plans->network_factor),
        .processing_us = times(plans->guest.processing_us, plans->network_factor),
    };
    int rc;

    if (plans->network_factor < 1)
        return err_set(reterr, ERR_INVALID, "the network factor must be at least 1");
    rc = usage_meters_declare(db, meters, METERS_COUNT, reterr);
    if (rc == 0)
        rc = plan_set(db, PLAN_USER, &plans->user, reterr);
    if (rc == 0)
        rc = plan_set(db, PLAN_GUEST, &plans->guest, reterr);
    return rc ? rc : plan_set(db, PLAN_NETWORK, &network, reterr);
}
