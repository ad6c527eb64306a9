/* A configuration file, and the same text as one flag: read or refused with one line. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/options.h"

static void load(int argc, char **argv)
{
    const char *rest[4];
    struct options o;
    struct err err = { 0 };
    int count = 0;

    if (options_load(argc, argv, &o, rest, &count, &err) == 0) {
        if (!o.listen || !o.data_dir || !o.database || o.loops < 0 || o.workers < 0 ||
            o.upload_bytes_max <= 0 || o.network_factor < 1)
            abort();
        options_release(&o);
    } else if (err.code == 0 || !err.text[0] || strpbrk(err.text, "\n\r")) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char path[48], flag[512];
    char *argv[] = { path, NULL };
    const int fd = memfd_create("options", 0);

    if (fd < 0 || write(fd, data, len) != (ssize_t)len)
        abort();
    (void)snprintf(path, sizeof path, "--config=/proc/self/fd/%d", fd);
    load(1, argv);
    (void)close(fd);
    (void)snprintf(flag, sizeof flag, "--%.*s", (int)len, (const char *)data);
    if (strncmp(flag, "--config", 8) == 0)
        return 0; /* it would open any file there is */
    argv[0] = flag;
    load(1, argv);
    return 0;
}
