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
#include "audio/strength.h"
#include "base/err.h"
#include "base/view.h"

struct audio_host;

enum {
    AUDIO_SAMPLE_RATE_MAX_HZ = 384000,
    AUDIO_CHANNELS_MAX = 8,
    AUDIO_PEAKS_MAX = 2000,
    AUDIO_LEVEL_LEAST_CDB = -12000, /* of silence, whose level has no logarithm */
    AUDIO_LEVEL_MOST_CDB = 12000,
    AUDIO_LOUDNESS_LEAST_CLUFS =
        -7000, /* the gate of EBU R 128: what is below is unheard */
};

struct audio_limits {
    int64_t memory_bytes;    /* address space of one child */
    int64_t duration_us_max; /* longer recordings are ERR_TOO_LARGE */
    /* Where loudness_normalise keeps the recording meanwhile, in a file without a name (4
     * bytes per sample); NULL: /tmp. Must outlive the host. */
    const char *scratch_dir;
    /* How long a look at a file, and the handling of an empty one, may take; 0: 10 and 30
     * seconds. Processing gets its recording's duration on top, and that many times more as
     * it has more samples than stereo at 48 kHz. */
    int64_t probe_us_max, process_us_max;
};

/* Starts nothing yet. */
MUST_CHECK int audio_host_new(const struct audio_limits *limits, struct audio_host **ret,
                              struct err *reterr);
/* Starts the program now, so that the first task need not wait for it. Does not wait
 * itself; a failure is the first task's to tell. */
void audio_host_warm(struct audio_host *host);
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
 * supported format.", "The file is a video: send its sound alone."), ERR_TOO_LARGE,
 * ERR_TIMEOUT, ERR_CRASHED. */
MUST_CHECK int audio_probe(struct audio_host *host, int fd, struct audio_info *ret,
                           struct err *reterr);
/* The same of a file that is in memory, all of it. */
MUST_CHECK int audio_probe_bytes(struct audio_host *host, struct view bytes,
                                 struct audio_info *ret, struct err *reterr);

/* Engines, one per processing type: a NULL-terminated list, "speech_enhancement" first. */
extern const char *const audio_types[];
bool audio_type_is_known(struct view type);

/* Every processing type that this service has a word for, ours or not yet, first those of
 * audio_types; ends with a NULL type. */
struct audio_kind {
    const char *type;
    const char *engine; /* NULL: none is built in */
};
extern const struct audio_kind audio_kinds[];

/* What a result can be stored as: a table that ends with a NULL name, "wav" first.
 *
 * The sample rate is kept where the format has it; else the lowest that it has above, or
 * its highest, is used: 48 kHz at most for mp3, 96 kHz for m4a, always 48 kHz for ogg (Opus
 * knows no other). Channels are kept, but an mp3 of more than two is mixed down to stereo.
 * The decoded result has exactly the input's frames (at another rate: as many as last as
 * long, rounded up); title, artist, album, genre, date and track are kept but for wav,
 * whose size is so known beforehand (audio_output_bytes). A wav over 4 GiB becomes an RF64.
 */
struct audio_format {
    const char *name;         /* "wav", "wav24", "wavf32", "flac", "mp3", "m4a", "ogg" */
    const char *extension;    /* without a point */
    const char *content_type; /* for HTTP */
    const char *what;         /* for people: "WAV, 16 bit" */
    bool is_lossless;
};
extern const struct audio_format audio_formats[];
/* NULL when there is no such format. */
const struct audio_format *audio_format_find(struct view name);

/* "normal", "light", "strong": by enum audio_strength, ends with NULL. */
extern const char *const audio_strengths[];
MUST_CHECK bool audio_strength_of(struct view name, enum audio_strength *ret);

struct audio_task {
    const char *type;   /* NULL: no engine, a copy in the format */
    const char *format; /* of audio_formats; NULL: "wav" */
    enum audio_strength strength;
    /* EBU R 128: the result gets -16 LUFS, with its true peaks limited to -1 dBTP before a
     * lossy format encodes it; less where that would take more than 30 dB of gain or 12 dB
     * of limiting, and as it was where loudness cannot be measured (silence, under 0.4 s).
     */
    bool loudness_normalise;
    int input_fd;             /* borrowed, read only to the child */
    int output_fd;            /* borrowed, empty */
    int64_t output_bytes_max; /* more is ERR_TOO_LARGE; 0: 4 GiB */
    int64_t duration_us;      /* of the probe: sets the deadline */
    /* Called now and then on the calling thread; non-zero cancels the task. */
    int (*progress)(void *ctx, int permille);
    void *ctx;
};

/* What a whole job was: the recording's exact length, and the time of all steps. */
struct audio_work {
    int64_t duration_us, processing_us;
};

/* Levels are in hundredths of a decibel. */
struct audio_result {
    struct audio_info input; /* frames and duration_us exact */
    int64_t output_bytes;
    int64_t frames_written; /* at the output's rate: what decoding it gives */
    int output_rate_hz;
    int output_channels;
    int peak_cdbfs; /* the largest sample of the result; AUDIO_LEVEL_LEAST_CDB: silence */
    int loudness_clufs; /* integrated, of the result; AUDIO_LOUDNESS_LEAST_CLUFS: unheard */
    /* By how much the noise floor fell, at least 0: the floor is the level that a tenth of
     * all windows of 20 ms stay below, windows of digital silence left out; before any
     * loudness gain. */
    int noise_removed_cdb;
    int64_t processing_us; /* wall time in the child */
    int64_t memory_peak_bytes;
};

/* Runs one task to its end. ERR_NOT_MEDIA, ERR_TOO_LARGE, ERR_TIMEOUT, ERR_CANCELLED,
 * ERR_CRASHED (the child died), ERR_NO_SPACE, each with a sentence for the user in *reterr.
 * ERR_INVALID for a type or format that is not known. */
MUST_CHECK int audio_process(struct audio_host *host, const struct audio_task *task,
                             struct audio_result *ret, struct err *reterr);

/* A waveform to draw: the recording in `count` pieces of the same length (the last ones may
 * differ by a little), and each one's smallest and largest sample over all channels, 127
 * being full scale. */
struct audio_peaks {
    int count; /* as asked for, or fewer when there are fewer frames */
    int8_t min[AUDIO_PEAKS_MAX], max[AUDIO_PEAKS_MAX];
};

/* Decodes all of `fd` (borrowed, read only) once. `buckets`: 1 to AUDIO_PEAKS_MAX. Errors
 * as of audio_process. */
MUST_CHECK int audio_peaks(struct audio_host *host, int fd, int buckets,
                           struct audio_peaks *ret, struct err *reterr);

/* Samples of 16-bit WAV for that many frames, header included: what an output will take. */
int64_t audio_output_bytes(int64_t duration_us, int sample_rate_hz, int channels);
/* What an output of the format will take at most: exact for "wav", for lossy ones from the
 * highest bit rate that the encoder may choose. For space to be held. */
int64_t audio_output_bytes_most(const struct audio_format *format, int64_t duration_us,
                                int sample_rate_hz, int channels);

#endif
