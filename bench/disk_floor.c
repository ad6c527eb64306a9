/* What this disk leaves to an upload, however little a server does: at a fixed rate, blobs
 * arrive and are written and synced, all that are due at once together, then as many small
 * records to a log, synced too. Nothing else runs in it.
 *   disk_floor FOLDER SECONDS RATE BLOB_BYTES RECORD_BYTES
 * Prints {"p50_us": .., "p99_us": ..}, from the moment each was due. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"

enum { PAGE_BYTES = 4096, TOGETHER_MAX = 64, BYTES_MAX = 1 << 20 };

struct file {
    int fd;
    size_t bytes; /* of each record */
    off_t end;
    char *records; /* TOGETHER_MAX of them */
};

struct run {
    struct file blobs, log;
    double rate, seconds;
    int64_t *latencies_us;
    size_t count, count_max;
};

static bool file_open(struct file *f, const char *folder, const char *name,
                      const char *bytes, int flags)
{
    char path[512];
    void *records = NULL;

    f->bytes = ((size_t)strtoul(bytes, NULL, 10) + PAGE_BYTES - 1) / PAGE_BYTES *
               PAGE_BYTES;
    if (f->bytes == 0 || f->bytes > BYTES_MAX ||
        posix_memalign(&records, PAGE_BYTES, TOGETHER_MAX * f->bytes) != 0)
        return false;
    memset(records, 'x', TOGETHER_MAX * f->bytes);
    f->records = records;
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    f->fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | flags, 0600);
    return f->fd >= 0;
}

static bool file_append(struct file *f, size_t count)
{
    const size_t len = count * f->bytes;

    if (pwrite(f->fd, f->records, len, f->end) != (ssize_t)len || fdatasync(f->fd) != 0)
        return false;
    f->end += (off_t)len;
    return true;
}

static int64_t due_us(const struct run *r, int64_t started_us, size_t i)
{
    return started_us + (int64_t)((double)i / r->rate * 1e6);
}

static bool run(struct run *r)
{
    const int64_t started_us = clock_monotonic_us();

    while (r->count < r->count_max) {
        const int64_t wait_us = due_us(r, started_us, r->count) - clock_monotonic_us();
        size_t together = 1;
        int64_t now_us;

        if (wait_us > 0)
            (void)usleep((useconds_t)wait_us);
        now_us = clock_monotonic_us();
        while (together < TOGETHER_MAX && r->count + together < r->count_max &&
               due_us(r, started_us, r->count + together) <= now_us)
            together++;
        if (!file_append(&r->blobs, together) || !file_append(&r->log, together))
            return false;
        now_us = clock_monotonic_us();
        for (; together > 0; together--, r->count++)
            r->latencies_us[r->count] = now_us - due_us(r, started_us, r->count);
    }
    return true;
}

static int compare(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    struct run r = { .blobs = { .fd = -1 } };

    if (argc != 6) {
        fprintf(stderr, "disk_floor FOLDER SECONDS RATE BLOB_BYTES RECORD_BYTES\n");
        return 2;
    }
    r.seconds = strtod(argv[2], NULL);
    r.rate = strtod(argv[3], NULL);
    r.count_max = (size_t)(r.seconds * r.rate);
    r.latencies_us = calloc(r.count_max + 1, sizeof *r.latencies_us);
    if (r.count_max == 0 || !r.latencies_us ||
        !file_open(&r.blobs, argv[1], "blobs", argv[4], O_DIRECT) ||
        !file_open(&r.log, argv[1], "log", argv[5], 0) || !run(&r)) {
        perror("disk_floor");
        return 1;
    }
    qsort(r.latencies_us, r.count, sizeof *r.latencies_us, compare);
    printf("{\"p50_us\": %" PRId64 ", \"p99_us\": %" PRId64 "}\n",
           r.latencies_us[r.count / 2], r.latencies_us[r.count * 99 / 100]);
    return 0;
}
