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
    METER_STORED_BYTES,    /* a balance: inputs and outputs until they expire or are deleted */
    METER_API_CALLS,
    METERS_COUNT,
};

extern const struct usage_meter meters[METERS_COUNT];

/* The plans: made from the options at every start. */
extern const char PLAN_USER[], PLAN_GUEST[], PLAN_NETWORK[];

#endif
