/* JSON in and out (RFC 8259), without a tree on the way out.
 *
 * Writing streams compact JSON into a struct buf; commas are put in by the writer. Errors
 * stick in the buf. Reading builds a bounded tree for small documents (request bodies).
 * One thread at a time per object. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/err.h"
#include "base/view.h"

/* ---- writing ---- */

struct json {
    struct buf *out;  /* borrowed */
    bool needs_comma; /* before the next key or value */
};

void json_init(struct json *j, struct buf *out);
void json_object_begin(struct json *j);
void json_object_end(struct json *j);
void json_array_begin(struct json *j);
void json_array_end(struct json *j);
/* A member name; the next call writes its value. It is written as it is: a name of ours,
 * which needs no escape. */
void json_key(struct json *j, const char *name);

/* UTF-8 stays as it is; control characters, quote and backslash are escaped; a byte that
 * is no UTF-8 becomes U+FFFD. A view with ptr NULL is null. */
void json_text(struct json *j, struct view value);
void json_int(struct json *j, int64_t value);
void json_bool(struct json *j, bool value);
void json_null(struct json *j);
/* Quoted RFC 3339 time, or null for 0: no event of ours happened in 1970. */
void json_time(struct json *j, int64_t time_us);
/* numerator/denominator rounded as Python's round(x, 2) does on the double quotient, and
 * printed the shortest way with at least one fraction digit (0.15, 11.67, 100.0).
 * A zero denominator prints the integer 0: nothing to divide by. */
void json_ratio(struct json *j, int64_t numerator, int64_t denominator);
/* A double, shortest form that reads back the same, at least one fraction digit. NaN and
 * infinities are null. */
void json_double(struct json *j, double value);
/* Text that is JSON already. */
void json_raw(struct json *j, struct view value);

/* key and value in one call */
void json_put_text(struct json *j, const char *name, struct view value);
void json_put_str(struct json *j, const char *name, const char *value); /* NULL: null */
void json_put_int(struct json *j, const char *name, int64_t value);
void json_put_bool(struct json *j, const char *name, bool value);
void json_put_null(struct json *j, const char *name);
void json_put_time(struct json *j, const char *name, int64_t time_us);
/* A time that someone else chose: never null. */
void json_put_moment(struct json *j, const char *name, int64_t time_us);
void json_put_ratio(struct json *j, const char *name, int64_t numerator,
                    int64_t denominator);
void json_put_double(struct json *j, const char *name, double value);

/* ---- reading ---- */

enum json_type {
    JSON_NULL,
    JSON_BOOL,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
};

enum {
    JSON_DEPTH_MAX = 32,
    JSON_NODES_MAX = 512, /* values in one document */
};

struct json_value {
    enum json_type type;
    struct view source; /* the value's own bytes in the document, quotes included */
    struct view name;   /* the member's name, when the parent is an object */
    struct view text;   /* JSON_STRING: unescaped UTF-8, may contain NUL */
    bool boolean;
    bool is_integer; /* JSON_NUMBER without fraction or exponent that fits int64_t */
    bool has_lone_surrogate; /* the string held \ud800..\udfff unpaired: U+FFFD stands for
                                it */
    int64_t integer;
    double number;
    struct json_value *first_child, *next; /* in document order */
};

struct json_document;

/* Parses `source`, which must outlive the document. On success *ret is the caller's, to be
 * freed with json_document_free. Fails with ERR_INVALID, the byte offset of the fault in
 * *ret_offset and Python's wording of it in *reterr ("Expecting value", "Extra data",
 * "Expecting property name enclosed in double quotes", "Expecting ',' delimiter",
 * "Expecting ':' delimiter", "Unterminated string starting at", "Invalid control character
 * at", "Invalid \\escape"), or with ERR_TOO_LARGE past the bounds above. */
MUST_CHECK int json_parse(struct view source, struct json_document **ret,
                          size_t *ret_offset, struct err *reterr);
const struct json_value *json_root(const struct json_document *doc);
void json_document_free(struct json_document **doc);

/* The last member of that name, as Python and browsers read duplicates; NULL when absent or
 * when `object` is no object. */
const struct json_value *json_member(const struct json_value *object, const char *name);

#endif
