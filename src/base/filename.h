/* File names for other people's computers. Any thread. */
#ifndef BASE_FILENAME_H
#define BASE_FILENAME_H

#include <stddef.h>
#include "base/view.h"

/* Copies `text` as a part of a file name into `to`, which gets a NUL: control characters,
 * what some file system gives a meaning (/ \ : * ? " < > |), characters that are invisible
 * or turn the direction of text, and bytes that are no UTF-8 become "_", as do blanks and
 * points at either end; what does not fit into `size` is left out. Returns the length, 0
 * for an empty text. */
size_t filename_make(struct view text, char *to, size_t size);

#endif
