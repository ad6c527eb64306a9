#include "server/http/preference.h"

#include <string.h>
#include <strings.h>

/* Takes what stands before `separator` off the front, without blanks around it. */
static struct view part_take(struct view *list, char separator)
{
    const char *end = list->len ? memchr(list->ptr, separator, list->len) : NULL;
    const size_t len = end ? (size_t)(end - list->ptr) : list->len;
    const struct view part = view_slice(*list, 0, len);

    *list = view_slice(*list, end ? len + 1 : len, list->len);
    return view_trim(part, " \t");
}

/* q=0, q=0.0, ...: not wanted. */
static bool weight_is_zero(struct view parameter)
{
    if (parameter.len < 3 || strncasecmp(parameter.ptr, "q=0", 3) != 0)
        return false;
    for (size_t i = 3; i < parameter.len; i++) {
        if (parameter.ptr[i] != '.' && parameter.ptr[i] != '0')
            return false;
    }
    return true;
}

bool preference_names(struct view list, const char *item)
{
    const size_t item_len = strlen(item);

    while (list.len) {
        struct view element = part_take(&list, ',');
        const struct view name = part_take(&element, ';');
        bool is_wanted = true;

        if (name.len != item_len || strncasecmp(name.ptr, item, item_len) != 0)
            continue;
        while (element.len)
            is_wanted &= !weight_is_zero(part_take(&element, ';'));
        return is_wanted;
    }
    return false;
}
