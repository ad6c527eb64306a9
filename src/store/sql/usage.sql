-- name: meter_declare
INSERT INTO meters (meter, name, unit, ranked) VALUES ($1, $2, $3, $4)
ON CONFLICT (meter) DO UPDATE SET unit = excluded.unit, ranked = excluded.ranked;

-- name: meter_of_name
SELECT meter FROM meters WHERE name = $1;

-- name: meter_name
SELECT name FROM meters WHERE meter = $1;

-- name: plan_make
INSERT INTO plans (plan) VALUES ($1) ON CONFLICT (plan) DO NOTHING;

-- name: plan_limits_clear
DELETE FROM limits WHERE plan = $1;

-- name: plan_limit_add
INSERT INTO limits (plan, meter, window_kind, value) VALUES ($1, $2, $3, $4);

-- name: plan_limits
SELECT meter, window_kind, value FROM limits WHERE plan = $1 ORDER BY meter, window_kind;

-- name: account_add
INSERT INTO accounts (account_id, class, plan, created_us)
VALUES ((SELECT COALESCE(MAX(account_id), 0) + 1 FROM accounts), $1, $2, $3)
RETURNING account_id;

-- name: account_get
SELECT plan, created_us FROM accounts WHERE account_id = $1 AND closed_us IS NULL;

-- name: account_created
SELECT created_us FROM accounts WHERE account_id = $1;

-- name: account_close
UPDATE accounts SET closed_us = $1 WHERE account_id = $2 AND closed_us IS NULL;

-- name: account_merged
UPDATE accounts SET closed_us = $1, merged_into = $2 WHERE account_id = $3 AND closed_us IS NULL;

-- name: account_set_plan
UPDATE accounts SET plan = $1 WHERE account_id = $2;

-- name: event_add
INSERT INTO usage_events
    (occurred_us, day, account_id, group_id, kind, meter, type, ref, amount, held)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: totals_add
INSERT INTO usage_totals (account_id, meter, type, sum, first_us, last_us, held, ranked)
VALUES ($1, $2, $3, $4, $5, $6, $7,
    (SELECT CASE WHEN a.class = 0 AND $3 = '' THEN m.ranked ELSE 0 END
     FROM accounts a, meters m WHERE a.account_id = $1 AND m.meter = $2))
ON CONFLICT (account_id, meter, type) DO UPDATE SET
    sum = usage_totals.sum + excluded.sum,
    first_us = CASE WHEN excluded.first_us > 0 AND (usage_totals.first_us = 0
                         OR excluded.first_us < usage_totals.first_us)
                    THEN excluded.first_us ELSE usage_totals.first_us END,
    last_us = CASE WHEN excluded.last_us > usage_totals.last_us
                   THEN excluded.last_us ELSE usage_totals.last_us END,
    held = usage_totals.held + excluded.held;

-- name: daily_add
INSERT INTO usage_daily (account_id, meter, type, day, sum) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (account_id, meter, type, day) DO UPDATE SET sum = usage_daily.sum + excluded.sum;

-- name: platform_totals_add
INSERT INTO platform_totals (meter, type, sum, first_us, last_us) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (meter, type) DO UPDATE SET
    sum = platform_totals.sum + excluded.sum,
    first_us = CASE WHEN excluded.first_us > 0 AND (platform_totals.first_us = 0
                         OR excluded.first_us < platform_totals.first_us)
                    THEN excluded.first_us ELSE platform_totals.first_us END,
    last_us = CASE WHEN excluded.last_us > platform_totals.last_us
                   THEN excluded.last_us ELSE platform_totals.last_us END;

-- name: platform_daily_add
INSERT INTO platform_daily (meter, type, day, sum) VALUES ($1, $2, $3, $4)
ON CONFLICT (meter, type, day) DO UPDATE SET sum = platform_daily.sum + excluded.sum;

-- name: totals_of_account
SELECT meter, sum, first_us, last_us FROM usage_totals WHERE account_id = $1 AND type = '';

-- name: totals_used
SELECT sum, held FROM usage_totals WHERE account_id = $1 AND meter = $2 AND type = '';

-- name: daily_used
SELECT COALESCE(SUM(sum), 0) FROM usage_daily
WHERE account_id = $1 AND meter = $2 AND type = '' AND day >= $3;

-- name: types_of_account
SELECT type, sum FROM usage_totals
WHERE account_id = $1 AND meter = $2 AND type <> '' AND sum <> 0 ORDER BY sum DESC, type;

-- name: top_accounts
SELECT account_id, sum FROM usage_totals
WHERE meter = $1 AND ranked = 1 ORDER BY sum DESC LIMIT $2;

-- name: platform_totals_all
SELECT meter, sum, first_us, last_us FROM platform_totals WHERE type = '';

-- name: platform_types
SELECT type, sum FROM platform_totals
WHERE meter = $1 AND type <> '' AND sum <> 0 ORDER BY sum DESC, type;

-- name: hold_add
INSERT INTO reservations (account_id, ref, meter, group_id, type, amount, expires_us)
VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: holds_of_ref
SELECT meter, group_id, type, amount FROM reservations WHERE account_id = $1 AND ref = $2;

-- name: holds_end
DELETE FROM reservations WHERE account_id = $1 AND ref = $2;

-- name: holds_extend
UPDATE reservations SET expires_us = $1 WHERE account_id = $2 AND ref = $3;

-- name: holds_due
SELECT account_id, ref FROM reservations WHERE expires_us <= $1 ORDER BY expires_us LIMIT 1;

-- name: rows_of_account
SELECT event_id, occurred_us, account_id, group_id, kind, meter, type, ref, amount, held
FROM usage_events WHERE account_id = $1 AND event_id > $2
    AND occurred_us >= $3 AND occurred_us < $4 ORDER BY event_id LIMIT $5;

-- name: rows_of_all
SELECT event_id, occurred_us, account_id, group_id, kind, meter, type, ref, amount, held
FROM usage_events WHERE event_id > $1 AND occurred_us >= $2 AND occurred_us < $3
ORDER BY event_id LIMIT $4;

-- name: verify_counts
SELECT (SELECT COUNT(*) FROM usage_events), (SELECT COUNT(*) FROM accounts),
    (SELECT COUNT(*) FROM usage_totals) + (SELECT COUNT(*) FROM usage_daily)
    + (SELECT COUNT(*) FROM platform_totals) + (SELECT COUNT(*) FROM platform_daily)
    + (SELECT COUNT(*) FROM reservations);

-- name: verify_totals
SELECT account_id, meter, type, 0 AS day, SUM(ledger), SUM(stored) FROM (
    SELECT account_id, meter, '' AS type, amount AS ledger, 0 AS stored FROM usage_events
    UNION ALL SELECT account_id, meter, type, amount, 0 FROM usage_events WHERE type <> ''
    UNION ALL SELECT group_id, meter, '', amount, 0 FROM usage_events WHERE group_id <> 0
    UNION ALL SELECT group_id, meter, type, amount, 0 FROM usage_events
              WHERE group_id <> 0 AND type <> ''
    UNION ALL SELECT account_id, meter, type, 0, sum FROM usage_totals
) AS both_sides GROUP BY account_id, meter, type HAVING SUM(ledger) <> SUM(stored) LIMIT 1;

-- name: verify_daily
SELECT account_id, meter, type, day, SUM(ledger), SUM(stored) FROM (
    SELECT account_id, meter, '' AS type, day, amount AS ledger, 0 AS stored FROM usage_events
    UNION ALL SELECT account_id, meter, type, day, amount, 0 FROM usage_events WHERE type <> ''
    UNION ALL SELECT group_id, meter, '', day, amount, 0 FROM usage_events WHERE group_id <> 0
    UNION ALL SELECT group_id, meter, type, day, amount, 0 FROM usage_events
              WHERE group_id <> 0 AND type <> ''
    UNION ALL SELECT account_id, meter, type, day, 0, sum FROM usage_daily
) AS both_sides GROUP BY account_id, meter, type, day HAVING SUM(ledger) <> SUM(stored) LIMIT 1;

-- name: verify_platform_totals
SELECT 0, meter, type, 0, SUM(ledger), SUM(stored) FROM (
    SELECT meter, '' AS type, amount AS ledger, 0 AS stored FROM usage_events
    UNION ALL SELECT meter, type, amount, 0 FROM usage_events WHERE type <> ''
    UNION ALL SELECT meter, type, 0, sum FROM platform_totals
) AS both_sides GROUP BY meter, type HAVING SUM(ledger) <> SUM(stored) LIMIT 1;

-- name: verify_platform_daily
SELECT 0, meter, type, day, SUM(ledger), SUM(stored) FROM (
    SELECT meter, '' AS type, day, amount AS ledger, 0 AS stored FROM usage_events
    UNION ALL SELECT meter, type, day, amount, 0 FROM usage_events WHERE type <> ''
    UNION ALL SELECT meter, type, day, 0, sum FROM platform_daily
) AS both_sides GROUP BY meter, type, day HAVING SUM(ledger) <> SUM(stored) LIMIT 1;

-- name: verify_reservations
SELECT account_id, meter, ref, 0, SUM(ledger), SUM(stored) FROM (
    SELECT account_id, meter, ref, held AS ledger, 0 AS stored FROM usage_events WHERE held <> 0
    UNION ALL SELECT account_id, meter, ref, 0, amount FROM reservations
) AS both_sides GROUP BY account_id, meter, ref HAVING SUM(ledger) <> SUM(stored) LIMIT 1;

-- name: verify_held
SELECT account_id, meter, '', 0, SUM(held), SUM(stored) FROM (
    SELECT account_id, meter, amount AS held, 0 AS stored FROM reservations
    UNION ALL SELECT group_id, meter, amount, 0 FROM reservations WHERE group_id <> 0
    UNION ALL SELECT account_id, meter, 0, held FROM usage_totals WHERE held <> 0
) AS both_sides GROUP BY account_id, meter HAVING SUM(held) <> SUM(stored) LIMIT 1;

-- name: daily_of_account
SELECT meter, day, type, sum FROM usage_daily WHERE account_id = $1 ORDER BY meter, day, type;

-- name: totals_times_merge
UPDATE usage_totals SET
    first_us = (SELECT CASE WHEN f.first_us > 0 AND (usage_totals.first_us = 0
                                 OR f.first_us < usage_totals.first_us)
                            THEN f.first_us ELSE usage_totals.first_us END
                FROM usage_totals f WHERE f.account_id = $1
                AND f.meter = usage_totals.meter AND f.type = usage_totals.type),
    last_us = (SELECT CASE WHEN f.last_us > usage_totals.last_us
                           THEN f.last_us ELSE usage_totals.last_us END
               FROM usage_totals f WHERE f.account_id = $1
               AND f.meter = usage_totals.meter AND f.type = usage_totals.type)
WHERE account_id = $2 AND EXISTS (SELECT 1 FROM usage_totals f WHERE f.account_id = $1
    AND f.meter = usage_totals.meter AND f.type = usage_totals.type);

-- name: holds_merge_out
INSERT INTO usage_events
    (occurred_us, day, account_id, group_id, kind, meter, type, ref, amount, held)
SELECT $1, 0, account_id, group_id, 'merge', meter, type, ref, 0, -amount
FROM reservations WHERE account_id = $2;

-- name: holds_merge_in
INSERT INTO usage_events
    (occurred_us, day, account_id, group_id, kind, meter, type, ref, amount, held)
SELECT $1, 0, $2, group_id, 'merge', meter, type, ref, 0, amount
FROM reservations WHERE account_id = $3;

-- name: held_of_account
SELECT meter, SUM(amount) FROM reservations WHERE account_id = $1 GROUP BY meter;

-- name: holds_move
UPDATE reservations SET account_id = $1 WHERE account_id = $2;

-- name: days_of_account
SELECT meter, type, day, sum FROM usage_daily
WHERE account_id = $1 AND day >= $2 AND day < $3;

-- name: days_of_platform
SELECT meter, type, day, sum FROM platform_daily WHERE day >= $1 AND day < $2;

-- name: quarters_of_account
SELECT meter, CASE WHEN $1 = 1 THEN type ELSE '' END AS label,
    occurred_us / 900000000 * 900000000 AS quarter_us, SUM(amount)
FROM usage_events WHERE account_id = $2 AND occurred_us >= $3 AND occurred_us < $4
    AND amount <> 0 AND kind <> 'merge'
GROUP BY meter, label, quarter_us;
