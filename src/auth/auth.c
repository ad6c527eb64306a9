#include "auth/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"

/* Keys that a throttle remembers: 104 bytes each. */
enum { THROTTLE_KEYS = 16384 };

int auth_new(const struct auth_config *config, struct auth **ret, struct err *reterr)
{
    const struct {
        struct throttle **throttle;
        int64_t limit, window_us;
    } wanted[] = {
        { NULL, config->logins_per_minute, CLOCK_MINUTE_US },
        { NULL, config->logins_per_minute * 10, CLOCK_MINUTE_US },
        { NULL, config->signups_per_hour, CLOCK_HOUR_US },
    };
    struct auth *auth = calloc(1, sizeof *auth);
    int rc = 0;

    if (!auth)
        return err_set(reterr, ERR_NO_MEMORY, "auth");
    if (sodium_init() < 0)
        rc = err_set(reterr, ERR_INTERNAL, "libsodium did not start");
    auth->config = *config;
    auth->config.secret = NULL;
    token_key_init(&auth->key, config->secret, config->secret_len);
    for (size_t i = 0; i < THROTTLES_COUNT && rc == 0; i++)
        rc = throttle_new(wanted[i].limit, wanted[i].window_us, THROTTLE_KEYS,
                          &auth->throttles[i], reterr);
    if (rc == 0)
        rc = throttle_new(config->guests_per_hour, CLOCK_HOUR_US, THROTTLE_KEYS,
                          &auth->guests, reterr);
    if (rc == 0) {
        *ret = auth;
        auth = NULL;
    }
    auth_free(&auth);
    return rc;
}

void auth_free(struct auth **auth)
{
    if (!*auth)
        return;
    for (size_t i = 0; i < THROTTLES_COUNT; i++)
        throttle_free(&(*auth)->throttles[i]);
    throttle_free(&(*auth)->guests);
    token_key_release(&(*auth)->key);
    free(*auth);
    *auth = NULL;
}

int auth_throttle(struct auth *auth, enum auth_throttle throttle, struct view key,
                  int64_t now_us, int64_t *ret_retry_s)
{
    return throttle_count(auth->throttles[throttle], key, now_us, ret_retry_s);
}

void auth_throttle_forgive(struct auth *auth, enum auth_throttle throttle, struct view key)
{
    throttle_forgive(auth->throttles[throttle], key);
}

void column_copy(struct db *db, enum stmt stmt, int column, char *to, size_t size)
{
    const struct view text = db_text(db, stmt, column);

    (void)snprintf(to, size, "%.*s", (int)text.len, text.ptr ? text.ptr : "");
}

bool account_of_subject(const char *subject, int64_t *ret)
{
    char *end;

    if (strspn(subject, "0123456789") != strlen(subject) || !subject[0] ||
        strlen(subject) > 18)
        return false;
    *ret = strtoll(subject, &end, 10);
    return true;
}

int token_accept(struct auth *auth, struct view token, int64_t now_us,
                 struct token_claims *ret)
{
    const int rc = token_verify(&auth->key, token, now_us, ret, NULL);

    return rc == 0 && ret->type == TOKEN_GUEST && !ret->token_id[0] ? ERR_UNAUTHENTICATED
                                                                    : rc;
}

int bearer_token(struct view authorization, struct view *ret, struct err *reterr)
{
    const char *space = authorization.len
                            ? memchr(authorization.ptr, ' ', authorization.len)
                            : NULL;
    const size_t scheme_len = space ? (size_t)(space - authorization.ptr)
                                    : authorization.len;
    struct view token = view_slice(authorization, scheme_len, authorization.len);

    while (token.len && *token.ptr == ' ')
        token = view_slice(token, 1, token.len);
    if (authorization.len &&
        !view_eq_nocase(view_slice(authorization, 0, scheme_len), "bearer"))
        return err_set(reterr, ERR_UNAUTHENTICATED, "Invalid authentication credentials");
    if (token.len == 0)
        return err_set(reterr, ERR_UNAUTHENTICATED, "Not authenticated");
    *ret = token;
    return 0;
}
