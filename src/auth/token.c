#include "auth/token.h"

#include <stdio.h>
#include "auth/claims.h"
#include "base/clock.h"

#define EXPIRES_MAX_S INT64_C(253402300799) /* the end of the year 9999 */

static const char *const type_names[] = {
    [TOKEN_ACCESS] = "access",
    [TOKEN_REFRESH] = "refresh",
    [TOKEN_GUEST] = "guest",
};

void token_key_init(struct token_key *key, const void *secret, size_t secret_len)
{
    (void)crypto_auth_hmacsha256_init(&key->state, secret, secret_len);
}

void token_key_release(struct token_key *key)
{
    sodium_memzero(key, sizeof *key);
}

static void sign_bytes(const struct token_key *key, struct view bytes,
                       unsigned char mac[crypto_auth_hmacsha256_BYTES])
{
    crypto_auth_hmacsha256_state state = key->state;

    (void)crypto_auth_hmacsha256_update(&state, (const unsigned char *)bytes.ptr,
                                        bytes.len);
    (void)crypto_auth_hmacsha256_final(&state, mac);
    sodium_memzero(&state, sizeof state);
}

/* Appends one part and the NUL; false when there is no room. */
static bool encode(char token[AUTH_TOKEN_MAX], size_t *len, const void *bytes,
                   size_t bytes_len)
{
    const size_t room = AUTH_TOKEN_MAX - *len;

    if (bytes_len >= AUTH_TOKEN_MAX ||
        sodium_base64_ENCODED_LEN(bytes_len, sodium_base64_VARIANT_URLSAFE_NO_PADDING) >
            room)
        return false;
    (void)sodium_bin2base64(token + *len, room, bytes, bytes_len,
                            sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    *len += strlen(token + *len);
    return true;
}

static bool decode(struct view part, void *bytes, size_t room, size_t *ret_len)
{
    return sodium_base642bin(bytes, room, part.ptr, part.len, NULL, ret_len, NULL,
                             sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0;
}

int token_sign_raw(const struct token_key *key, struct view header, struct view payload,
                   char token[AUTH_TOKEN_MAX], struct err *reterr)
{
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    size_t len = 0;

    if (!encode(token, &len, header.ptr, header.len))
        return err_set(reterr, ERR_TOO_LARGE, "token: header too long");
    token[len++] = '.';
    if (!encode(token, &len, payload.ptr, payload.len))
        return err_set(reterr, ERR_TOO_LARGE, "token: claims too long");
    sign_bytes(key, (struct view){ token, len }, mac);
    token[len++] = '.';
    if (len >= AUTH_TOKEN_MAX || !encode(token, &len, mac, sizeof mac))
        return err_set(reterr, ERR_TOO_LARGE, "token: claims too long");
    return 0;
}

bool token_is_signed(const struct token_key *key, struct view token,
                     struct view *ret_header, struct view *ret_payload)
{
    unsigned char mac[crypto_auth_hmacsha256_BYTES], given[crypto_auth_hmacsha256_BYTES];
    const char *first, *second;
    size_t header_len, signed_len, given_len;

    if (token.len == 0 || token.len >= AUTH_TOKEN_MAX)
        return false;
    first = memchr(token.ptr, '.', token.len);
    if (!first)
        return false;
    header_len = (size_t)(first - token.ptr);
    second = memchr(first + 1, '.', token.len - header_len - 1);
    if (!second)
        return false;
    signed_len = (size_t)(second - token.ptr);
    if (!decode(view_slice(token, signed_len + 1, token.len), given, sizeof given,
                &given_len) ||
        given_len != sizeof given)
        return false;
    sign_bytes(key, view_slice(token, 0, signed_len), mac);
    if (sodium_memcmp(mac, given, sizeof mac) != 0)
        return false;
    *ret_header = view_slice(token, 0, header_len);
    *ret_payload = view_slice(token, header_len + 1, signed_len - header_len - 1);
    return true;
}

static bool decode_claims(struct view part, struct claims *ret)
{
    char json[AUTH_TOKEN_MAX];
    size_t len;

    return decode(part, json, sizeof json, &len) &&
           claims_read((struct view){ json, len }, ret);
}

static bool header_is_ours(struct view part)
{
    struct claims header;
    const struct claim *alg, *typ;

    if (!decode_claims(part, &header))
        return false;
    alg = claims_find(&header, "alg");
    typ = claims_find(&header, "typ");
    return alg && view_eq(alg->text, "HS256") &&
           (!typ || view_eq_nocase(typ->text, "JWT")) && header.count == (typ ? 2u : 1u);
}

/* Copies a string claim; absent ones leave "". False when it is no string or too long. */
static bool copy_text(const struct claims *c, const char *name, char *to, size_t room)
{
    const struct claim *claim = claims_find(c, name);

    to[0] = '\0';
    if (!claim)
        return true;
    if (!claim->text.ptr || claim->text.len >= room)
        return false;
    memcpy(to, claim->text.ptr, claim->text.len);
    to[claim->text.len] = '\0';
    return true;
}

static bool copy_type(const struct claims *c, enum token_type *ret)
{
    const struct claim *claim = claims_find(c, "type");

    *ret = TOKEN_NONE;
    if (!claim)
        return true;
    for (int type = TOKEN_ACCESS; type <= TOKEN_GUEST; type++) {
        if (view_eq(claim->text, type_names[type]))
            *ret = (enum token_type)type;
    }
    return claim->text.ptr != NULL;
}

int token_verify(const struct token_key *key, struct view token, int64_t now_us,
                 struct token_claims *ret, struct err *reterr)
{
    struct view header, payload;
    struct claims claims;
    struct token_claims found;
    const struct claim *exp;

    if (!token_is_signed(key, token, &header, &payload))
        return err_set(reterr, ERR_UNAUTHENTICATED, "token: not signed by us");
    if (!header_is_ours(header))
        return err_set(reterr, ERR_UNAUTHENTICATED, "token: header is not HS256");
    if (!decode_claims(payload, &claims))
        return err_set(reterr, ERR_UNAUTHENTICATED, "token: claims are not flat JSON");
    if (!copy_type(&claims, &found.type) ||
        !copy_text(&claims, "sub", found.subject, sizeof found.subject) ||
        !copy_text(&claims, "username", found.username, sizeof found.username) ||
        !copy_text(&claims, "jti", found.token_id, sizeof found.token_id) ||
        !copy_text(&claims, "fam", found.family, sizeof found.family) || !found.subject[0])
        return err_set(reterr, ERR_UNAUTHENTICATED, "token: a claim is missing or wrong");
    exp = claims_find(&claims, "exp");
    if (!exp || exp->text.ptr || exp->integer > EXPIRES_MAX_S)
        return err_set(reterr, ERR_UNAUTHENTICATED, "token: exp is no date");
    if (exp->integer < 0 || now_us >= exp->integer * CLOCK_SECOND_US)
        return err_set(reterr, ERR_UNAUTHENTICATED, "token: expired");
    found.expires_us = exp->integer * CLOCK_SECOND_US;
    *ret = found;
    return 0;
}

struct payload {
    char text[AUTH_TOKEN_MAX];
    size_t len;
    bool is_full;
};

static void add(struct payload *p, const char *text, size_t len)
{
    if (len > sizeof p->text - p->len) {
        p->is_full = true;
        return;
    }
    memcpy(p->text + p->len, text, len);
    p->len += len;
}

static void add_text(struct payload *p, const char *name, const char *value)
{
    char escape[8];

    if (!value[0])
        return;
    add(p, p->len > 1 ? ",\"" : "\"", p->len > 1 ? 2 : 1);
    add(p, name, strlen(name));
    add(p, "\":\"", 3);
    for (const char *c = value; *c; c++) {
        if ((unsigned char)*c < 0x20) {
            (void)snprintf(escape, sizeof escape, "\\u%04x", (unsigned)(unsigned char)*c);
            add(p, escape, 6);
            continue;
        }
        if (*c == '"' || *c == '\\')
            add(p, "\\", 1);
        add(p, c, 1);
    }
    add(p, "\"", 1);
}

int token_sign(const struct token_key *key, const struct token_claims *claims,
               char token[AUTH_TOKEN_MAX], struct err *reterr)
{
    struct payload p = { .text = "{", .len = 1 };
    const int64_t exp = claims->expires_us / CLOCK_SECOND_US;
    char number[32];

    if (!claims->subject[0] || exp <= 0 || exp > EXPIRES_MAX_S)
        return err_set(reterr, ERR_INVALID, "token: no subject or no expiry");
    add_text(&p, "sub", claims->subject);
    add_text(&p, "username", claims->username);
    (void)snprintf(number, sizeof number, ",\"exp\":%lld", (long long)exp);
    add(&p, number, strlen(number));
    if (claims->type != TOKEN_NONE)
        add_text(&p, "type", type_names[claims->type]);
    add_text(&p, "jti", claims->token_id);
    add_text(&p, "fam", claims->family);
    add(&p, "}", 1);
    if (p.is_full)
        return err_set(reterr, ERR_TOO_LARGE, "token: claims too long");
    return token_sign_raw(key, view_of("{\"alg\":\"HS256\",\"typ\":\"JWT\"}"),
                          (struct view){ p.text, p.len }, token, reterr);
}
