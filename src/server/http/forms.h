/* Query strings: percent-decoding, parameters, and their values as integers and booleans,
 * read the way clients of Python services expect. Nothing is allocated. Any thread. */
#ifndef SERVER_HTTP_FORMS_H
#define SERVER_HTTP_FORMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "base/view.h"

enum { FORM_PARAMS_MAX = 16 };

struct form_param {
    struct view name, value; /* decoded; a name without "=" has an empty value */
};

struct form {
    struct form_param params[FORM_PARAMS_MAX]; /* in the order sent */
    size_t count;
};

/* Decodes %XX, and "+" to a space when asked, into `to`, which has room for text.len bytes
 * and may be the text itself. ERR_INVALID for a bad escape, and for %00: no value of ours
 * holds a NUL, and C code below would take it for the end. A NUL that is not escaped is
 * refused too. */
MUST_CHECK int percent_decode(struct view text, bool plus_is_space, char *to,
                              size_t *ret_len);

/* Splits and decodes a query string (without "?"). The views point into `storage`, which
 * has room for query.len bytes. ERR_INVALID as above, ERR_TOO_LARGE past FORM_PARAMS_MAX;
 * on failure the form is empty. */
MUST_CHECK int form_parse(struct view query, char *storage, struct form *ret);
/* The value of the last parameter of that name; ptr NULL when there is none. */
struct view form_value(const struct form *f, const char *name);

/* An integer as Python's int() and pydantic read it: blanks around, a sign, single
 * underscores between digits, a fraction of zeros ("1_000", "+7", "5.0"). ERR_INVALID when
 * it is none, ERR_TOO_LARGE when it does not fit; *ret is then left alone. */
MUST_CHECK int form_int(struct view value, int64_t *ret);
/* true/false, yes/no, on/off, 1/0, t/f, y/n in any case; else ERR_INVALID. */
MUST_CHECK int form_bool(struct view value, bool *ret);

#endif
