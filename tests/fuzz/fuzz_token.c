/* libFuzzer: the input is a token; and again, "header NUL payload" signed with the right
 * key, which takes it past the signature to the readers. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include "auth/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct view input = { (const char *)data, size };
    const char *split = size ? memchr(data, '\0', size) : NULL;
    struct view header = view_of("{\"alg\":\"HS256\"}"), payload = input;
    struct token_claims claims, again;
    char token[AUTH_TOKEN_MAX];
    struct token_key key;

    token_key_init(&key, "0123456789abcdef0123456789abcdef", 32);
    if (token_verify(&key, input, 0, &claims, NULL) == 0 && !claims.subject[0])
        abort();
    if (split) {
        header = view_slice(input, 0, (size_t)(split - input.ptr));
        payload = view_slice(input, header.len + 1, size);
    }
    if (token_sign_raw(&key, header, payload, token, NULL) != 0 ||
        token_verify(&key, view_of(token), 0, &claims, NULL) != 0)
        return 0;
    if (token_sign(&key, &claims, token, NULL) == 0 &&
        (token_verify(&key, view_of(token), 0, &again, NULL) != 0 ||
         strcmp(claims.subject, again.subject) != 0 ||
         strcmp(claims.username, again.username) != 0 || claims.type != again.type ||
         claims.expires_us != again.expires_us))
        abort();
    return 0;
}
