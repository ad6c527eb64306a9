-- name: job_add
INSERT INTO jobs
   (account_id, job_id, group_id, status, processing_type, original_filename,
    format, input_blob, output_blob, input_bytes, output_bytes, input_digest, output_digest,
    duration_us, sample_rate_hz, channels, attempts, worker, lease_token, lease_expires_us,
    error, processing_us, created_us, started_us, completed_us, expires_us,
    has_files, output_format, strength, loudness_normalise)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,
    $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30);

-- name: job_update
UPDATE jobs SET status = $1, input_blob = $2, output_blob = $3, has_files = $4,
    output_bytes = $5, output_digest = $6, attempts = $7, worker = $8, lease_token = $9,
    lease_expires_us = $10, error = $11, processing_us = $12, started_us = $13,
    completed_us = $14, expires_us = $15, has_levels = $16, peak_cdbfs = $17,
    loudness_clufs = $18, noise_removed_cdb = $19, outputs_count = $20, further_bytes = $21,
    duration_us = $22
WHERE account_id = $23 AND job_id = $24 AND status = $25 AND lease_token = $26;

-- name: job_remove
DELETE FROM jobs
WHERE account_id = $1 AND job_id = $2 AND status = $3 AND lease_token = $4;

-- name: job_get
SELECT account_id, job_id, group_id, status, processing_type, original_filename,
    format, input_blob, output_blob, input_bytes, output_bytes, input_digest, output_digest,
    duration_us, sample_rate_hz, channels, attempts, worker, lease_token, lease_expires_us,
    error, processing_us, created_us, started_us, completed_us, expires_us,
    output_format, strength, loudness_normalise, has_levels, peak_cdbfs, loudness_clufs,
    noise_removed_cdb, outputs_count, further_bytes
FROM jobs WHERE job_id = $1;

-- name: job_owner
SELECT account_id, group_id FROM jobs WHERE job_id = $1;

-- name: jobs_list_all
SELECT account_id, job_id, group_id, status, processing_type, original_filename,
    format, input_blob, output_blob, input_bytes, output_bytes, input_digest, output_digest,
    duration_us, sample_rate_hz, channels, attempts, worker, lease_token, lease_expires_us,
    error, processing_us, created_us, started_us, completed_us, expires_us,
    output_format, strength, loudness_normalise, has_levels, peak_cdbfs, loudness_clufs,
    noise_removed_cdb, outputs_count, further_bytes
FROM jobs WHERE (created_us, job_id) < ($1, $2)
ORDER BY created_us DESC, job_id DESC LIMIT $3 OFFSET $4;

-- name: jobs_list_status
SELECT account_id, job_id, group_id, status, processing_type, original_filename,
    format, input_blob, output_blob, input_bytes, output_bytes, input_digest, output_digest,
    duration_us, sample_rate_hz, channels, attempts, worker, lease_token, lease_expires_us,
    error, processing_us, created_us, started_us, completed_us, expires_us,
    output_format, strength, loudness_normalise, has_levels, peak_cdbfs, loudness_clufs,
    noise_removed_cdb, outputs_count, further_bytes
FROM jobs WHERE status = $1 AND (created_us, job_id) < ($2, $3)
ORDER BY created_us DESC, job_id DESC LIMIT $4 OFFSET $5;

-- name: jobs_list_account
SELECT account_id, job_id, group_id, status, processing_type, original_filename,
    format, input_blob, output_blob, input_bytes, output_bytes, input_digest, output_digest,
    duration_us, sample_rate_hz, channels, attempts, worker, lease_token, lease_expires_us,
    error, processing_us, created_us, started_us, completed_us, expires_us,
    output_format, strength, loudness_normalise, has_levels, peak_cdbfs, loudness_clufs,
    noise_removed_cdb, outputs_count, further_bytes
FROM jobs WHERE account_id = $1 AND ($2 < 0 OR status = $2) AND (created_us, job_id) < ($3, $4)
ORDER BY created_us DESC, job_id DESC LIMIT $5 OFFSET $6;

-- name: jobs_next_lost
SELECT job_id FROM jobs WHERE lease_token <> 0 AND lease_expires_us <= $1
ORDER BY lease_expires_us LIMIT 1;

-- name: jobs_next_pending
SELECT job_id FROM jobs WHERE status = 0 AND lease_expires_us <= $1
ORDER BY created_us, job_id LIMIT 1;

-- name: jobs_waiting_since
SELECT created_us FROM jobs WHERE status = 0 ORDER BY created_us, job_id LIMIT 1;

-- name: jobs_next_due
SELECT job_id FROM jobs WHERE has_files = 1 AND expires_us <= $1
    AND (status <> 1 OR lease_expires_us <= $1) ORDER BY expires_us LIMIT 1;

-- name: jobs_next_of_account
SELECT job_id FROM jobs WHERE account_id = $1 LIMIT 1;

-- name: jobs_move
UPDATE jobs SET account_id = $1 WHERE account_id = $2;

-- name: jobs_owns_blob
SELECT (SELECT COUNT(*) FROM jobs WHERE input_blob = $1 AND input_blob <> '')
    + (SELECT COUNT(*) FROM jobs WHERE output_blob = $1 AND output_blob <> '')
    + (SELECT COUNT(*) FROM job_outputs WHERE blob = $1);

-- name: job_key_add
INSERT INTO job_keys (account_id, idempotency_key, job_id, request_digest)
VALUES ($1, $2, $3, $4);

-- name: job_key_get
SELECT job_id, request_digest FROM job_keys WHERE account_id = $1 AND idempotency_key = $2;

-- name: job_keys_remove
DELETE FROM job_keys WHERE account_id = $1 AND job_id = $2;

-- name: job_keys_drop_taken
DELETE FROM job_keys WHERE account_id = $1 AND idempotency_key IN
    (SELECT t.idempotency_key FROM job_keys t WHERE t.account_id = $2);

-- name: job_keys_move
UPDATE job_keys SET account_id = $1 WHERE account_id = $2;

-- name: job_arrival_add
INSERT INTO job_arrivals (minute, jobs) VALUES ($1, 1)
ON CONFLICT (minute) DO UPDATE SET jobs = job_arrivals.jobs + 1;

-- name: job_arrival_forget
UPDATE job_arrivals SET jobs = jobs - 1 WHERE minute = $1;

-- name: job_arrivals_trim
DELETE FROM job_arrivals WHERE minute < $1;

-- name: job_arrivals_since
SELECT COALESCE(SUM(jobs), 0) FROM job_arrivals WHERE minute > $1;

-- name: job_waveforms_add
INSERT INTO job_waveforms (account_id, job_id, original, result) VALUES ($1, $2, $3, $4)
ON CONFLICT (account_id, job_id) DO NOTHING;

-- name: job_waveforms_get
SELECT original, result FROM job_waveforms WHERE account_id = $1 AND job_id = $2;

-- name: job_waveforms_remove
DELETE FROM job_waveforms WHERE account_id = $1 AND job_id = $2;

-- name: job_waveforms_move
UPDATE job_waveforms SET account_id = $1 WHERE account_id = $2;

-- name: job_output_add
INSERT INTO job_outputs (account_id, job_id, number, label, blob, bytes, digest, duration_us,
    peak_cdbfs, loudness_clufs)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: job_outputs_get
SELECT label, blob, bytes, digest, duration_us, peak_cdbfs, loudness_clufs
FROM job_outputs WHERE account_id = $1 AND job_id = $2 ORDER BY number;

-- name: job_outputs_remove
DELETE FROM job_outputs WHERE account_id = $1 AND job_id = $2;

-- name: job_outputs_move
UPDATE job_outputs SET account_id = $1 WHERE account_id = $2;

-- name: job_output_waveform_set
UPDATE job_outputs SET waveform = $1 WHERE account_id = $2 AND job_id = $3 AND number = $4;

-- name: job_output_waveform_get
SELECT waveform FROM job_outputs
WHERE account_id = $1 AND job_id = $2 AND number = $3 AND waveform <> '';
