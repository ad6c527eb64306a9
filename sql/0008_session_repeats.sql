-- The last trade of a session's refresh token, so that a client whose reply was lost gets the same
-- tokens again: a digest of the used token's id and the client's key (empty: it came without a key),
-- when, and what makes the new tokens beside refresh_id and expires_us. The tokens are nowhere.

ALTER TABLE sessions ADD COLUMN used_digest TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN used_us BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN access_id TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN access_expires_us BIGINT NOT NULL DEFAULT 0;
