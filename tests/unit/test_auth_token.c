#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include "auth/claims.h"
#include "auth/token.h"
#include "base/clock.h"

#define NOW_S  INT64_C(1795489766)
#define NOW_US (NOW_S * CLOCK_SECOND_US)
#define HEADER "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
#define GOOD   "{\"sub\":\"1\",\"exp\":1795489767}"

static const struct token_claims sample = {
    .type = TOKEN_REFRESH,
    .subject = "42",
    .username = "al\"i\\ce\n\xc3\xa9",
    .token_id = "11111111-2222-4333-8444-555555555555",
    .family = "66666666-7777-4888-9999-000000000000",
    .expires_us = NOW_US + CLOCK_MINUTE_US,
};

static struct token_key key_of(const char *secret)
{
    struct token_key key;

    token_key_init(&key, secret, strlen(secret));
    return key;
}

static int verify(struct view token, struct token_claims *ret)
{
    const struct token_key key = key_of("0123456789abcdef0123456789abcdef");

    return token_verify(&key, token, NOW_US, ret, NULL);
}

/* Signs anything with the right key, then verifies it. */
static int verdict(const char *header, struct view payload, struct token_claims *ret)
{
    const struct token_key key = key_of("0123456789abcdef0123456789abcdef");
    char token[AUTH_TOKEN_MAX];

    assert_int_equal(token_sign_raw(&key, view_of(header), payload, token, NULL), 0);
    return verify(view_of(token), ret);
}

static void sign(const struct token_claims *claims, char token[AUTH_TOKEN_MAX])
{
    const struct token_key key = key_of("0123456789abcdef0123456789abcdef");

    assert_int_equal(token_sign(&key, claims, token, NULL), 0);
}

static void the_vector_of_rfc_7515_holds(void **state)
{
    (void)state;
    static const char token[] = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
                                "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODA"
                                "sDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
                                "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW"
                                "1gFWFOEjXk";
    static const char key64[] = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-"
                                "1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    unsigned char secret[64];
    struct token_key key;
    struct view header, payload;
    size_t len;

    assert_int_equal(sodium_base642bin(secret, sizeof secret, key64, strlen(key64), NULL,
                                       &len, NULL,
                                       sodium_base64_VARIANT_URLSAFE_NO_PADDING),
                     0);
    assert_int_equal(len, 64);
    token_key_init(&key, secret, len);
    assert_true(token_is_signed(&key, view_of(token), &header, &payload));
    assert_int_equal(header.len, 40);
    token_key_release(&key);
    assert_false(token_is_signed(&key, view_of(token), &header, &payload));
}

static void what_is_signed_reads_back(void **state)
{
    (void)state;
    char token[AUTH_TOKEN_MAX];
    struct token_claims got;

    sign(&sample, token);
    assert_memory_equal(token, "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.", 37);
    assert_int_equal(verify(view_of(token), &got), 0);
    assert_int_equal(got.type, TOKEN_REFRESH);
    assert_string_equal(got.subject, sample.subject);
    assert_string_equal(got.username, sample.username);
    assert_string_equal(got.token_id, sample.token_id);
    assert_string_equal(got.family, sample.family);
    assert_int_equal(got.expires_us, sample.expires_us);
}

static void every_flipped_bit_and_every_cut_is_refused(void **state)
{
    (void)state;
    char token[AUTH_TOKEN_MAX];
    struct token_claims got;
    size_t len;

    sign(&sample, token);
    len = strlen(token);
    for (size_t i = 0; i < len; i++) {
        for (int bit = 0; bit < 8; bit++) {
            token[i] = (char)(token[i] ^ (1 << bit));
            assert_int_equal(verify((struct view){ token, len }, &got),
                             ERR_UNAUTHENTICATED);
            token[i] = (char)(token[i] ^ (1 << bit));
        }
        assert_int_equal(verify((struct view){ token, i }, &got), ERR_UNAUTHENTICATED);
    }
    assert_int_equal(verify((struct view){ token, len + 1 }, &got), ERR_UNAUTHENTICATED);
    assert_int_equal(verify((struct view){ token, len }, &got), 0);
}

static void a_signature_has_one_spelling(void **state)
{
    (void)state;
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    char token[AUTH_TOKEN_MAX];
    struct token_claims got;
    size_t len;
    int good = 0;

    sign(&sample, token);
    len = strlen(token);
    for (const char *digit = digits; *digit; digit++) {
        token[len - 1] = *digit;
        good += verify((struct view){ token, len }, &got) == 0;
    }
    assert_int_equal(good, 1);
    sign(&sample, token);
    memcpy(token + len, "=", 2);
    assert_int_equal(verify(view_of(token), &got), ERR_UNAUTHENTICATED);
    memcpy(token + len, ".a", 3);
    assert_int_equal(verify(view_of(token), &got), ERR_UNAUTHENTICATED);
}

static void only_our_header_is_taken(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "{\"alg\":\"none\"}",
        "{\"alg\":\"None\",\"typ\":\"JWT\"}",
        "{\"alg\":\"HS512\",\"typ\":\"JWT\"}",
        "{\"alg\":\"hs256\"}",
        "{\"alg\":\"RS256\"}",
        "{\"alg\":\"\"}",
        "{\"alg\":256}",
        "{\"typ\":\"JWT\"}",
        "{}",
        "",
        "HS256",
        "[\"HS256\"]",
        "{\"alg\":\"HS256\",\"alg\":\"HS256\"}",
        "{\"alg\":\"HS256\",\"alg\":\"none\"}",
        "{\"alg\":\"HS256\",\"\\u0061lg\":\"none\"}",
        "{\"alg\":\"HS256\",\"typ\":\"JWE\"}",
        "{\"alg\":\"HS256\",\"kid\":\"../../dev/null\"}",
        "{\"alg\":\"HS256\",\"crit\":[\"exp\"]}",
        "{\"alg\":\"HS256\",\"typ\":1}",
        "{\"alg\":\"HS256\"}x",
        "{\"alg\":\"HS256\",}",
    };
    struct token_claims got;

    for (size_t i = 0; i < UNIT_COUNT(wrong); i++)
        assert_int_equal(verdict(wrong[i], view_of(GOOD), &got), ERR_UNAUTHENTICATED);
    assert_int_equal(verdict(HEADER, view_of(GOOD), &got), 0);
    assert_int_equal(verdict("{\"alg\":\"HS256\"}", view_of(GOOD), &got), 0);
    assert_int_equal(
        verdict(" {\"typ\" : \"jwt\",\r\n\"\\u0061lg\":\"HS256\" } ", view_of(GOOD), &got),
        0);
}

static void alg_none_without_a_signature_is_refused(void **state)
{
    (void)state;
    static const char *const tokens[] = {
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIiwiZXhwIjo5OTk5OTk5OTk5fQ.",
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIiwiZXhwIjo5OTk5OTk5OTk5fQ",
        "..",
        ".",
        "",
        "...",
        "a.b.c",
        "eyJhbGciOiJIUzI1NiJ9..",
    };
    struct token_claims got;

    for (size_t i = 0; i < UNIT_COUNT(tokens); i++)
        assert_int_equal(verify(view_of(tokens[i]), &got), ERR_UNAUTHENTICATED);
    assert_int_equal(verify(view_of(NULL), &got), ERR_UNAUTHENTICATED);
}

static void another_key_is_refused(void **state)
{
    (void)state;
    const struct token_key other = key_of("0123456789abcdef0123456789abcdeg");
    char token[AUTH_TOKEN_MAX];
    struct token_claims got;

    sign(&sample, token);
    assert_int_equal(token_verify(&other, view_of(token), NOW_US, &got, NULL),
                     ERR_UNAUTHENTICATED);
}

static const char *const wrong_claims[] = {
    "",
    "{}",
    "null",
    "1",
    "\"x\"",
    "[]",
    "{\"sub\":\"1\"}",
    "{\"exp\":1795489767}",
    "{\"sub\":\"1\",\"exp\":1795489767.0}",
    "{\"sub\":\"1\",\"exp\":1.795489767e9}",
    "{\"sub\":\"1\",\"exp\":-1795489767}",
    "{\"sub\":\"1\",\"exp\":-1}",
    "{\"sub\":\"1\",\"exp\":\"1795489767\"}",
    "{\"sub\":\"1\",\"exp\":01795489767}",
    "{\"sub\":\"1\",\"exp\":0}",
    "{\"sub\":\"1\",\"exp\":-0}",
    "{\"sub\":\"1\",\"exp\":-}",
    "{\"sub\":\"1\",\"exp\":1795489766}",
    "{\"sub\":\"1\",\"exp\":9223372036854775807}",
    "{\"sub\":\"1\",\"exp\":9223372036854775808}",
    "{\"sub\":\"1\",\"exp\":99999999999999999999}",
    "{\"sub\":\"1\",\"exp\":253402300800}",
    "{\"sub\":\"1\",\"exp\":true}",
    "{\"sub\":\"1\",\"exp\":null}",
    "{\"sub\":\"1\",\"exp\":NaN}",
    "{\"sub\":\"1\",\"exp\":[1]}",
    "{\"sub\":1,\"exp\":1795489767}",
    "{\"sub\":\"\",\"exp\":1795489767}",
    "{\"sub\":\"1\",\"sub\":\"2\",\"exp\":1795489767}",
    "{\"sub\":\"1\",\"exp\":1,\"exp\":1795489767}",
    "{\"sub\":\"1\",\"s\\u0075b\":\"2\",\"exp\":1795489767}",
    "{\"sub\":\"1\\u0000\",\"exp\":1795489767}",
    "{\"sub\":\"\\ud800\",\"exp\":1795489767}",
    "{\"sub\":\"\\udc00\",\"exp\":1795489767}",
    "{\"sub\":\"\\ud800\\u0041\",\"exp\":1795489767}",
    "{\"sub\":\"\\x\",\"exp\":1795489767}",
    "{\"sub\":\"\n\",\"exp\":1795489767}",
    "{\"sub\":\"1\",\"exp\":1795489767,\"type\":1}",
    "{\"sub\":\"1\",\"exp\":1795489767,\"jti\":1}",
    "{\"sub\":\"1\",\"exp\":1795489767,\"jti\":"
    "\"1111111111111111111111111111111111111\"}",
    "{\"sub\":\"1\",\"exp\":1795489767,\"x\":{}}",
    "{\"sub\":\"1\",\"exp\":1795489767",
    "{\"sub\":\"1\",\"exp\":1795489767}}",
    "{\"sub\":\"1\" \"exp\":1795489767}",
    "{\"sub\":\"1\",\"exp\":1795489767,\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,"
    "\"g\":1,"
    "\"h\":1,\"i\":1,\"j\":1,\"k\":1,\"l\":1,\"m\":1,\"n\":1,\"o\":1}",
};

static void wrong_claims_are_refused(void **state)
{
    struct token_claims got = { .subject = "kept" };

    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(wrong_claims); i++) {
        if (verdict(HEADER, view_of(wrong_claims[i]), &got) != ERR_UNAUTHENTICATED)
            fail_msg("taken: %s", wrong_claims[i]);
    }
    assert_int_equal(verdict(HEADER, (struct view){ GOOD, strlen(GOOD) + 1 }, &got),
                     ERR_UNAUTHENTICATED);
    assert_string_equal(got.subject, "kept");
}

static void types_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        enum token_type type;
    } cases[] = {
        { "{\"sub\":\"1\",\"exp\":1795489767,\"type\":\"access\"}", TOKEN_ACCESS },
        { "{\"sub\":\"1\",\"exp\":1795489767,\"type\":\"refresh\",\"iat\":-5}",
          TOKEN_REFRESH },
        { "{\"sub\":\"1\",\"exp\":1795489767,\"type\":\"guest\"}", TOKEN_GUEST },
        { "{\"sub\":\"1\",\"exp\":1795489767,\"type\":\"Access\"}", TOKEN_NONE },
        { "{\"sub\":\"1\",\"exp\":1795489767,\"type\":\"\"}", TOKEN_NONE },
        { GOOD, TOKEN_NONE },
    };
    struct token_claims got;

    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        assert_int_equal(verdict(HEADER, view_of(cases[i].json), &got), 0);
        assert_int_equal(got.type, cases[i].type);
        assert_string_equal(got.token_id, "");
    }
}

static void escapes_become_utf8(void **state)
{
    (void)state;
    struct token_claims got;

    assert_int_equal(
        verdict(HEADER,
                view_of("{\"exp\":1795489767,\"sub\":\"\\u00e9\\u20ac\\ud83d\\ude00"
                        "\\/\\b\\f\\n\\r\\t\"}"),
                &got),
        0);
    assert_string_equal(got.subject, "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80/\b\f\n\r\t");
}

static void sizes_are_bounded(void **state)
{
    (void)state;
    const struct token_key key = key_of("k");
    struct token_claims claims = sample, got;
    char token[AUTH_TOKEN_MAX];
    char *huge = malloc(1 << 20);

    assert_non_null(huge);
    memset(huge, 'A', 1 << 20);
    assert_int_equal(verify((struct view){ huge, 1 << 20 }, &got), ERR_UNAUTHENTICATED);
    huge[100] = huge[200] = '.';
    assert_int_equal(verify((struct view){ huge, 1 << 20 }, &got), ERR_UNAUTHENTICATED);
    for (size_t len = 0; len < 1100; len++) {
        if (token_sign_raw(&key, view_of(HEADER), (struct view){ huge, len }, token,
                           NULL) == 0)
            assert_true(strlen(token) < AUTH_TOKEN_MAX);
        else
            assert_true(len > 700);
    }
    free(huge);
    memset(claims.username, 'u', AUTH_USERNAME_MAX);
    sign(&claims, token);
    assert_int_equal(verify(view_of(token), &got), 0);
    memset(claims.username, 1, AUTH_USERNAME_MAX);
    assert_int_equal(token_sign(&key, &claims, token, NULL), ERR_TOO_LARGE);
    claims.subject[0] = '\0';
    assert_int_equal(token_sign(&key, &claims, token, NULL), ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vector_of_rfc_7515_holds),
        cmocka_unit_test(what_is_signed_reads_back),
        cmocka_unit_test(every_flipped_bit_and_every_cut_is_refused),
        cmocka_unit_test(a_signature_has_one_spelling),
        cmocka_unit_test(only_our_header_is_taken),
        cmocka_unit_test(alg_none_without_a_signature_is_refused),
        cmocka_unit_test(another_key_is_refused),
        cmocka_unit_test(wrong_claims_are_refused),
        cmocka_unit_test(types_are_told_apart),
        cmocka_unit_test(escapes_become_utf8),
        cmocka_unit_test(sizes_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
