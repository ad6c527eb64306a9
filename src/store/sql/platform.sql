-- The schema's own history, and the maintained figures of the platform.

-- name: migration_table
CREATE TABLE IF NOT EXISTS schema_migrations (
    version INTEGER NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    applied_us BIGINT NOT NULL
);

-- name: migration_version
SELECT COALESCE(MAX(version), 0) FROM schema_migrations;

-- name: migration_add
INSERT INTO schema_migrations (version, name, applied_us) VALUES ($1, $2, $3);

-- name: count_add
INSERT INTO platform_counts (name, value) VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE SET value = platform_counts.value + excluded.value;

-- name: count_read
SELECT value FROM platform_counts WHERE name = $1;

-- name: data_version
PRAGMA data_version;
