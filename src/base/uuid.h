/* Random identifiers: UUID version 4 (RFC 9562) in the 36-character text form.
 * Any thread; the bytes come from getrandom(2). */
#ifndef BASE_UUID_H
#define BASE_UUID_H

#include <stdbool.h>
#include <stddef.h>
#include "base/view.h"

enum { UUID_TEXT_SIZE = 37 }; /* 36 characters and a NUL */

void uuid_make(char text[UUID_TEXT_SIZE]);
/* True for 8-4-4-4-12 hexadecimal digits in either case, of any version. */
bool uuid_is_valid(struct view text);

/* Fills `bytes` from the kernel's generator; ends the process when there is none, since
 * nothing safe can go on without it. */
void random_bytes(void *bytes, size_t len);

#endif
