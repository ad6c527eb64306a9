/* Identifiers: UUIDs (RFC 9562) in the 36-character text form. Any thread; what is random
 * in them comes from getrandom(2). */
#ifndef BASE_UUID_H
#define BASE_UUID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/view.h"

enum { UUID_TEXT_SIZE = 37 }; /* 36 characters and a NUL */

/* Of version 4: nothing can be told from it. */
void uuid_make(char text[UUID_TEXT_SIZE]);
/* Of version 7: begins with the time (microseconds since 1970, to a quarter of one), so
 * that keys made one after the other lie on one page of an index. 62 bits are random. */
void uuid_make_at(int64_t now_us, char text[UUID_TEXT_SIZE]);
/* True for 8-4-4-4-12 hexadecimal digits in either case, of any version. */
bool uuid_is_valid(struct view text);

/* Fills `bytes` from the kernel's generator; ends the process when there is none, since
 * nothing safe can go on without it. */
void random_bytes(void *bytes, size_t len);

#endif
