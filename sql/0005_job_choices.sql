-- What an uploader chose, and what was measured on the result (hundredths of a decibel or LUFS,
-- once has_levels is 1). A job of before is as it always was: a WAV file at normal strength.

ALTER TABLE jobs ADD COLUMN output_format TEXT NOT NULL DEFAULT 'wav';
ALTER TABLE jobs ADD COLUMN strength TEXT NOT NULL DEFAULT 'normal';
ALTER TABLE jobs ADD COLUMN loudness_normalise INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN has_levels INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN peak_cdbfs INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN loudness_clufs INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN noise_removed_cdb INTEGER NOT NULL DEFAULT 0;

-- Waveforms to draw, as JSON, made when they are first asked for; they go with the files.
CREATE TABLE job_waveforms (
    account_id BIGINT NOT NULL,
    job_id TEXT NOT NULL,
    original TEXT NOT NULL,
    result TEXT NOT NULL,
    PRIMARY KEY (account_id, job_id)
);
