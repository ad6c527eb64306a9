#include "jobs/row.h"

#include <string.h>
#include "base/clock.h"
#include "jobs/meters.h"
#include "usage/limits.h"

enum {
    KEY_MAX = 255,
    WAV_HEADER_BYTES = 44,
    SAMPLE_BYTES = 2,
    SPEED_ESTIMATE = 20, /* seconds of audio per second of processing, guessed low */
};

static bool fits(const char *text, size_t size)
{
    return text && text[0] && strlen(text) < size;
}

/* What a 16-bit WAV file of the input's length takes; false for lengths beyond all sense.
 */
static bool output_estimate(const struct job_new *job, int64_t *ret)
{
    int64_t frames, bytes;

    if (job->output_bytes_most) {
        *ret = job->output_bytes_most;
        return true;
    }
    if (__builtin_mul_overflow(job->duration_us, job->sample_rate_hz, &frames))
        return false;
    frames = frames / CLOCK_SECOND_US + 1;
    return !__builtin_mul_overflow(frames, (int64_t)job->channels * SAMPLE_BYTES, &bytes) &&
           !__builtin_add_overflow(bytes, WAV_HEADER_BYTES, ret);
}

static int64_t time_estimate(int64_t duration_us)
{
    const int64_t estimate_us = duration_us / SPEED_ESTIMATE;

    return estimate_us > CLOCK_SECOND_US ? estimate_us : CLOCK_SECOND_US;
}

static bool is_valid(const struct job_new *job)
{
    return job->processing_type.len > 0 && job->processing_type.len <= JOB_TYPE_MAX &&
           fits(job->format, sizeof((struct job *)0)->format) &&
           fits(job->input_blob, sizeof((struct job *)0)->input_blob) &&
           fits(job->input_digest, sizeof((struct job *)0)->input_digest) &&
           job->input_bytes > 0 && job->duration_us >= 0 && job->sample_rate_hz > 0 &&
           job->channels > 0 && job->output_bytes_most >= 0 &&
           memchr(job->choice.output_format, '\0', JOB_WORD_SIZE) &&
           memchr(job->choice.strength, '\0', JOB_WORD_SIZE) &&
           job->idempotency_key.len <= KEY_MAX;
}

static void row_make(const struct job_new *job, int64_t now_us, struct job_row *ret)
{
    struct job *made = &ret->job;

    *ret = (struct job_row){
        .job = { .account_id = job->subject.account_id,
                 .group_id = job->subject.group_id,
                 .status = JOB_PENDING,
                 .input_bytes = job->input_bytes,
                 .duration_us = job->duration_us,
                 .sample_rate_hz = job->sample_rate_hz,
                 .channels = job->channels,
                 .choice = job->choice,
                 .created_us = now_us,
                 .expires_us = job->expires_us },
    };
    uuid_make_at(now_us, made->job_id);
    if (!made->choice.output_format[0])
        memcpy(made->choice.output_format, "wav", sizeof "wav");
    if (!made->choice.strength[0])
        memcpy(made->choice.strength, "normal", sizeof "normal");
    job_text_copy(made->processing_type, sizeof made->processing_type,
                  job->processing_type);
    job_text_copy(made->original_filename, sizeof made->original_filename,
                  job->original_filename);
    job_text_copy(made->format, sizeof made->format, view_of(job->format));
    job_text_copy(made->input_blob, sizeof made->input_blob, view_of(job->input_blob));
    job_text_copy(made->input_digest, sizeof made->input_digest,
                  view_of(job->input_digest));
}

static const char *request_digest(const struct job_new *job)
{
    return job->request_digest ? job->request_digest : job->input_digest;
}

/* The job that an idempotency key made. ERR_NOT_FOUND for a new key. */
static int replay(struct db *db, const struct job_new *job, struct job *ret,
                  struct err *reterr)
{
    const enum stmt stmt = STMT_JOB_KEY_GET;
    char job_id[UUID_TEXT_SIZE];
    bool is_same = false;
    struct job_row row;
    int ended, rc = db_run(
                   db, stmt,
                   DB_ARGS(DB_INT(job->subject.account_id), DB_VIEW(job->idempotency_key)));

    if (rc == 0) {
        rc = db_next(db, stmt);
        if (rc > 0) {
            job_text_copy(job_id, sizeof job_id, db_text(db, stmt, 0));
            is_same = view_eq(db_text(db, stmt, 1), request_digest(job));
        }
        rc = rc == 0 ? ERR_NOT_FOUND : rc > 0 ? 0 : rc;
    }
    ended = db_done(db, stmt);
    rc = rc ? rc : ended;
    if (rc)
        return rc;
    rc = job_row_get(db, view_of(job_id), &row);
    if (rc)
        return rc == ERR_NOT_FOUND ? ERR_CORRUPT : rc;
    if (!is_same || !view_eq(job->processing_type, row.job.processing_type) ||
        !view_eq(view_of(job->input_digest), row.job.input_digest))
        return err_set(reterr, ERR_CONFLICT,
                       "this idempotency key was used with another file, type or options");
    *ret = row.job;
    return 0;
}

static int admit(struct db *db, const struct job *job, int64_t output_bytes, int64_t now_us,
                 struct usage_refusal *ret_refusal)
{
    const struct usage_event event = job_event(job, now_us);
    const struct usage_amount charges[] = {
        { METER_FILES_UPLOADED, 1 },
        { METER_INPUT_BYTES, job->input_bytes },
        { METER_STORED_BYTES, job->input_bytes },
    };
    const struct usage_amount holds[] = {
        { METER_STORED_BYTES, output_bytes },
        { METER_PROCESSING_TIME, time_estimate(job->duration_us) },
    };

    return usage_admit(db, &event, charges, 3, holds, 2,
                       job_holds_expiry(job, now_us + CLOCK_DAY_US), ret_refusal);
}

int jobs_accept(struct db *db, const struct job_new *job, int64_t now_us, struct job *ret,
                bool *ret_replayed, struct usage_refusal *ret_refusal, struct err *reterr)
{
    struct job_row row;
    int64_t output_bytes;
    int rc;

    *ret_replayed = false;
    if (!is_valid(job) || !output_estimate(job, &output_bytes))
        return err_set(reterr, ERR_INVALID, "an upload that no job can be made of");
    if (job->idempotency_key.ptr) {
        rc = replay(db, job, ret, reterr);
        *ret_replayed = rc == 0;
        if (rc != ERR_NOT_FOUND)
            return rc;
    }
    row_make(job, now_us, &row);
    rc = admit(db, &row.job, output_bytes, now_us, ret_refusal);
    if (rc == 0)
        rc = job_state_set(db, NULL, &row);
    if (rc == 0 && job->idempotency_key.ptr)
        rc = db_exec(db, STMT_JOB_KEY_ADD,
                     DB_ARGS(DB_INT(row.job.account_id), DB_VIEW(job->idempotency_key),
                             DB_TEXT(row.job.job_id), DB_TEXT(request_digest(job))));
    if (rc == 0)
        *ret = row.job;
    return rc;
}

int jobs_key_is_known(struct db *db, int64_t account_id, struct view key, bool *ret)
{
    int ended, rc = db_run(db, STMT_JOB_KEY_GET, DB_ARGS(DB_INT(account_id), DB_VIEW(key)));

    if (rc == 0)
        rc = db_next(db, STMT_JOB_KEY_GET);
    ended = db_done(db, STMT_JOB_KEY_GET);
    if (rc < 0 || ended < 0)
        return rc < 0 ? rc : ended;
    *ret = rc > 0;
    return 0;
}

/* The least that an upload of `bytes` asks of a limit. */
static int64_t least_request(int meter, int64_t bytes)
{
    switch (meter) {
    case METER_FILES_UPLOADED:
        return 1;
    case METER_INPUT_BYTES:
    case METER_STORED_BYTES:
        return bytes;
    case METER_PROCESSING_TIME:
        return time_estimate(0);
    default:
        return 0;
    }
}

int jobs_precheck(struct db *db, const struct usage_subject *subject, int64_t bytes,
                  int64_t now_us, struct usage_refusal *ret_refusal)
{
    struct usage_limit_state states[2 * USAGE_LIMITS_MAX];
    struct usage_refusal r = { 0 };
    size_t count = 0;
    int rc;

    if (subject->account_id) {
        rc = usage_limits_read(db, subject, now_us, states, &count);
    } else {
        rc = usage_plan_read(db, PLAN_GUEST, now_us, states, &count);
        if (rc == 0 && subject->group_id)
            rc = limits_of_account(db, subject->group_id, true, now_us, states, &count);
    }
    if (rc)
        return rc;
    for (size_t i = 0; i < count; i++) {
        states[i].requested = least_request(states[i].meter, bytes);
        if (limit_is_passed(&states[i]))
            r.limits[r.count++] = states[i];
    }
    if (r.count == 0)
        return 0;
    *ret_refusal = r;
    return ERR_LIMIT;
}
