/* whazz enhance: cleans one recording, with the same engines and the same sandbox as the
 * server. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "audio/audio.h"
#include "base/clock.h"
#include "cli/commands.h"
#include "cli/context.h"

enum { BAR_WIDTH = 40 };

static const struct audio_limits LIMITS = { .memory_bytes = INT64_C(1) << 30,
                                            .duration_us_max = 24 * CLOCK_HOUR_US };

struct enhance {
    const char *type, *in, *out;
    const struct audio_format *format; /* NULL: there is none of that name */
    enum audio_strength strength;
    bool has_strength; /* false: there is none of that name */
    bool is_forced, is_normalised;
};

/* The first format with OUT's extension, else WAV. */
static const struct audio_format *format_by_name(const char *out)
{
    const char *point = strrchr(out, '.');

    for (size_t i = 0; point && audio_formats[i].name; i++) {
        if (strcasecmp(point + 1, audio_formats[i].extension) == 0)
            return &audio_formats[i];
    }
    return &audio_formats[0];
}

/* Fills *ret from the arguments; false when they are wrong. */
static bool arguments_read(int argc, char **argv, struct enhance *ret)
{
    const char *files[2] = { NULL, NULL }, *format = NULL;
    const char *strength = audio_strengths[AUDIO_STRENGTH_NORMAL];
    int count = 0;

    *ret = (struct enhance){ .type = audio_types[0] };
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--force") == 0)
            ret->is_forced = true;
        else if (strcmp(argv[i], "--type") == 0 && i + 1 < argc)
            ret->type = argv[++i];
        else if (strcmp(argv[i], "--format") == 0 && i + 1 < argc)
            format = argv[++i];
        else if (strcmp(argv[i], "--strength") == 0 && i + 1 < argc)
            strength = argv[++i];
        else if (strcmp(argv[i], "--loudness") == 0)
            ret->is_normalised = true;
        else if (strncmp(argv[i], "--", 2) == 0 || count == 2)
            return false;
        else
            files[count++] = argv[i];
    }
    ret->in = files[0];
    ret->out = files[1];
    if (count == 2)
        ret->format = format ? audio_format_find(view_of(format))
                             : format_by_name(files[1]);
    ret->has_strength = audio_strength_of(view_of(strength), &ret->strength);
    return count == 2;
}

static int show_progress(void *ctx, int permille)
{
    const int done = permille * BAR_WIDTH / 1000;

    (void)ctx;
    if (isatty(STDERR_FILENO)) {
        fprintf(stderr, "\r[%.*s%*s] %3d %%", done,
                "########################################", BAR_WIDTH - done, "",
                permille / 10);
        (void)fflush(stderr);
    }
    return 0;
}

static void print_result(const struct enhance *e, const struct audio_result *r)
{
    printf("%s: %.2f s of %s, %d Hz, %d channel%s, cleaned in %.2f s.\n", e->out,
           (double)r->input.duration_us / 1e6, r->input.format, r->input.sample_rate_hz,
           r->input.channels, r->input.channels == 1 ? "" : "s",
           (double)r->processing_us / 1e6);
    printf("Written as %s, %d Hz, %d channel%s: %lld bytes, %lld samples each.\n",
           e->format->what, r->output_rate_hz, r->output_channels,
           r->output_channels == 1 ? "" : "s", (long long)r->output_bytes,
           (long long)r->frames_written);
    printf("Noise floor %.1f dB lower", r->noise_removed_cdb / 100.0);
    if (r->loudness_clufs > AUDIO_LOUDNESS_LEAST_CLUFS)
        printf(", loudness %.1f LUFS", r->loudness_clufs / 100.0);
    if (r->peak_cdbfs > AUDIO_LEVEL_LEAST_CDB)
        printf(", peak %.1f dBFS", r->peak_cdbfs / 100.0);
    printf(".\n");
}

static int enhance_fds(const struct enhance *e, struct audio_host *host, int in, int out)
{
    struct audio_task task = { .type = e->type,
                               .format = e->format->name,
                               .strength = e->strength,
                               .loudness_normalise = e->is_normalised,
                               .input_fd = in,
                               .output_fd = out,
                               .output_bytes_max = INT64_C(1) << 40,
                               .progress = show_progress };
    struct audio_result result = { 0 };
    struct audio_info info;
    struct err err = { 0 };
    int rc = audio_probe(host, in, &info, &err);

    if (rc == 0) {
        task.duration_us = info.duration_us;
        rc = audio_process(host, &task, &result, &err);
    }
    if (rc == 0 && isatty(STDERR_FILENO))
        (void)show_progress(NULL, 1000);
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\n");
    if (rc)
        return cli_fail("%s: %s", e->in, err.text);
    print_result(e, &result);
    return 0;
}

/* ---- the output: written beside its place, which it takes once it is whole ---- */

struct output {
    char place[PATH_MAX];    /* OUT, links resolved */
    char path[PATH_MAX + 8]; /* where it is written; empty: nowhere */
    int fd;
    mode_t mode;
};

static int output_failed(const struct enhance *e)
{
    return cli_fail("%s: %s", e->out, strerror(errno));
}

/* Where OUT is, or is to be; false, and says why, when it must not be written. */
static bool place_find(const struct enhance *e, struct output *o)
{
    const mode_t mask = umask(0);
    struct stat st;

    (void)umask(mask);
    o->mode = 0666 & ~mask;
    if (stat(e->out, &st) != 0) {
        if (strlen(e->out) < sizeof o->place) {
            (void)strcpy(o->place, e->out);
            return true;
        }
        errno = ENAMETOOLONG;
        return output_failed(e) == 0;
    }
    o->mode = st.st_mode & 0777;
    if (!e->is_forced)
        return cli_fail("%s is there already; --force overwrites it", e->out) == 0;
    if (!S_ISREG(st.st_mode))
        return cli_fail("%s is no file", e->out) == 0;
    return realpath(e->out, o->place) || output_failed(e) == 0;
}

static void output_release(struct output *o)
{
    if (o->fd < 0)
        return;
    (void)close(o->fd);
    (void)unlink(o->path); /* nothing once it has been put in place */
}

static bool output_open(const struct enhance *e, struct output *o)
{
    o->fd = -1;
    if (!place_find(e, o))
        return false;
    (void)snprintf(o->path, sizeof o->path, "%s.XXXXXX", o->place);
    o->fd = mkostemp(o->path, O_CLOEXEC);
    return o->fd >= 0 || output_failed(e) == 0;
}

/* Not over a file that has come there meanwhile, where the file system can tell. */
static int output_put(const struct enhance *e, const struct output *o)
{
    const unsigned flags = e->is_forced ? 0 : RENAME_NOREPLACE;
    int rc = fchmod(o->fd, o->mode);

    if (rc == 0)
        rc = renameat2(AT_FDCWD, o->path, AT_FDCWD, o->place, flags);
    if (rc != 0 && errno == EINVAL)
        rc = rename(o->path, o->place);
    return rc ? output_failed(e) : 0;
}

static int enhance_into(const struct enhance *e, int in, const struct output *o)
{
    struct audio_host *host = NULL;
    int status = audio_host_new(&LIMITS, &host, NULL) == 0 ? enhance_fds(e, host, in, o->fd)
                                                           : cli_fail("out of memory");

    audio_host_free(&host);
    return status ? status : output_put(e, o);
}

static int enhance(const struct enhance *e)
{
    const int in = open(e->in, O_RDONLY | O_CLOEXEC);
    struct output o;
    int status;

    if (in < 0)
        return cli_fail("%s: %s", e->in, strerror(errno));
    status = output_open(e, &o) ? enhance_into(e, in, &o) : 1;
    output_release(&o);
    (void)close(in);
    return status;
}

static void usage(void)
{
    fprintf(stderr,
            "Usage: whazz enhance [--type TYPE] [--strength STRENGTH] [--format FORMAT] "
            "[--loudness] [--force] IN OUT\nTypes:");
    for (size_t i = 0; audio_types[i]; i++)
        fprintf(stderr, " %s", audio_types[i]);
    fprintf(stderr, "\nStrengths:");
    for (size_t i = 0; audio_strengths[i]; i++)
        fprintf(stderr, " %s", audio_strengths[i]);
    fprintf(stderr, "\nFormats (when none is given, by OUT's extension):\n");
    for (size_t i = 0; audio_formats[i].name; i++)
        fprintf(stderr, "  %-8s %s\n", audio_formats[i].name, audio_formats[i].what);
    fprintf(stderr,
            "--loudness brings the result to -16 LUFS with true peaks under -1 dBTP.\n");
}

int cli_enhance(int argc, char **argv)
{
    struct enhance e;

    if (!arguments_read(argc, argv, &e)) {
        usage();
        return 2;
    }
    if (!audio_type_is_known(view_of(e.type))) {
        (void)cli_fail("there is no type \"%s\"", e.type);
        return 2;
    }
    if (!e.has_strength) {
        (void)cli_fail("there is no such strength; see whazz enhance");
        return 2;
    }
    if (!e.format) {
        (void)cli_fail("there is no such format; see whazz enhance");
        return 2;
    }
    return enhance(&e);
}
