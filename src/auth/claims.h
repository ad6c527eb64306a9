/* Reads the JSON of a token: one flat object whose values are strings and integers.
 *
 * Anything else (nesting, fractions, exponents, booleans, null, a name given twice, NUL or
 * a lone surrogate in a string, more than CLAIMS_MAX members) is refused: a token that
 * needs it is not one of ours. No allocation; any thread. */
#ifndef AUTH_CLAIMS_H
#define AUTH_CLAIMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "auth/auth.h"
#include "base/view.h"

enum { CLAIMS_MAX = 16 };

struct claim {
    struct view name;
    struct view text; /* unescaped, without NUL bytes; ptr NULL: the value is an integer */
    int64_t integer;
};

/* Its views point into itself, so it is not to be copied. */
struct claims {
    struct claim items[CLAIMS_MAX];
    size_t count;
    char text[AUTH_TOKEN_MAX];
    size_t text_len;
};

/* False when `json` is not such an object, or has AUTH_TOKEN_MAX bytes or more. */
MUST_CHECK bool claims_read(struct view json, struct claims *ret);

/* NULL when absent. */
const struct claim *claims_find(const struct claims *c, const char *name);

#endif
