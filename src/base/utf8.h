/* UTF-8 (RFC 3629): no surrogates, no overlong forms, nothing past U+10FFFF. Any thread. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/view.h"

/* Bytes of the one well-formed character that `text` begins with, its code point in
 * *ret_code; 0 when it begins with none. */
size_t utf8_next(struct view text, uint32_t *ret_code);
bool utf8_is_valid(struct view text);
/* Bytes from the start that need no JSON escape: well-formed, no control character, no
 * quote, no backslash. */
size_t utf8_plain_run(struct view text);
/* Copies `text` for someone's eyes: control characters, which could steer a terminal, and
 * bytes that are no UTF-8 become "?". Whole characters as far as they fit into `size`, and
 * a NUL. */
void utf8_printable(struct view text, char *to, size_t size);

#endif
