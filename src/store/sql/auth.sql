-- name: identity_of_user
SELECT u.username, u.is_active, u.is_admin,
    (SELECT COUNT(*) FROM sessions s WHERE s.account_id = $1 AND s.family = $2)
FROM users u WHERE u.account_id = $1;

-- name: token_is_revoked
SELECT COUNT(*) FROM revoked_tokens WHERE token_id = $1;

-- name: token_revoke
INSERT INTO revoked_tokens (token_id, expires_us) VALUES ($1, $2)
ON CONFLICT (token_id) DO NOTHING;

-- name: tokens_forget
DELETE FROM revoked_tokens WHERE expires_us <= $1;

-- name: session_add
INSERT INTO sessions (account_id, family, refresh_id, started_us, expires_us)
VALUES ($1, $2, $3, $4, $5);

-- name: session_trade
SELECT refresh_id, expires_us, used_digest, used_us, access_id, access_expires_us
FROM sessions WHERE account_id = $1 AND family = $2;

-- name: session_rotate
UPDATE sessions SET refresh_id = $1, expires_us = $2, used_digest = $3, used_us = $4,
    access_id = $5, access_expires_us = $6
WHERE account_id = $7 AND family = $8;

-- name: session_end
DELETE FROM sessions WHERE account_id = $1 AND family = $2;

-- name: sessions_end
DELETE FROM sessions WHERE account_id = $1;

-- name: sessions_trim
DELETE FROM sessions WHERE account_id = $1 AND family NOT IN
    (SELECT family FROM sessions WHERE account_id = $1 ORDER BY started_us DESC LIMIT $2);

-- name: sessions_forget
DELETE FROM sessions WHERE expires_us <= $1;

-- name: user_add
INSERT INTO users (account_id, email, username, password_hash, is_active, is_verified, is_admin,
    created_us, updated_us)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0);

-- name: user_get
SELECT account_id, email, username, password_hash, is_active, is_verified, is_admin, created_us,
    updated_us
FROM users WHERE account_id = $1;

-- name: user_by_name
SELECT account_id, email, username, password_hash, is_active, is_verified, is_admin, created_us,
    updated_us
FROM users WHERE username = $1 OR email = $1 ORDER BY username = $1 DESC LIMIT 1;

-- name: user_of_email
SELECT account_id FROM users WHERE email = $1;

-- name: user_of_username
SELECT account_id FROM users WHERE username = $1;

-- name: user_update
UPDATE users SET email = $1, username = $2, is_active = $3, is_verified = $4, is_admin = $5,
    updated_us = $6
WHERE account_id = $7;

-- name: user_set_hash
UPDATE users SET password_hash = $1 WHERE account_id = $2;

-- name: user_touch
UPDATE users SET updated_us = $1 WHERE account_id = $2;

-- name: user_remove
DELETE FROM users WHERE account_id = $1;

-- name: users_scan
SELECT account_id, email, username, password_hash, is_active, is_verified, is_admin, created_us,
    updated_us,
    ($1 = '' OR email LIKE $1 OR username LIKE $1) AND ($2 < 0 OR is_active = $2)
    AND ($3 < 0 OR is_verified = $3) AND ($4 < 0 OR is_admin = $4) AS is_wanted
FROM users WHERE (created_us, account_id) < ($5, $6)
ORDER BY created_us DESC, account_id DESC LIMIT $7;

-- name: users_pass
SELECT created_us, account_id FROM users WHERE (created_us, account_id) < ($1, $2)
ORDER BY created_us DESC, account_id DESC LIMIT 1 OFFSET $3;

-- name: users_other_admins
SELECT COUNT(*) FROM users WHERE is_admin = 1 AND is_active = 1 AND account_id <> $1;

-- name: user_arrival_add
INSERT INTO user_arrivals (minute, users) VALUES ($1, 1)
ON CONFLICT (minute) DO UPDATE SET users = user_arrivals.users + 1;

-- name: user_arrival_forget
UPDATE user_arrivals SET users = users - 1 WHERE minute = $1;

-- name: user_arrivals_trim
DELETE FROM user_arrivals WHERE minute < $1;

-- name: user_arrivals_since
SELECT COALESCE(SUM(users), 0) FROM user_arrivals WHERE minute > $1;

-- name: network_group
SELECT group_id FROM networks WHERE network = $1;

-- name: network_add
INSERT INTO networks (network, group_id) VALUES ($1, $2);

-- name: guest_add
INSERT INTO guest_sessions (account_id, guest_id, group_id, address, user_agent, converted_to,
    created_us, last_active_us, expires_us)
VALUES ($1, $2, $3, $4, $5, 0, $6, $6, $7);

-- name: guest_of_id
SELECT account_id, group_id, guest_id, address, user_agent, converted_to, created_us,
    last_active_us, expires_us
FROM guest_sessions WHERE guest_id = $1;

-- name: guest_of_account
SELECT account_id, group_id, guest_id, address, user_agent, converted_to, created_us,
    last_active_us, expires_us
FROM guest_sessions WHERE account_id = $1;

-- name: guests_list
SELECT account_id, group_id, guest_id, address, user_agent, converted_to, created_us,
    last_active_us, expires_us
FROM guest_sessions WHERE expires_us > $1
ORDER BY created_us DESC, account_id DESC LIMIT $2 OFFSET $3;

-- name: guests_due
SELECT account_id, group_id, guest_id, address, user_agent, converted_to, created_us,
    last_active_us, expires_us
FROM guest_sessions WHERE expires_us <= $1 ORDER BY expires_us LIMIT $2;

-- name: guest_remove
DELETE FROM guest_sessions WHERE account_id = $1;

-- name: guest_convert
UPDATE guest_sessions SET converted_to = $1 WHERE account_id = $2;

-- name: guests_expired_count
SELECT COUNT(*) FROM guest_sessions WHERE expires_us <= $1;
