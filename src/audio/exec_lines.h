/* What an external engine says on its standard output: lines, of which "progress 42" (a
 * percentage) tell how far it is. Anything else is passed over. */
#ifndef AUDIO_EXEC_LINES_H
#define AUDIO_EXEC_LINES_H

#include <stddef.h>

enum { EXEC_LINE_BYTES_MAX = 80 };

struct exec_lines {
    char line[EXEC_LINE_BYTES_MAX]; /* the one that has not ended */
    size_t len;
    int permille; /* as last told, 0 to 1000 */
};

/* Takes the next bytes, in pieces of any size; longer lines are cut. Zeroed, it is new. */
void exec_lines_take(struct exec_lines *l, const char *bytes, size_t len);

#endif
