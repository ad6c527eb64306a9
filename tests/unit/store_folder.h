/* A database path in a folder of its own, removed afterwards. */
#ifndef TESTS_UNIT_STORE_FOLDER_H
#define TESTS_UNIT_STORE_FOLDER_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct folder {
    char dir[64], path[80];
};

static inline int folder_setup(void **state)
{
    struct folder *f = calloc(1, sizeof *f);

    if (!f)
        return -1;
    (void)strcpy(f->dir, "/tmp/whazz-store-XXXXXX");
    if (!mkdtemp(f->dir)) {
        free(f);
        return -1;
    }
    (void)snprintf(f->path, sizeof f->path, "%s/w.db", f->dir);
    *state = f;
    return 0;
}

static inline int folder_teardown(void **state)
{
    static const char *const suffixes[] = { "", "-wal", "-shm" };
    struct folder *f = *state;
    char path[96];

    (void)chmod(f->dir, 0700);
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        (void)snprintf(path, sizeof path, "%s%s", f->path, suffixes[i]);
        (void)unlink(path);
    }
    (void)rmdir(f->dir);
    free(f);
    return 0;
}

#endif
