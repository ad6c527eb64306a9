/* The meters of the audio service, by their number in usage.h. The order is stored in the
 * database: new ones go to the end. */
#ifndef JOBS_METERS_H
#define JOBS_METERS_H

#include "whazz/usage.h"

enum meter {
    METER_FILES_UPLOADED,
    METER_FILES_PROCESSED,
    METER_FILES_FAILED,
    METER_FILES_DOWNLOADED,
    METER_INPUT_BYTES,
    METER_OUTPUT_BYTES,
    METER_DOWNLOADED_BYTES,
    METER_PROCESSING_TIME, /* microseconds, measured, failures included */
    METER_STORED_BYTES, /* a balance: inputs and outputs until they expire or are deleted */
    METER_API_CALLS,
    METERS_COUNT,
};

extern const struct usage_meter meters[METERS_COUNT];

/* The plans: made from the options at every start. */
extern const char PLAN_USER[], PLAN_GUEST[], PLAN_NETWORK[];

struct jobs_limits { /* < 0: no limit */
    int64_t files_per_day, storage_bytes, processing_us;
};

struct jobs_plan_limits {
    struct jobs_limits user, guest;
    int64_t network_factor; /* a network's guests share this many guests' limits */
};

/* Declares the meters and makes the three plans. Inside the caller's write transaction.
 * ERR_INVALID for a factor below 1, ERR_CORRUPT for a ledger of other meters. */
int jobs_plans_set(struct db *db, const struct jobs_plan_limits *plans, struct err *reterr);

#endif
