-- Maintained figures of the whole platform, by name.

CREATE TABLE platform_counts (
    name TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
