#include "server/http/utf8.h"

size_t utf8_next(struct view text, uint32_t *ret_code)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    const unsigned char *at = (const unsigned char *)text.ptr;
    size_t len;
    uint32_t code;

    if (text.len == 0)
        return 0;
    len = at[0] < 0x80 ? 1 : at[0] < 0xc0 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    if (len == 0 || len > text.len || at[0] > 0xf4)
        return 0;
    code = len == 1 ? at[0] : at[0] & (0x7fU >> len);
    for (size_t i = 1; i < len; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (at[i] & 0x3fU);
    }
    if (code < least[len] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return 0;
    *ret_code = code;
    return len;
}

bool utf8_is_valid(struct view text)
{
    uint32_t code;

    while (text.len) {
        const size_t len = utf8_next(text, &code);

        if (len == 0)
            return false;
        text = view_slice(text, len, text.len);
    }
    return true;
}
