#include "base/utf8.h"

size_t utf8_next(struct view text, uint32_t *ret_code)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    const unsigned char *p = (const unsigned char *)text.ptr;
    uint32_t value;
    size_t len;

    if (text.len == 0)
        return 0;
    len = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : p[0] >= 0xC0 ? 2 : p[0] < 0x80;
    if (len == 0 || p[0] >= 0xF8 || text.len < len)
        return 0;
    value = len == 1 ? p[0] : p[0] & (0x7Fu >> len);
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 0;
        value = value << 6 | (p[i] & 0x3Fu);
    }
    if (value < least[len] || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000))
        return 0;
    *ret_code = value;
    return len;
}

bool utf8_is_valid(struct view text)
{
    uint32_t code;

    while (text.len > 0) {
        const size_t len = utf8_next(text, &code);

        if (len == 0)
            return false;
        text = view_slice(text, len, text.len);
    }
    return true;
}

size_t utf8_plain_run(struct view text)
{
    uint32_t code;
    size_t at = 0;

    while (at < text.len) {
        const unsigned char c = (unsigned char)text.ptr[at];
        const size_t len = c < 0x20 || c == '"' || c == '\\'
                               ? 0
                               : utf8_next(view_slice(text, at, 4), &code);

        if (len == 0)
            break;
        at += len;
    }
    return at;
}

void utf8_printable(struct view text, char *to, size_t size)
{
    size_t len = 0;

    while (text.len > 0) {
        uint32_t code = 0;
        const size_t bytes = utf8_next(text, &code);
        const bool is_shown = code >= 0x20 && !(code >= 0x7f && code < 0xa0);
        const size_t taken = is_shown ? bytes : 1;

        if (len + taken >= size)
            break;
        memcpy(to + len, is_shown ? text.ptr : "?", taken);
        len += taken;
        text = view_slice(text, bytes ? bytes : 1, text.len);
    }
    to[len] = '\0';
}
