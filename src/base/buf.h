/* A growable byte buffer with a hard maximum and a sticky error: append as often as you
 * like, check once. One thread at a time. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "base/view.h"

struct buf {
    char *data; /* NUL-terminated after every successful append; NULL while empty */
    size_t len; /* without that NUL */
    size_t cap;
    size_t bytes_max; /* len never passes it */
    int error;        /* 0, ERR_TOO_LARGE or ERR_NO_MEMORY; once set, appends do nothing */
};

/* An empty buffer that will hold at most `bytes_max` bytes. Allocates nothing. */
void buf_init(struct buf *b, size_t bytes_max);
/* Frees the content and leaves an empty buffer with the same maximum. Accepts an already
 * released one. */
void buf_release(struct buf *b);
/* Empties without freeing, and forgets the error. */
void buf_clear(struct buf *b);

void buf_add(struct buf *b, const void *bytes, size_t len);
void buf_add_text(struct buf *b, const char *text);
void buf_add_char(struct buf *b, char c);
void buf_add_int(struct buf *b, int64_t value); /* decimal */
void buf_addf(struct buf *b, const char *format, ...) PRINTF_LIKE(2, 3);
void buf_addv(struct buf *b, const char *format, va_list args) PRINTF_LIKE(2, 0);

/* Makes room for `len` more bytes and returns where to write them (then add to b->len
 * what was written, and do not rely on the NUL), or NULL with the error set. */
char *buf_reserve(struct buf *b, size_t len);

static inline struct view buf_view(const struct buf *b)
{
    return (struct view){ b->data, b->len };
}

#endif
