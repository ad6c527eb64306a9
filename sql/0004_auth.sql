-- People and guests, and what proves who they are. A user's account number is the user's id.

CREATE TABLE users (
    account_id BIGINT NOT NULL PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    username TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    is_active INTEGER NOT NULL,
    is_verified INTEGER NOT NULL,
    is_admin INTEGER NOT NULL,
    created_us BIGINT NOT NULL,
    updated_us BIGINT NOT NULL
);
CREATE INDEX users_newest ON users (created_us, account_id);

-- One login. A user's token is good as long as its session's row is here; refresh_id is the one
-- refresh token that may still be traded.
CREATE TABLE sessions (
    account_id BIGINT NOT NULL,
    family TEXT NOT NULL,
    refresh_id TEXT NOT NULL,
    started_us BIGINT NOT NULL,
    expires_us BIGINT NOT NULL,
    PRIMARY KEY (account_id, family)
);
CREATE INDEX sessions_expiry ON sessions (expires_us);

-- Guest tokens that were logged out.
CREATE TABLE revoked_tokens (
    token_id TEXT NOT NULL PRIMARY KEY,
    expires_us BIGINT NOT NULL
);

CREATE TABLE guest_sessions (
    account_id BIGINT NOT NULL PRIMARY KEY,
    guest_id TEXT NOT NULL UNIQUE,
    group_id BIGINT NOT NULL,
    address TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    converted_to BIGINT NOT NULL,
    created_us BIGINT NOT NULL,
    last_active_us BIGINT NOT NULL,
    expires_us BIGINT NOT NULL
);
CREATE INDEX guest_sessions_newest ON guest_sessions (created_us, account_id);
CREATE INDEX guest_sessions_expiry ON guest_sessions (expires_us);

-- The group account of each network that guests came from.
CREATE TABLE networks (
    network TEXT NOT NULL PRIMARY KEY,
    group_id BIGINT NOT NULL
);

-- Signups per minute since the epoch, for the last day only.
CREATE TABLE user_arrivals (
    minute BIGINT NOT NULL PRIMARY KEY,
    users BIGINT NOT NULL
);
