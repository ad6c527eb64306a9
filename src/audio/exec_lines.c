#include "audio/exec_lines.h"

#include <stdio.h>

static void line_end(struct exec_lines *l)
{
    double percent;
    char end;

    l->line[l->len] = '\0';
    if (sscanf(l->line, "progress %lf%c", &percent, &end) == 1 && percent >= 0.0 &&
        percent <= 100.0)
        l->permille = (int)(percent * 10.0);
    l->len = 0;
}

void exec_lines_take(struct exec_lines *l, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == '\n')
            line_end(l);
        else if (l->len < sizeof l->line - 1)
            l->line[l->len++] = bytes[i];
    }
}
