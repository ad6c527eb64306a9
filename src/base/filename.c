#include "base/filename.h"

#include <stdbool.h>
#include <string.h>
#include "base/utf8.h"

static bool is_unfit(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) ||
           (code < 0x80 && strchr("/\\:*?\"<>|", (int)code)) ||
           (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2060 && code <= 0x206f) || code == 0xfeff;
}

static bool is_padding(char c)
{
    return c == ' ' || c == '.';
}

size_t filename_make(struct view text, char *to, size_t size)
{
    size_t len = 0;

    while (text.len) {
        uint32_t code = 0;
        const size_t bytes = utf8_next(text, &code);
        const bool is_fit = bytes && !is_unfit(code);
        const size_t taken = is_fit ? bytes : 1, passed = bytes ? bytes : 1;

        if (len + taken >= size)
            break;
        if (is_fit)
            memcpy(to + len, text.ptr, taken);
        else
            to[len] = '_';
        len += taken;
        text.ptr += passed;
        text.len -= passed;
    }
    to[len] = '\0';
    for (size_t i = 0; i < len && is_padding(to[i]); i++)
        to[i] = '_';
    for (size_t i = len; i > 0 && is_padding(to[i - 1]); i--)
        to[i - 1] = '_';
    return len;
}
