/* What the files of auth/ share. Inside auth/ only. */
#ifndef AUTH_INTERNAL_H
#define AUTH_INTERNAL_H

#include "auth/auth.h"
#include "auth/throttle.h"
#include "auth/token.h"
#include "store/db.h"

enum { THROTTLES_COUNT = THROTTLE_SIGNUP + 1 };

struct auth {
    struct auth_config config;
    struct token_key key;
    struct throttle *throttles[THROTTLES_COUNT];
    struct throttle *guests; /* new ones per network */
};

/* What makes two tokens of a session: the same pair signs the same tokens again. */
struct token_pair {
    char family[UUID_TEXT_SIZE], access_id[UUID_TEXT_SIZE], refresh_id[UUID_TEXT_SIZE];
    int64_t access_expires_us, refresh_expires_us;
};

/* A new pair of that family. */
void pair_make(const struct auth *auth, const char *family, int64_t now_us,
               struct token_pair *ret);
MUST_CHECK int pair_sign(struct auth *auth, const struct user *user,
                         const struct token_pair *pair, struct auth_tokens *ret,
                         struct err *reterr);

/* Copies a column's text, cut to the room there is. */
void column_copy(struct db *db, enum stmt stmt, int column, char *to, size_t size);

/* The user of a row that begins with the columns of user_get. */
void user_row(struct db *db, enum stmt stmt, struct user *ret);

/* A user's id from a token's subject: decimal digits only; false otherwise. */
bool account_of_subject(const char *subject, int64_t *ret);

/* ERR_UNAUTHENTICATED with that text. */
int refusal(struct err *reterr, const char *text);

/* The refusal of a guest whom a signup has made a user. */
int guest_is_gone(struct err *reterr);

/* token_verify, and no guest token without an id: such a one could not be revoked. */
MUST_CHECK int token_accept(struct auth *auth, struct view token, int64_t now_us,
                            struct token_claims *ret);

/* The token of an Authorization header: "Bearer x" in any case. ERR_UNAUTHENTICATED "Not
 * authenticated" for none, "Invalid authentication credentials" for another scheme. */
MUST_CHECK int bearer_token(struct view authorization, struct view *ret,
                            struct err *reterr);

#endif
