-- Figures of the whole platform that are kept up to date rather than counted.
CREATE TABLE platform_counts (
    name TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
