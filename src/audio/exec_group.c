#include "audio/exec_group.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { STAT_BYTES_MAX = 1024 };

/* A program chooses its own name, which stands in brackets and may have any: the last one
 * ends it. */
int exec_group_stat_read(const char *text, pid_t *ret_group, int *ret_threads)
{
    const char *rest = strrchr(text, ')');
    int group, threads;

    if (!rest || sscanf(rest,
                        ") %*c %*d %d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d "
                        "%*d %d",
                        &group, &threads) != 2)
        return -1;
    *ret_group = group;
    *ret_threads = threads;
    return 0;
}

static int threads_in(int proc_fd, const char *pid, pid_t group)
{
    char path[32], text[STAT_BYTES_MAX];
    ssize_t got = -1;
    pid_t its_group;
    int fd, threads;

    if (snprintf(path, sizeof path, "%.20s/stat", pid) >= (int)sizeof path)
        return 0;
    fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        got = read(fd, text, sizeof text - 1);
        (void)close(fd);
    }
    if (got <= 0)
        return 0; /* it has gone meanwhile */
    text[got] = '\0';
    if (exec_group_stat_read(text, &its_group, &threads) != 0 || its_group != group)
        return 0;
    return threads > 0 ? threads : 1;
}

int exec_group_threads(pid_t group)
{
    DIR *proc = opendir("/proc");
    const struct dirent *entry;
    int sum = 0;

    if (!proc)
        return -1;
    while ((entry = readdir(proc))) {
        if (isdigit((unsigned char)entry->d_name[0]))
            sum += threads_in(dirfd(proc), entry->d_name, group);
    }
    (void)closedir(proc);
    return sum;
}
