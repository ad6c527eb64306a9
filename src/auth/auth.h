/* Who a request comes from, and the accounts of people: passwords, tokens, guests.
 *
 * Functions named auth_x(db, ...) run inside the caller's transaction on `db` (a read
 * snapshot or the committer's) and never log. Passwords: argon2id (libsodium), RFC 9106;
 * $2b$ hashes of the replaced system verify through libcrypt. Tokens: JWT (RFC 7519) with
 * HS256 pinned. */
#ifndef AUTH_AUTH_H
#define AUTH_AUTH_H

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "base/uuid.h"
#include "base/view.h"

struct db;
struct auth;

enum {
    AUTH_GUEST_ID_MAX = 128,
    AUTH_USERNAME_MAX = 50 * 4, /* 50 characters of UTF-8 */
    AUTH_EMAIL_MAX = 254,
    AUTH_TOKEN_MAX = 1024,
    AUTH_HASH_MAX = 128,
};

enum principal_kind { PRINCIPAL_NONE, PRINCIPAL_GUEST, PRINCIPAL_USER };
enum token_type { TOKEN_NONE, TOKEN_ACCESS, TOKEN_REFRESH, TOKEN_GUEST };

/* Who a request comes from. For users account_id is the user's id. */
struct principal {
    enum principal_kind kind;
    bool is_admin;
    int64_t account_id; /* 0: a guest who has no account yet */
    int64_t group_id;   /* a guest's network account, 0: none yet or a user */
    char guest_id[AUTH_GUEST_ID_MAX + 1];
    char username[AUTH_USERNAME_MAX + 1];
    char network[44];           /* of the request: "203.0.113.0/24", "2001:db8::/56" */
    char address[46];           /* of the request */
    enum token_type token_type; /* how it was proved; TOKEN_NONE: X-Guest-ID */
    char token_id[UUID_TEXT_SIZE];
    int64_t token_expires_us;
};

struct auth_config {
    const void *secret; /* HMAC key, copied */
    size_t secret_len;
    int64_t access_token_us, refresh_token_us, guest_token_us;
    int guest_ids;           /* enum options_guest_ids */
    int64_t guests_per_hour; /* new guests per network; 0: no bound */
    int64_t logins_per_minute, signups_per_hour;
};

/* The verifier and signer, and the throttles' memory. Any thread may use one at a time or
 * together. */
MUST_CHECK int auth_new(const struct auth_config *config, struct auth **ret,
                        struct err *reterr);
void auth_free(struct auth **auth);

/* The signing key: from `configured` when not NULL, else from DATA_DIR/secret.key, made
 * with mode 0600 at the first start. At least 32 bytes. Fills key[64] and *ret_len. */
MUST_CHECK int auth_secret_load(const char *configured, const char *data_dir,
                                unsigned char key[64], size_t *ret_len, struct err *reterr);

/* ---- identity of a request ---- */

struct auth_credentials {
    struct view authorization; /* header value; ptr NULL: absent */
    struct view guest_id;      /* X-Guest-ID */
    const char *address;       /* of the client, proxies resolved */
};

/* Fills *ret (kind PRINCIPAL_NONE when there are no credentials at all; network and address
 * always). A credential that is present and bad never falls back to another: returns
 * ERR_UNAUTHENTICATED with the text old clients read in *reterr ("Could not validate
 * credentials", "Invalid token type", "Token has been revoked", "Invalid authentication
 * credentials"), or ERR_FORBIDDEN "Inactive user". */
MUST_CHECK int auth_identify(struct auth *auth, struct db *db,
                             const struct auth_credentials *credentials, int64_t now_us,
                             struct principal *ret, struct err *reterr);

/* Gives a guest without one its account, session row and network group, inside a write
 * transaction, and fills account_id and group_id. Race-free: a second caller finds the
 * first one's. ERR_THROTTLED when the network makes too many guests, ERR_UNAUTHENTICATED
 * when the guest has become a user meanwhile. */
MUST_CHECK int auth_guest_ensure(struct auth *auth, struct db *db,
                                 struct principal *principal, struct view user_agent,
                                 int64_t now_us, struct err *reterr);

/* ---- tokens ---- */

#define AUTH_REPEAT_US ((int64_t)60 * 1000000)

struct auth_tokens {
    char access[AUTH_TOKEN_MAX], refresh[AUTH_TOKEN_MAX];
};

/* A new session: access and refresh token of one new family. Write transaction. */
MUST_CHECK int auth_session_start(struct auth *auth, struct db *db, int64_t account_id,
                                  int64_t now_us, struct auth_tokens *ret,
                                  struct err *reterr);
/* Trades a refresh token for new ones and revokes it; one that was used before revokes its
 * whole family. For AUTH_REPEAT_US after a trade with a `key` (ptr NULL: none) the same
 * token with the same key is answered by the same tokens, since a client may have lost the
 * reply: as long as the new refresh token was not used either and the session lives. (Only
 * a name that was changed meanwhile differs in them.) ERR_UNAUTHENTICATED with the
 * reference's texts
 * ("Invalid refresh token", "Invalid token type", "Token has been revoked", "Invalid token
 * payload", "User not found or inactive"). The family's revocation must be kept although
 * the call fails: it returns 0 with *ret_reused true in that case. Write transaction. */
MUST_CHECK int auth_session_refresh(struct auth *auth, struct db *db, struct view token,
                                    struct view key, int64_t now_us,
                                    struct auth_tokens *ret, bool *ret_reused,
                                    struct err *reterr);
/* Revokes the presented token (any type) and its family. ERR_UNAUTHENTICATED "Invalid
 * token", ERR_CONFLICT "Token already invalidated", ERR_UNAUTHENTICATED "Not authenticated"
 * without one. */
MUST_CHECK int auth_logout(struct auth *auth, struct db *db, struct view authorization,
                           int64_t now_us, struct err *reterr);
/* A signed guest identity: makes guest, account and session row. Throttled per network. */
MUST_CHECK int auth_guest_session_start(struct auth *auth, struct db *db,
                                        struct principal *principal, struct view user_agent,
                                        int64_t now_us, char token[AUTH_TOKEN_MAX],
                                        int64_t *ret_expires_us, struct err *reterr);

/* ---- passwords: slow on purpose, never on an event loop or the committer ---- */

MUST_CHECK int auth_password_hash(struct view password, char hash[AUTH_HASH_MAX],
                                  struct err *reterr);
/* Takes the same time whether `hash` is a real one or "" (an unknown user). *ret_upgrade:
 * right, but stored in an old form that should be hashed anew. */
bool auth_password_verify(struct view password, const char *hash, bool *ret_upgrade);

/* ---- throttles (sliding, in memory) ---- */

enum auth_throttle { THROTTLE_LOGIN_ACCOUNT, THROTTLE_LOGIN_NETWORK, THROTTLE_SIGNUP };

/* Counts one attempt under `key`. ERR_THROTTLED with the seconds until the next may be
 * tried in *ret_retry_s. A failed login counts; auth_throttle_forgive takes a success back.
 */
MUST_CHECK int auth_throttle(struct auth *auth, enum auth_throttle throttle,
                             struct view key, int64_t now_us, int64_t *ret_retry_s);
void auth_throttle_forgive(struct auth *auth, enum auth_throttle throttle, struct view key);

/* ---- users ---- */

struct user {
    int64_t account_id; /* "id" to clients */
    char email[AUTH_EMAIL_MAX + 1];
    char username[AUTH_USERNAME_MAX + 1];
    char password_hash[AUTH_HASH_MAX];
    bool is_active, is_verified, is_admin;
    int64_t created_us, updated_us; /* updated 0: never */
};

struct user_new {
    struct view email, username;
    const char *password_hash;
    bool is_active, is_verified, is_admin;
};

/* ERR_CONFLICT "Email already registered" or "Username already taken", email first: also
 * when it is another user's name or email, as people log in by either. */
MUST_CHECK int auth_user_create(struct db *db, const struct user_new *user, int64_t now_us,
                                struct user *ret, struct err *reterr);
MUST_CHECK int auth_user_get(struct db *db, int64_t account_id, struct user *ret);
/* By username, or email as stored. */
MUST_CHECK int auth_user_find(struct db *db, struct view username_or_email,
                              struct user *ret);

struct user_changes { /* NULL ptr or negative: leave as it is */
    struct view email, username;
    int is_active, is_verified, is_admin;
};

/* ERR_NOT_FOUND; ERR_CONFLICT "Email already in use" or "Username already taken".
 * Deactivation ends every session at once. */
MUST_CHECK int auth_user_change(struct db *db, int64_t account_id,
                                const struct user_changes *changes, int64_t now_us,
                                struct user *ret, struct err *reterr);
/* Ends every session of the user. */
MUST_CHECK int auth_user_password_set(struct db *db, int64_t account_id, const char *hash,
                                      int64_t now_us);
/* Stores a better hash of the same password: sessions go on. */
MUST_CHECK int auth_user_password_upgrade(struct db *db, int64_t account_id,
                                          const char *hash);
/* Removes the person; the account's figures stay in all sums (usage_account_close). */
MUST_CHECK int auth_user_delete(struct db *db, int64_t account_id, int64_t now_us);

struct user_filter {
    struct view
        search; /* case-insensitive part of email or username; % and _ are wildcards */
    int is_active, is_verified, is_admin; /* negative: any */
    int64_t skip, limit;
};

/* A list of users, newest first, read in parts, since a search looks at all there are. */
struct user_scan {
    struct user_filter filter; /* skip and limit: what is left of them */
    bool is_over;              /* no part follows */
    bool has_begun;            /* this and what follows: false and zeroes at first */
    int64_t created_us, account_id;
};

/* Looks at `most` users at most, or passes over some more that are to be skipped, and calls
 * `row` with those that are wanted. The next part begins where this one ended, whatever the
 * connection. What `row` returns, other than 0, ends the part and is returned. */
MUST_CHECK int auth_user_scan(struct db *db, struct user_scan *scan, int64_t most,
                              int (*row)(void *ctx, const struct user *user), void *ctx);
/* Whether an admin who may log in is left without this one. */
MUST_CHECK int auth_has_other_admin(struct db *db, int64_t account_id, bool *ret);

/* Lower-cases the domain into `ret`; false with the reference's reason ("An email address
 * must have an @-sign.", ...) in *ret_reason, a constant. */
bool auth_email_normalise(struct view email, char ret[AUTH_EMAIL_MAX + 1],
                          const char **ret_reason);

/* ---- guests ---- */

struct guest {
    int64_t account_id, group_id;
    char guest_id[AUTH_GUEST_ID_MAX + 1];
    char address[46];
    char user_agent[256]; /* cut; empty: none */
    int64_t converted_to; /* the user's account id, 0: none */
    int64_t created_us, last_active_us, expires_us;
};

MUST_CHECK int auth_guest_get(struct db *db, struct view guest_id, struct guest *ret);
MUST_CHECK int auth_guest_by_account(struct db *db, int64_t account_id, struct guest *ret);
MUST_CHECK int auth_guest_list(struct db *db, int64_t skip, int64_t limit,
                               bool with_expired, int64_t now_us,
                               int (*row)(void *ctx, const struct guest *guest), void *ctx);
/* Removes session and identity; figures stay in all sums. */
MUST_CHECK int auth_guest_delete(struct db *db, struct view guest_id, int64_t now_us);
/* Moves a guest's usage and identity to the user (usage_merge) and marks the session
 * converted. The caller moves the jobs. 0 also when there is nothing to merge, with
 * *ret_account_id 0. */
MUST_CHECK int auth_guest_merge(struct db *db, struct view guest_id,
                                int64_t user_account_id, int64_t now_us,
                                int64_t *ret_account_id);
/* Removes expired sessions (at most `most`) and forgets revoked tokens that have expired.
 * `forget` is called for each account before it is closed, to give back what it still
 * stores. */
MUST_CHECK int auth_cleanup(struct db *db, int64_t now_us, int64_t most,
                            int (*forget)(void *ctx, struct db *db, int64_t account_id),
                            void *ctx, int64_t *ret_guests);

struct auth_counts {
    int64_t users_total, users_active, users_verified, users_admins, users_new_last_24h;
    int64_t guests_total, guests_active, guests_expired;
};

/* Maintained figures; cost independent of how many there are. Who is new is read by the
 * minute: of a day with signups in each, 1,440 rows. */
MUST_CHECK int auth_counts_read(struct db *db, int64_t now_us, struct auth_counts *ret);
/* Of those only users_total and guests_total, two rows; the others stay. */
MUST_CHECK int auth_totals_read(struct db *db, struct auth_counts *ret);

#endif
