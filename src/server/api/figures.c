#include "server/api/figures.h"

#include "base/clock.h"
#include "jobs/meters.h"

int figures_read(struct http_request *req, int64_t account_id, struct usage_totals *ret)
{
    struct usage_figure *calls;
    int64_t epoch, last_us;
    int rc = usage_totals_read(req->db, account_id, ret);

    if (rc == 0)
        rc = usage_calls_epoch_read(req->db, &epoch);
    if (rc)
        return rc;
    calls = &ret->meters[METER_API_CALLS];
    calls->sum += usage_calls_pending(api_of(req)->calls, account_id, epoch, &last_us);
    if (last_us > calls->last_us)
        calls->last_us = last_us;
    return 0;
}

static int type_write(void *ctx, const char *type, int64_t sum)
{
    json_put_int(ctx, type, sum);
    return 0;
}

int figures_types_write(struct http_request *req, struct json *j, int64_t account_id)
{
    int rc;

    json_object_begin(j);
    rc = account_id
             ? usage_types_read(req->db, account_id, METER_FILES_UPLOADED, type_write, j)
             : usage_platform_types_read(req->db, METER_FILES_UPLOADED, type_write, j);
    json_object_end(j);
    return rc;
}

int figures_write(struct http_request *req, struct json *j, int64_t account_id,
                  bool is_user)
{
    struct usage_totals t;
    const struct usage_figure *m = t.meters;
    int64_t done, uploaded;
    int rc = figures_read(req, account_id, &t);

    if (rc)
        return rc;
    done = m[METER_FILES_PROCESSED].sum + m[METER_FILES_FAILED].sum;
    uploaded = m[METER_FILES_UPLOADED].sum;
    json_put_int(j, "total_files_uploaded", uploaded);
    json_put_int(j, "total_files_processed", m[METER_FILES_PROCESSED].sum);
    json_put_int(j, "total_files_failed", m[METER_FILES_FAILED].sum);
    json_put_int(j, "total_files_downloaded", m[METER_FILES_DOWNLOADED].sum);
    json_put_ratio(j, "total_input_size_mb", m[METER_INPUT_BYTES].sum, MEBIBYTE);
    json_put_ratio(j, "total_output_size_mb", m[METER_OUTPUT_BYTES].sum, MEBIBYTE);
    json_put_ratio(j, "average_file_size_mb", m[METER_INPUT_BYTES].sum,
                   (uploaded ? uploaded : 1) * MEBIBYTE);
    json_put_ratio(j, "total_processing_time_minutes", m[METER_PROCESSING_TIME].sum,
                   CLOCK_MINUTE_US);
    json_put_ratio(j, "average_processing_time_seconds", m[METER_PROCESSING_TIME].sum,
                   done * CLOCK_SECOND_US);
    json_key(j, "processing_types_breakdown");
    rc = figures_types_write(req, j, account_id ? account_id : -1);
    json_put_ratio(j, "success_rate_percent", 100 * m[METER_FILES_PROCESSED].sum, done);
    json_put_time(j, "first_upload_at", m[METER_FILES_UPLOADED].first_us);
    json_put_time(j, "last_upload_at", m[METER_FILES_UPLOADED].last_us);
    json_put_time(j, "last_download_at", m[METER_FILES_DOWNLOADED].last_us);
    json_put_int(j, "api_calls_count", m[METER_API_CALLS].sum);
    json_put_time(j, "last_api_call_at", m[METER_API_CALLS].last_us);
    json_put_time(j, "created_at", t.created_us ? t.created_us : req->now_us);
    json_put_str(j, "user_type", is_user ? "authenticated" : "guest");
    return rc;
}
