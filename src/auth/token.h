/* JSON Web Tokens (RFC 7519) in the compact form of RFC 7515, signed with HS256 and nothing
 * else: the algorithm is ours to choose, never the token's.
 *
 * The signature is compared, in constant time, before a byte of header or claims is read,
 * so whoever lacks the key reaches only the base64url decoder. base64url is strict: no
 * padding, no other characters, unused bits zero. So each token has one spelling only. No
 * allocation; any thread. */
#ifndef AUTH_TOKEN_H
#define AUTH_TOKEN_H

#include <stddef.h>
#include <stdint.h>
#include <sodium.h>
#include "auth/auth.h"
#include "base/err.h"
#include "base/view.h"

/* HMAC-SHA256 that has taken in the key already: each token starts from a copy, which saves
 * two of its hash blocks. Read-only after token_key_init, so threads share one. */
struct token_key {
    crypto_auth_hmacsha256_state state;
};

/* `secret` is not kept. Any length; shorter than 32 bytes is for test vectors only. */
void token_key_init(struct token_key *key, const void *secret, size_t secret_len);
/* Wipes the key. */
void token_key_release(struct token_key *key);

struct token_claims {
    enum token_type type;                 /* type; TOKEN_NONE: absent or unknown to us */
    char subject[AUTH_GUEST_ID_MAX + 1];  /* sub: a user's id in decimal, or a guest id */
    char username[AUTH_USERNAME_MAX + 1]; /* username; empty: absent */
    char token_id[UUID_TEXT_SIZE]; /* jti; empty: absent, as in the replaced system's */
    char family[UUID_TEXT_SIZE];   /* fam, of all tokens from one login; empty: absent */
    int64_t expires_us;            /* exp; whole seconds, rounded down */
};

/* Writes the token and its NUL. Empty members and TOKEN_NONE are left out. ERR_TOO_LARGE
 * when it would not fit, ERR_INVALID without subject or expiry. */
MUST_CHECK int token_sign(const struct token_key *key, const struct token_claims *claims,
                          char token[AUTH_TOKEN_MAX], struct err *reterr);

/* Fills *ret from a token that is signed with `key`, whose header says alg HS256 (and typ
 * JWT or no typ) and nothing more, and which has not expired at `now_us`. sub (not empty)
 * and exp (a whole number) must be there; type, jti, fam and username have the right JSON
 * type, or are absent. The caller judges type and subject. ERR_UNAUTHENTICATED, with the
 * reason for the log in *reterr; *ret is then unchanged. */
MUST_CHECK int token_verify(const struct token_key *key, struct view token, int64_t now_us,
                            struct token_claims *ret, struct err *reterr);

/* The two steps beneath. Signs any header and payload: ERR_TOO_LARGE. */
MUST_CHECK int token_sign_raw(const struct token_key *key, struct view header,
                              struct view payload, char token[AUTH_TOKEN_MAX],
                              struct err *reterr);
/* Whether `token` has three parts and the third is the signature of the others, whatever
 * these say. Fills the encoded header and payload, which point into `token`. */
MUST_CHECK bool token_is_signed(const struct token_key *key, struct view token,
                                struct view *ret_header, struct view *ret_payload);

#endif
