-- Who else is an admin is asked while everybody waits, whatever the number of users.

CREATE INDEX users_admins ON users (account_id) WHERE is_admin = 1;
