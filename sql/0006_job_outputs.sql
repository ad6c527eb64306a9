-- The results of a job whose engine gives a folder of them, from number 0 on. The first one is in
-- the job's own row as well, as the only result of any other job is, which has no row here
-- (outputs_count 0). further_bytes: of all results but the first. An empty waveform: not made yet.

ALTER TABLE jobs ADD COLUMN outputs_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN further_bytes BIGINT NOT NULL DEFAULT 0;

CREATE TABLE job_outputs (
    account_id BIGINT NOT NULL,
    job_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    label TEXT NOT NULL,
    blob TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    digest TEXT NOT NULL,
    duration_us BIGINT NOT NULL,
    peak_cdbfs INTEGER NOT NULL,
    loudness_clufs INTEGER NOT NULL,
    waveform TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (account_id, job_id, number)
);
CREATE INDEX job_outputs_blob ON job_outputs (blob);
