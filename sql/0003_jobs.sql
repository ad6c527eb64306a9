-- Jobs and what their uploads' idempotency keys were first used with. Status numbers are those
-- of enum job_status; times are microseconds since the epoch, 0: not yet; an empty blob name:
-- no file (any more).

CREATE TABLE jobs (
    account_id BIGINT NOT NULL,
    job_id TEXT NOT NULL,
    group_id BIGINT NOT NULL,
    status INTEGER NOT NULL,
    processing_type TEXT NOT NULL,
    original_filename TEXT NOT NULL,
    format TEXT NOT NULL,
    input_blob TEXT NOT NULL,
    output_blob TEXT NOT NULL,
    has_files INTEGER NOT NULL,
    input_bytes BIGINT NOT NULL,
    output_bytes BIGINT NOT NULL,
    input_digest TEXT NOT NULL,
    output_digest TEXT NOT NULL,
    duration_us BIGINT NOT NULL,
    sample_rate_hz INTEGER NOT NULL,
    channels INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    worker TEXT NOT NULL,
    lease_token BIGINT NOT NULL,
    lease_expires_us BIGINT NOT NULL,
    error TEXT NOT NULL,
    processing_us BIGINT NOT NULL,
    created_us BIGINT NOT NULL,
    started_us BIGINT NOT NULL,
    completed_us BIGINT NOT NULL,
    expires_us BIGINT NOT NULL,
    PRIMARY KEY (account_id, job_id)
);
-- Not UNIQUE: a unique index without account_id would not distribute.
CREATE INDEX jobs_id ON jobs (job_id);
CREATE INDEX jobs_newest ON jobs (created_us, job_id);
CREATE INDEX jobs_account_newest ON jobs (account_id, created_us, job_id);
CREATE INDEX jobs_status_oldest ON jobs (status, created_us, job_id);
CREATE INDEX jobs_lease ON jobs (lease_expires_us) WHERE lease_token <> 0;
CREATE INDEX jobs_expiry ON jobs (expires_us) WHERE has_files = 1;
CREATE INDEX jobs_input ON jobs (input_blob) WHERE input_blob <> '';
CREATE INDEX jobs_output ON jobs (output_blob) WHERE output_blob <> '';

-- A key lives as long as its job's row.
CREATE TABLE job_keys (
    account_id BIGINT NOT NULL,
    idempotency_key TEXT NOT NULL,
    job_id TEXT NOT NULL,
    request_digest TEXT NOT NULL,
    PRIMARY KEY (account_id, idempotency_key)
);
CREATE INDEX job_keys_job ON job_keys (account_id, job_id);

-- Uploads accepted per minute since the epoch, for the last day only.
CREATE TABLE job_arrivals (
    minute BIGINT NOT NULL PRIMARY KEY,
    jobs BIGINT NOT NULL
);
