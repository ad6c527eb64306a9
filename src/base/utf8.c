#include "base/utf8.h"

#include <stdint.h>

size_t utf8_char_len(struct view text)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    const unsigned char *p = (const unsigned char *)text.ptr;
    uint32_t value;
    size_t len;

    if (text.len == 0)
        return 0;
    if (p[0] < 0x80)
        return 1;
    len = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : p[0] >= 0xC0 ? 2 : 0;
    if (len == 0 || p[0] >= 0xF8 || text.len < len)
        return 0;
    value = p[0] & (0x7Fu >> len);
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 0;
        value = value << 6 | (p[i] & 0x3Fu);
    }
    return value < least[len] || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)
               ? 0
               : len;
}

size_t utf8_plain_run(struct view text)
{
    size_t at = 0;

    while (at < text.len) {
        const unsigned char c = (unsigned char)text.ptr[at];
        const size_t len = c < 0x20 || c == '"' || c == '\\'
                               ? 0
                               : utf8_char_len(view_slice(text, at, 4));

        if (len == 0)
            break;
        at += len;
    }
    return at;
}
