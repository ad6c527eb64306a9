/* Audio work, done in sandboxed child processes: what the server, the worker and the
 * command line see of it. Nothing here needs libav: that lives in a program of its own
 * (src/audio/child), embedded in the binary and run from memory, so that the server's
 * address space never holds a decoder.
 *
 * An `audio_host` is one such program, started at the first use. It forks a child per task,
 * which confines itself (no network, no file system, bounded memory, CPU time and output)
 * before it looks at a byte of the input. Calls block; any thread may make them at the same
 * time. */
#ifndef AUDIO_AUDIO_H
#define AUDIO_AUDIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "base/view.h"

struct audio_host;

enum {
    AUDIO_SAMPLE_RATE_MAX_HZ = 384000,
    AUDIO_CHANNELS_MAX = 8,
};

struct audio_limits {
    int64_t memory_bytes;    /* address space of one child */
    int64_t duration_us_max; /* longer recordings are ERR_TOO_LARGE */
};

/* Starts nothing yet. */
MUST_CHECK int audio_host_new(const struct audio_limits *limits, struct audio_host **ret,
                              struct err *reterr);
/* Ends running tasks (they return ERR_CANCELLED) and the host. Accepts NULL. */
void audio_host_free(struct audio_host **host);

struct audio_info {
    char format[8]; /* by content: "wav", "mp3", "flac", "m4a", "ogg" */
    int64_t frames; /* samples per channel; an estimate where the container says nothing */
    int64_t duration_us;
    int sample_rate_hz;
    int channels;
};

/* Looks at the audio in `fd` (any position; borrowed, read only). ERR_NOT_MEDIA with a
 * sentence for the user in *reterr ("The file is empty.", "The file is not audio in a
 * supported format."), ERR_TOO_LARGE, ERR_TIMEOUT, ERR_CRASHED. */
MUST_CHECK int audio_probe(struct audio_host *host, int fd, struct audio_info *ret,
                           struct err *reterr);

/* Engines, one per processing type: a NULL-terminated list, "speech_enhancement" first. */
extern const char *const audio_types[];
bool audio_type_is_known(struct view type);

struct audio_task {
    const char *type;
    int input_fd;        /* borrowed, read only to the child */
    int output_fd;       /* borrowed, empty: 16-bit WAV at the input's rate and channels */
    int64_t duration_us; /* of the probe: sets the deadline */
    /* Called now and then on the calling thread; non-zero cancels the task. */
    int (*progress)(void *ctx, int permille);
    void *ctx;
};

struct audio_result {
    struct audio_info input;
    int64_t output_bytes;
    int64_t frames_written;
    int64_t processing_us; /* wall time in the child */
    int64_t memory_peak_bytes;
};

/* Runs one task to its end. ERR_NOT_MEDIA, ERR_TOO_LARGE, ERR_TIMEOUT, ERR_CANCELLED,
 * ERR_CRASHED (the child died), ERR_NO_SPACE, each with a sentence for the user in *reterr.
 */
MUST_CHECK int audio_process(struct audio_host *host, const struct audio_task *task,
                             struct audio_result *ret, struct err *reterr);

/* Samples of 16-bit WAV for that many frames, header included: what an output will take. */
int64_t audio_output_bytes(int64_t duration_us, int sample_rate_hz, int channels);

#endif
