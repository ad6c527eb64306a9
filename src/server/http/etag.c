#include "server/http/etag.h"

static struct view opaque(struct view tag)
{
    return tag.len >= 2 && memcmp(tag.ptr, "W/", 2) == 0 ? view_slice(tag, 2, tag.len)
                                                         : tag;
}

static struct view skip(struct view v, const char *any_of)
{
    while (v.len && v.ptr[0] != '\0' && strchr(any_of, v.ptr[0]))
        v = view_slice(v, 1, v.len);
    return v;
}

bool etag_list_names(struct view if_none_match, struct view etag)
{
    struct view list = skip(if_none_match, " \t");

    etag = opaque(etag);
    if (list.len && list.ptr[0] == '*')
        return skip(view_slice(list, 1, list.len), " \t").len == 0;
    for (list = skip(list, ", \t"); list.len; list = skip(list, ", \t")) {
        const char *end;
        size_t len;

        list = opaque(list);
        end = list.len && list.ptr[0] == '"' ? memchr(list.ptr + 1, '"', list.len - 1)
                                             : NULL;
        if (!end)
            return false;
        len = (size_t)(end - list.ptr) + 1;
        if (len == etag.len && memcmp(list.ptr, etag.ptr, len) == 0)
            return true;
        list = skip(view_slice(list, len, list.len), " \t");
        if (list.len && list.ptr[0] != ',')
            return false;
    }
    return false;
}
