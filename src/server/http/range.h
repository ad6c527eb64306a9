/* Range and If-Range (RFC 9110, section 14) for one representation of known size.
 *
 * One byte range is served. Several ranges, other units and malformed fields are ignored,
 * as section 14.2 allows: the client gets the whole with 200. Any thread. */
#ifndef SERVER_HTTP_RANGE_H
#define SERVER_HTTP_RANGE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/view.h"

enum range_result {
    RANGE_WHOLE,         /* 200: no range asked for, or none that is served */
    RANGE_SLICE,         /* 206: *ret holds it */
    RANGE_UNSATISFIABLE, /* 416, with range_format_unsatisfied as Content-Range */
};

struct range {
    int64_t first_bytes; /* offset of the first byte */
    int64_t len_bytes;   /* at least 1 */
};

/* Reads a Range field (absent: a view with ptr NULL) against a size of at least 0. *ret is
 * written for RANGE_SLICE only, and then lies within the size. Positions too large for 64
 * bits count as the largest. A suffix of an empty representation gives RANGE_WHOLE: it is
 * satisfiable, but Content-Range has no way to say so. */
enum range_result range_parse(struct view field, int64_t size_bytes, struct range *ret);

/* Whether Range may be honoured: If-Range is absent, or is exactly the strong `etag` (with
 * its quotes). A weak tag and a date never match: then the client gets the whole. */
bool range_if_range_holds(struct view if_range, struct view etag);

enum { RANGE_TEXT_SIZE = 72 };

/* The Content-Range of a 206, "bytes 0-9/32044", and of a 416: the same with an
 * asterisk for the range. */
void range_format(struct range r, int64_t size_bytes, char text[RANGE_TEXT_SIZE]);
void range_format_unsatisfied(int64_t size_bytes, char text[RANGE_TEXT_SIZE]);

#endif
