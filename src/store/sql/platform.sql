-- name: count_add
INSERT INTO platform_counts (name, value) VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE SET value = platform_counts.value + excluded.value;

-- name: count_get
SELECT value FROM platform_counts WHERE name = $1;
