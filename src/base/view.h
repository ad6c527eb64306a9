/* A view: borrowed bytes with a length, no NUL assumed. It owns nothing and lives as long
 * as what it points at. Pass by value. */
#ifndef BASE_VIEW_H
#define BASE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

struct view {
    const char *ptr; /* NULL only together with len 0: an absent value */
    size_t len;
};

static inline struct view view_of(const char *text)
{
    return text ? (struct view){ text, strlen(text) } : (struct view){ NULL, 0 };
}

static inline bool view_eq(struct view a, const char *text)
{
    return a.len == strlen(text) && (a.len == 0 || memcmp(a.ptr, text, a.len) == 0);
}

/* ASCII letters compare equal in either case. */
static inline bool view_eq_nocase(struct view a, const char *text)
{
    return a.len == strlen(text) && (a.len == 0 || strncasecmp(a.ptr, text, a.len) == 0);
}

static inline struct view view_slice(struct view a, size_t from, size_t len)
{
    if (from > a.len)
        from = a.len;
    if (len > a.len - from)
        len = a.len - from;
    return (struct view){ a.ptr ? a.ptr + from : NULL, len };
}

/* Without the bytes of `any_of` at either end. */
static inline struct view view_trim(struct view a, const char *any_of)
{
    while (a.len && a.ptr[0] && strchr(any_of, a.ptr[0]))
        a = view_slice(a, 1, a.len);
    while (a.len && a.ptr[a.len - 1] && strchr(any_of, a.ptr[a.len - 1]))
        a.len--;
    return a;
}

#endif
