-- The usage ledger, its rollups, plans and reservations. Amounts are whole units of their
-- meter; times are microseconds since the epoch, UTC; a day is days since 1970-01-01 in the
-- ledger's zone. The type '' of a rollup is the figure over all types.

CREATE TABLE meters (
    meter INTEGER NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    unit TEXT NOT NULL,
    ranked INTEGER NOT NULL
);

CREATE TABLE plans (
    plan TEXT NOT NULL PRIMARY KEY
);

CREATE TABLE limits (
    plan TEXT NOT NULL REFERENCES plans (plan),
    meter INTEGER NOT NULL REFERENCES meters (meter),
    window_kind INTEGER NOT NULL,
    value BIGINT NOT NULL,
    PRIMARY KEY (plan, meter, window_kind)
);

CREATE TABLE accounts (
    account_id INTEGER NOT NULL PRIMARY KEY,
    class INTEGER NOT NULL,
    plan TEXT NOT NULL REFERENCES plans (plan),
    created_us BIGINT NOT NULL,
    closed_us BIGINT,
    merged_into BIGINT
);

CREATE TABLE usage_events (
    event_id INTEGER NOT NULL PRIMARY KEY,
    occurred_us BIGINT NOT NULL,
    day INTEGER NOT NULL,
    account_id BIGINT NOT NULL,
    group_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    meter INTEGER NOT NULL,
    type TEXT NOT NULL,
    ref TEXT NOT NULL,
    amount BIGINT NOT NULL,
    held BIGINT NOT NULL
);
CREATE INDEX usage_events_account ON usage_events (account_id, event_id);

CREATE TABLE usage_totals (
    account_id BIGINT NOT NULL,
    meter INTEGER NOT NULL,
    type TEXT NOT NULL,
    sum BIGINT NOT NULL,
    first_us BIGINT NOT NULL,
    last_us BIGINT NOT NULL,
    ranked INTEGER NOT NULL,
    PRIMARY KEY (account_id, meter, type)
);
CREATE INDEX usage_totals_rank ON usage_totals (meter, sum DESC) WHERE ranked = 1;

CREATE TABLE usage_daily (
    account_id BIGINT NOT NULL,
    meter INTEGER NOT NULL,
    type TEXT NOT NULL,
    day INTEGER NOT NULL,
    sum BIGINT NOT NULL,
    PRIMARY KEY (account_id, meter, type, day)
);

CREATE TABLE platform_totals (
    meter INTEGER NOT NULL,
    type TEXT NOT NULL,
    sum BIGINT NOT NULL,
    first_us BIGINT NOT NULL,
    last_us BIGINT NOT NULL,
    PRIMARY KEY (meter, type)
);

CREATE TABLE platform_daily (
    meter INTEGER NOT NULL,
    type TEXT NOT NULL,
    day INTEGER NOT NULL,
    sum BIGINT NOT NULL,
    PRIMARY KEY (meter, type, day)
);

CREATE TABLE reservations (
    account_id BIGINT NOT NULL,
    ref TEXT NOT NULL,
    meter INTEGER NOT NULL,
    group_id BIGINT NOT NULL,
    type TEXT NOT NULL,
    amount BIGINT NOT NULL,
    expires_us BIGINT NOT NULL,
    PRIMARY KEY (account_id, ref, meter)
);
-- With the amount, so that a sum of what is held never leaves the index.
CREATE INDEX reservations_account ON reservations (account_id, meter, amount);
CREATE INDEX reservations_group ON reservations (group_id, meter, amount) WHERE group_id <> 0;
CREATE INDEX reservations_expiry ON reservations (expires_us);
