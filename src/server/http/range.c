#include "server/http/range.h"

#include <inttypes.h>
#include <stdio.h>

static const char BLANKS[] = " \t";

/* Takes digits off the front; -1 where there are none. */
static int64_t take_position(struct view *v)
{
    int64_t value = v->len && v->ptr[0] >= '0' && v->ptr[0] <= '9' ? 0 : -1;

    while (v->len && v->ptr[0] >= '0' && v->ptr[0] <= '9') {
        const int digit = v->ptr[0] - '0';

        value = value > (INT64_MAX - digit) / 10 ? INT64_MAX : value * 10 + digit;
        *v = view_slice(*v, 1, v->len);
    }
    return value;
}

/* The only element of a list in which RFC 9110 (5.6.1) lets empty elements stand. */
static bool single_element(struct view list, struct view *ret)
{
    *ret = (struct view){ NULL, 0 };
    while (list.len) {
        const char *comma = memchr(list.ptr, ',', list.len);
        const size_t len = comma ? (size_t)(comma - list.ptr) : list.len;
        const struct view element = view_trim(view_slice(list, 0, len), BLANKS);

        if (element.len && ret->len)
            return false;
        if (element.len)
            *ret = element;
        list = view_slice(list, comma ? len + 1 : len, list.len);
    }
    return ret->len > 0;
}

static enum range_result suffix_range(int64_t len, int64_t size, struct range *ret)
{
    if (len == 0)
        return RANGE_UNSATISFIABLE;
    if (size == 0)
        return RANGE_WHOLE;
    if (len > size)
        len = size;
    *ret = (struct range){ size - len, len };
    return RANGE_SLICE;
}

enum range_result range_parse(struct view field, int64_t size_bytes, struct range *ret)
{
    struct view spec;
    int64_t first, last;

    field = view_trim(field, BLANKS);
    if (field.len < 6 || !view_eq_nocase(view_slice(field, 0, 6), "bytes=") ||
        !single_element(view_slice(field, 6, field.len), &spec))
        return RANGE_WHOLE;
    first = take_position(&spec);
    if (spec.len == 0 || spec.ptr[0] != '-')
        return RANGE_WHOLE;
    spec = view_slice(spec, 1, spec.len);
    last = take_position(&spec);
    if (spec.len || (first < 0 && last < 0))
        return RANGE_WHOLE;
    if (first < 0)
        return suffix_range(last, size_bytes, ret);
    if (last >= 0 && last < first)
        return RANGE_WHOLE;
    if (first >= size_bytes)
        return RANGE_UNSATISFIABLE;
    if (last < 0 || last >= size_bytes)
        last = size_bytes - 1;
    *ret = (struct range){ first, last - first + 1 };
    return RANGE_SLICE;
}

bool range_if_range_holds(struct view if_range, struct view etag)
{
    if (!if_range.ptr)
        return true;
    if_range = view_trim(if_range, BLANKS);
    return etag.len >= 2 && etag.ptr[0] == '"' && if_range.len == etag.len &&
           memcmp(if_range.ptr, etag.ptr, etag.len) == 0;
}

void range_format(struct range r, int64_t size_bytes, char text[RANGE_TEXT_SIZE])
{
    (void)snprintf(text, RANGE_TEXT_SIZE, "bytes %" PRId64 "-%" PRId64 "/%" PRId64,
                   r.first_bytes, r.first_bytes + r.len_bytes - 1, size_bytes);
}

void range_format_unsatisfied(int64_t size_bytes, char text[RANGE_TEXT_SIZE])
{
    (void)snprintf(text, RANGE_TEXT_SIZE, "bytes */%" PRId64, size_bytes);
}
