#include "server/http/disposition.h"

#include "base/utf8.h"

static const struct view replacement = { "\xef\xbf\xbd", 3 };

/* Takes a character off the front; what stands for it is in *ret, empty for a control. What
 * separates folders does not: the name is one of a file. */
static uint32_t take_char(struct view *text, struct view *ret)
{
    uint32_t code = 0xfffd;
    const size_t len = utf8_next(*text, &code);

    *ret = len ? view_slice(*text, 0, len) : replacement;
    *text = view_slice(*text, len ? len : 1, text->len);
    if (code < 0x20 || (code >= 0x7f && code < 0xa0))
        ret->len = 0;
    if (code == '/' || code == '\\')
        *ret = view_of("_");
    return code;
}

static bool is_attr_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c != '\0' && strchr("!#$&+-.^_`|~", c));
}

static void add_extended(struct buf *out, struct view name)
{
    static const char hex[] = "0123456789ABCDEF";

    while (name.len) {
        struct view c;

        (void)take_char(&name, &c);
        for (size_t i = 0; i < c.len; i++) {
            const unsigned char byte = (unsigned char)c.ptr[i];

            if (is_attr_char(c.ptr[i]))
                buf_add_char(out, c.ptr[i]);
            else
                buf_add(out, (char[]){ '%', hex[byte >> 4], hex[byte & 15] }, 3);
        }
    }
}

void disposition_attachment(struct buf *out, struct view filename)
{
    struct view rest = filename, c;
    bool all_ascii = true;

    buf_add_text(out, "attachment; filename=\"");
    while (rest.len) {
        const uint32_t code = take_char(&rest, &c);

        if (c.len == 0)
            continue;
        if (code > 0x7f) {
            all_ascii = false;
            buf_add_char(out, '_');
            continue;
        }
        if (code == '"')
            buf_add_char(out, '\\');
        buf_add(out, c.ptr, c.len);
    }
    buf_add_char(out, '"');
    if (!all_ascii) {
        buf_add_text(out, "; filename*=UTF-8''");
        add_extended(out, filename);
    }
}
