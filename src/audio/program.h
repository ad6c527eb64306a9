/* The programs inside the binary (tools/embed_program.py), and running ones: each is
 * started from memory with one end of a socket as its descriptor 3. Inside audio/ only. */
#ifndef AUDIO_PROGRAM_H
#define AUDIO_PROGRAM_H

#include <sys/types.h>
#include "base/err.h"

extern const char audio_program[], audio_program_end[];
extern const char look_program[], look_program_end[];

struct program_image {
    char *name; /* of the process */
    const char *bytes, *end;
    char *const *environment;
};

struct program {
    pid_t pid; /* 0: not running */
    int fd;    /* our end of its socket; -1: none */
};

/* Does not wait for the program: what keeps it from starting shows as the end of its
 * socket. It ends with the calling thread. */
MUST_CHECK int program_start(const struct program_image *image, struct program *ret,
                             struct err *reterr);
/* Ends it at once; the program may not run any more, or never have. */
void program_end(struct program *program);

#endif
