#include "base/uuid.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

void random_bytes(void *bytes, size_t len)
{
    unsigned char *to = bytes;

    while (len > 0) {
        const ssize_t got = getrandom(to, len, 0);

        if (got < 0 && errno != EINTR)
            abort();
        if (got > 0) {
            to += got;
            len -= (size_t)got;
        }
    }
}

static bool is_dash_position(size_t i)
{
    return i == 8 || i == 13 || i == 18 || i == 23;
}

static void text_of(unsigned char bytes[16], unsigned version, char text[UUID_TEXT_SIZE])
{
    static const char hex[] = "0123456789abcdef";
    size_t nibble = 0;

    bytes[6] = (unsigned char)((bytes[6] & 0x0f) | version << 4);
    bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80);
    for (size_t i = 0; i < UUID_TEXT_SIZE - 1; i++) {
        if (is_dash_position(i)) {
            text[i] = '-';
            continue;
        }
        text[i] = hex[nibble % 2 ? bytes[nibble / 2] & 0x0f : bytes[nibble / 2] >> 4];
        nibble++;
    }
    text[UUID_TEXT_SIZE - 1] = '\0';
}

void uuid_make(char text[UUID_TEXT_SIZE])
{
    unsigned char bytes[16];

    random_bytes(bytes, sizeof bytes);
    text_of(bytes, 4, text);
}

void uuid_make_at(int64_t now_us, char text[UUID_TEXT_SIZE])
{
    /* 48 bits of milliseconds, 4 for the version, 12 for the rest of one. */
    const uint64_t ms = (uint64_t)now_us / 1000;
    const uint64_t time = ms << 16 | (uint64_t)now_us % 1000 * 4096 / 1000;
    unsigned char bytes[16];

    random_bytes(bytes + 8, 8);
    for (size_t i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(time >> (56 - 8 * i));
    text_of(bytes, 7, text);
}

bool uuid_is_valid(struct view text)
{
    if (text.len != UUID_TEXT_SIZE - 1)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.ptr[i];
        const bool is_hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
                            (c >= 'A' && c <= 'F');

        if (is_dash_position(i) ? c != '-' : !is_hex)
            return false;
    }
    return true;
}
