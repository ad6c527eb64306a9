#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_init(struct buf *b, size_t bytes_max)
{
    *b = (struct buf){ .bytes_max = bytes_max };
}

void buf_release(struct buf *b)
{
    free(b->data);
    buf_init(b, b->bytes_max);
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    b->error = 0;
    if (b->data)
        b->data[0] = '\0';
}

static size_t grown_capacity(const struct buf *b, size_t needed)
{
    size_t cap = b->cap ? b->cap : 64;

    while (cap < needed)
        cap = cap > SIZE_MAX / 2 ? needed : cap * 2;
    return cap > b->bytes_max + 1 ? b->bytes_max + 1 : cap;
}

char *buf_reserve(struct buf *b, size_t len)
{
    char *data;
    size_t cap;

    if (b->error)
        return NULL;
    if (len > b->bytes_max - b->len) {
        b->error = ERR_TOO_LARGE;
        return NULL;
    }
    if (b->len + len + 1 > b->cap) {
        cap = grown_capacity(b, b->len + len + 1);
        data = realloc(b->data, cap);
        if (!data) {
            b->error = ERR_NO_MEMORY;
            return NULL;
        }
        b->data = data;
        b->cap = cap;
    }
    return b->data + b->len;
}

void buf_add(struct buf *b, const void *bytes, size_t len)
{
    char *to = buf_reserve(b, len);

    if (!to)
        return;
    if (len)
        memcpy(to, bytes, len);
    b->len += len;
    b->data[b->len] = '\0';
}

void buf_add_text(struct buf *b, const char *text)
{
    buf_add(b, text, strlen(text));
}

void buf_add_char(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

void buf_add_int(struct buf *b, int64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (value < 0)
        digits[--at] = '-';
    buf_add(b, digits + at, sizeof digits - at);
}

void buf_addv(struct buf *b, const char *format, va_list args)
{
    const size_t room = b->error ? 0 : b->cap - b->len; /* the NUL's place too */
    va_list again;
    char *to;
    int len;

    va_copy(again, args);
    len = vsnprintf(room ? b->data + b->len : NULL, room, format, args);
    if (room && (len < 0 || (size_t)len >= room))
        b->data[b->len] = '\0'; /* as if what does not fit had never been tried */
    to = len < 0 ? NULL : buf_reserve(b, (size_t)len);
    if (to && (size_t)len >= room)
        (void)vsnprintf(to, (size_t)len + 1, format, again);
    if (to)
        b->len += (size_t)len;
    va_end(again);
}

void buf_addf(struct buf *b, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    buf_addv(b, format, args);
    va_end(args);
}
