/* One step through UTF-8 (RFC 3629). Any thread. */
#ifndef SERVER_HTTP_UTF8_H
#define SERVER_HTTP_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/view.h"

/* The length of the character at the front, 1 to 4, with its code point in *ret_code; 0
 * when the bytes there are none (overlong forms, surrogates and what is cut off included).
 */
size_t utf8_next(struct view text, uint32_t *ret_code);
bool utf8_is_valid(struct view text);

#endif
