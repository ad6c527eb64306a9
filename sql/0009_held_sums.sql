-- What is held of each meter is a maintained sum like what was used, so that a limit's check costs
-- the same however many jobs wait. The indexes that made it a sum over rows go.

ALTER TABLE usage_totals ADD COLUMN held BIGINT NOT NULL DEFAULT 0;

INSERT INTO usage_totals (account_id, meter, type, sum, first_us, last_us, ranked, held)
SELECT h.account_id, h.meter, '', 0, 0, 0,
    (SELECT CASE WHEN a.class = 0 THEN m.ranked ELSE 0 END
     FROM accounts a, meters m WHERE a.account_id = h.account_id AND m.meter = h.meter),
    SUM(h.amount)
FROM (SELECT account_id, meter, amount FROM reservations
      UNION ALL SELECT group_id, meter, amount FROM reservations WHERE group_id <> 0) AS h
WHERE h.amount <> 0
GROUP BY h.account_id, h.meter
ON CONFLICT (account_id, meter, type) DO UPDATE SET held = excluded.held;

DROP INDEX reservations_account;
DROP INDEX reservations_group;
