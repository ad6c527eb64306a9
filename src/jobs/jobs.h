/* Jobs: one audio file each, on its way through processing.
 *
 *   pending -> processing -> completed | failed | cancelled
 *
 * and `expired` once its files are gone; the ledger stays. One function changes a state.
 * All functions with a `struct db *` run inside the caller's transaction on it and never
 * log; every change of a figure is in the same transaction as the change of the job.
 *
 * Every event of a job is charged to its account and to the group that it was accepted
 * under, also once the account is another (jobs_move). A closed account takes no charge:
 * whoever closes one calls jobs_delete_all first. A job that is left all the same is
 * cancelled without a charge as soon as it is claimed, finished or given back (a renewal is
 * ERR_CONFLICT), and the next jobs_expire removes its files and its row. */
#ifndef JOBS_JOBS_H
#define JOBS_JOBS_H

#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/err.h"
#include "base/uuid.h"
#include "base/view.h"
#include "whazz/usage.h"

struct db;

enum job_status {
    JOB_PENDING,
    JOB_PROCESSING,
    JOB_COMPLETED,
    JOB_FAILED,
    JOB_CANCELLED,
    JOB_EXPIRED,
    JOB_STATUS_COUNT,
};

enum {
    JOB_NAME_MAX = 255, /* bytes of the client's file name */
    JOB_TYPE_MAX = USAGE_NAME_MAX,
    JOB_ERROR_MAX = 255, /* a sentence that a user understands */
    JOB_ATTEMPTS_MAX = 3,
    JOB_WORD_SIZE = 8, /* of an output format or a strength, with its NUL */
    JOB_OUTPUTS_MAX = 16,
    JOB_LABEL_MAX = 95, /* bytes */
    JOB_BLOB_SIZE = UUID_TEXT_SIZE + 8,
};

/* What the uploader chose. The words are the caller's: jobs only keep them. */
struct job_choice {
    char output_format[JOB_WORD_SIZE]; /* "wav", ... */
    char strength[JOB_WORD_SIZE];      /* "normal", ... */
    bool loudness_normalise;
};

/* Measured on the result, in hundredths. */
struct job_levels {
    bool are_known;
    int peak_cdbfs, loudness_clufs, noise_removed_cdb;
};

struct job {
    char job_id[UUID_TEXT_SIZE];
    int64_t account_id, group_id;
    enum job_status status;
    char processing_type[JOB_TYPE_MAX + 1];
    char original_filename[JOB_NAME_MAX + 1]; /* as the client sent it; never a path */
    char format[8];                           /* wav, mp3, flac, m4a, ogg */
    char input_blob[JOB_BLOB_SIZE];           /* blob names; empty: none (any more) */
    char output_blob[JOB_BLOB_SIZE];          /* of the first output, as all that follows */
    int64_t input_bytes, output_bytes;
    char input_digest[65], output_digest[65]; /* hex BLAKE2b-256 of the bytes */
    int64_t duration_us;
    int sample_rate_hz, channels;
    struct job_choice choice;
    struct job_levels levels;
    int outputs_count;     /* 0: there is one at most, which has no label */
    int64_t further_bytes; /* of all outputs but the first */
    int attempts;
    int64_t lease_token; /* changes with every claim; 0: none */
    char error[JOB_ERROR_MAX + 1];
    int64_t processing_us;
    int64_t created_us, started_us, completed_us, expires_us; /* 0: not yet */
};

/* One of the results. */
struct job_output {
    char label[JOB_LABEL_MAX +
               1]; /* UTF-8, told apart by it; empty: the job's only result */
    char blob[JOB_BLOB_SIZE];
    char digest[65];
    int64_t bytes, duration_us;
    struct job_levels levels;
};

/* Names of blobs that nothing owns once the change is committed: to be removed then. */
struct job_blobs {
    char names[1 + JOB_OUTPUTS_MAX][JOB_BLOB_SIZE];
    size_t count;
};

const char *job_status_name(enum job_status status); /* "pending", ... */
bool job_status_of(struct view name, enum job_status *ret);

/* What an upload brings; the blob is durable before the transaction is committed. */
struct job_new {
    struct usage_subject subject;
    struct view processing_type, original_filename;
    const char *format;
    const char *input_blob;
    int64_t input_bytes;
    const char *input_digest;
    int64_t duration_us;
    int sample_rate_hz, channels;
    struct job_choice choice;  /* empty words: "wav", "normal" */
    int64_t output_bytes_most; /* held for the result; 0: of a 16-bit WAV file */
    int64_t expires_us;
    struct view idempotency_key; /* ptr NULL: none */
    const char *request_digest;  /* what the key was first used with */
};

/* Accepts an upload: limit check, holds (estimated output bytes and processing time), job
 * row, ledger and rollups at once or not at all. ERR_LIMIT with *ret_refusal. With an
 * idempotency key seen before: 0 and the first job in *ret with *ret_replayed true (the
 * caller removes the second blob), or ERR_CONFLICT when the file or type differs. A key is
 * kept as long as its job's row. Held are output_bytes_most (or a 16-bit WAV file of the
 * input's length, rate and channels), and a twentieth of its duration, at least a second.
 * ERR_NOT_FOUND for a closed account. */
MUST_CHECK int jobs_accept(struct db *db, const struct job_new *job, int64_t now_us,
                           struct job *ret, bool *ret_replayed,
                           struct usage_refusal *ret_refusal, struct err *reterr);
/* Whether an upload of at least `bytes` would be refused as things stand: to answer before
 * the body. 0 or ERR_LIMIT; the real check is jobs_accept's. Account 0: a new guest. */
MUST_CHECK int jobs_precheck(struct db *db, const struct usage_subject *subject,
                             int64_t bytes, int64_t now_us,
                             struct usage_refusal *ret_refusal);
/* Whether an idempotency key of the account's has made a job that is still there. */
MUST_CHECK int jobs_key_is_known(struct db *db, int64_t account_id, struct view key,
                                 bool *ret);

MUST_CHECK int jobs_get(struct db *db, struct view job_id, struct job *ret);

struct job_filter {
    int64_t account_id; /* 0: any */
    int status;         /* enum job_status; negative: any */
    struct view
        before_job; /* cursor: rows older than this job; ptr NULL: from the newest */
    int64_t skip, limit;
};

/* Newest first. ERR_INVALID when the cursor is no job of the account. */
MUST_CHECK int jobs_list(struct db *db, const struct job_filter *filter,
                         int (*row)(void *ctx, const struct job *job), void *ctx);

/* ---- a worker's side ---- */

/* Claims the oldest pending job, or one whose lease has run out, until now + lease_us.
 * ERR_NOT_FOUND when there is none. A job whose third attempt's lease ran out is failed
 * here with the reason, and the next is tried: the caller commits also after ERR_NOT_FOUND.
 */
MUST_CHECK int jobs_claim(struct db *db, const char *worker, int64_t now_us,
                          int64_t lease_us, struct job *ret);
/* ERR_CONFLICT when the lease is lost or the job was cancelled: stop working on it. */
MUST_CHECK int jobs_renew(struct db *db, const struct job *job, int64_t now_us,
                          int64_t lease_us);

struct job_outcome {
    bool completed; /* else failed */
    const char *error;
    const struct job_output *outputs; /* of a completed job, the first one first */
    size_t outputs_count;             /* 1 to JOB_OUTPUTS_MAX; several have labels */
    int64_t processing_us;            /* measured, of this attempt */
    int64_t duration_us; /* of the recording, exact; 0: as the upload estimated it */
};

/* The outcome, all outputs, sizes, time, ledger rows and rollups as one step. ERR_CONFLICT
 * when `job`'s lease is not the current one: nothing changes, and the caller removes its
 * outputs. */
MUST_CHECK int jobs_finish(struct db *db, const struct job *job,
                           const struct job_outcome *outcome, int64_t now_us);
/* Gives the job back for another attempt (a worker that stops, a child host that died); the
 * third time fails it with `reason`. */
MUST_CHECK int jobs_give_back(struct db *db, const struct job *job, const char *reason,
                              bool counts_as_attempt, int64_t now_us);
/* Gives it back without counting an attempt, to be claimed again from `until_us` on. */
MUST_CHECK int jobs_put_off(struct db *db, const struct job *job, int64_t until_us,
                            int64_t now_us);

/* ---- the owner's side ---- */

/* The outputs that there are: none before the outcome and once the files are gone. */
MUST_CHECK int jobs_outputs_read(struct db *db, const struct job *job,
                                 struct job_output ret[JOB_OUTPUTS_MAX], size_t *ret_count);
/* Files of the job were delivered to their last byte, `count` times, `bytes` in all. */
MUST_CHECK int jobs_downloaded(struct db *db, const struct job *job, int64_t count,
                               int64_t bytes, int64_t now_us);
/* Cancels when it still runs, forgets the files (a job that had an outcome is expired
 * then): fills the blobs to remove once this is committed. The ledger stays. The row goes
 * too when `forget`. */
MUST_CHECK int jobs_delete(struct db *db, struct view job_id, bool forget, int64_t now_us,
                           struct job *ret, struct job_blobs *ret_blobs);
/* Told of each job whose files go, with the names that it had. */
typedef int jobs_gone_row(void *ctx, const struct job *job, const struct job_blobs *blobs);
/* Keeps the waveforms (JSON texts) of a completed job's original and first output until its
 * files go; the first to be kept stay. 0 also when the job is not there, or without files,
 * any more. */
MUST_CHECK int jobs_waveforms_set(struct db *db, struct view job_id, struct view original,
                                  struct view result);
/* Appends them. ERR_NOT_FOUND before they were made. */
MUST_CHECK int jobs_waveforms_get(struct db *db, const struct job *job,
                                  struct buf *ret_original, struct buf *ret_result);
/* The same for an output but the first, alone. */
MUST_CHECK int jobs_output_waveform_set(struct db *db, struct view job_id, int number,
                                        struct view waveform);
MUST_CHECK int jobs_output_waveform_get(struct db *db, const struct job *job, int number,
                                        struct buf *ret);
/* Moves all jobs of one account to another (guest to user). */
MUST_CHECK int jobs_move(struct db *db, int64_t from_account_id, int64_t to_account_id);
/* Forgets all jobs of an account, at most `most` at a time, calling `row` with each. */
MUST_CHECK int jobs_delete_all(struct db *db, int64_t account_id, int64_t most,
                               int64_t now_us, jobs_gone_row *row, void *ctx);

/* ---- the janitor's side ---- */

/* Marks at most `most` jobs past expires_us as expired, calling `row` with each (blobs to
 * remove), and settles their stored bytes. */
MUST_CHECK int jobs_expire(struct db *db, int64_t now_us, int64_t most, jobs_gone_row *row,
                           void *ctx);
/* Whether any job still owns this blob. */
MUST_CHECK int jobs_owns_blob(struct db *db, struct view blob, bool *ret);

struct job_counts {
    /* Rows by status, in all and of the last 24 hours (to the minute); what is forgotten is
     * in `ever` only. */
    int64_t by_status[JOB_STATUS_COUNT];
    int64_t total, completed_ever, failed_ever, new_last_24h;
};

MUST_CHECK int jobs_counts_read(struct db *db, int64_t now_us, struct job_counts *ret);

/* When the pending job that is next came; ERR_NOT_FOUND when none waits. */
MUST_CHECK int jobs_waiting_since(struct db *db, int64_t *ret_us);

#endif
