#include "audio/audio.h"

#include <string.h>

enum {
    WAV_HEADER_BYTES = 44,
    WAV_LAYOUT_BYTES = 24, /* more, to tell the places of more than two channels */
    RF64_BYTES = 36,       /* more, past 4 GiB */
    RF64_MARGIN = 1 << 20,
    CONTAINER_BYTES = 64 << 10, /* headers, tags, seek tables of short files */
};

const char *const audio_types[] = { "speech_enhancement", "noise_reduction", NULL };

const struct audio_kind audio_kinds[] = {
    { "speech_enhancement", "DTLN and log-MMSE" },
    { "noise_reduction", "log-MMSE" },
    { "speaker_separation", NULL },
    { "music_separation", NULL },
    { NULL, NULL },
};

const struct audio_format audio_formats[] = {
    { "wav", "wav", "audio/wav", "WAV, 16 bit", true },
    { "wav24", "wav", "audio/wav", "WAV, 24 bit", true },
    { "wavf32", "wav", "audio/wav", "WAV, 32-bit float", true },
    { "flac", "flac", "audio/flac", "FLAC", true },
    { "mp3", "mp3", "audio/mpeg", "MP3", false },
    { "m4a", "m4a", "audio/mp4", "AAC in MP4", false },
    { "ogg", "ogg", "audio/ogg", "Opus in Ogg", false },
    { NULL, NULL, NULL, NULL, false },
};

const struct audio_format *audio_format_find(struct view name)
{
    for (size_t i = 0; audio_formats[i].name; i++) {
        if (view_eq(name, audio_formats[i].name))
            return &audio_formats[i];
    }
    return NULL;
}

const char *const audio_strengths[] = {
    [AUDIO_STRENGTH_NORMAL] = "normal",
    [AUDIO_STRENGTH_LIGHT] = "light",
    [AUDIO_STRENGTH_STRONG] = "strong",
    NULL,
};

bool audio_strength_of(struct view name, enum audio_strength *ret)
{
    for (size_t i = 0; audio_strengths[i]; i++) {
        if (view_eq(name, audio_strengths[i])) {
            *ret = (enum audio_strength)i;
            return true;
        }
    }
    return false;
}

bool audio_type_is_known(struct view type)
{
    for (size_t i = 0; audio_types[i]; i++) {
        if (view_eq(type, audio_types[i]))
            return true;
    }
    return false;
}

int64_t audio_output_bytes(int64_t duration_us, int sample_rate_hz, int channels)
{
    int64_t bytes, seconds, rest_us, frames;

    if (duration_us <= 0 || sample_rate_hz <= 0 || channels <= 0)
        return WAV_HEADER_BYTES;
    seconds = duration_us / 1000000;
    rest_us = duration_us % 1000000;
    if (__builtin_mul_overflow(seconds, (int64_t)sample_rate_hz, &frames) ||
        __builtin_add_overflow(frames, (rest_us * sample_rate_hz + 999999) / 1000000,
                               &frames) ||
        __builtin_mul_overflow(frames, (int64_t)channels * 2, &bytes) ||
        bytes > INT64_MAX - 128)
        return INT64_MAX;
    if (bytes > (int64_t)UINT32_MAX - RF64_MARGIN)
        bytes += RF64_BYTES;
    if (channels > 2)
        bytes += WAV_LAYOUT_BYTES;
    return bytes + WAV_HEADER_BYTES;
}

/* Half as much again, or so much a second of each channel: integers that cannot overflow
 * below the largest file there can be. */
int64_t audio_output_bytes_most(const struct audio_format *format, int64_t duration_us,
                                int sample_rate_hz, int channels)
{
    static const struct {
        const char *name;
        int64_t halves;       /* of the 16-bit WAV's bytes */
        int64_t second_bytes; /* per channel, whatever the rate */
        int64_t container_bytes;
    } sizes[] = {
        { "wav", 2, 0, 0 },
        { "wav24", 3, 0, CONTAINER_BYTES },
        { "wavf32", 4, 0, CONTAINER_BYTES },
        { "flac", 4, 0, CONTAINER_BYTES }, /* 24 bit, and what does not compress */
        { "mp3", 0, 40000, CONTAINER_BYTES },
        { "m4a", 0, 20000, CONTAINER_BYTES },
        { "ogg", 0, 20000, CONTAINER_BYTES },
    };
    const int64_t wav = audio_output_bytes(duration_us, sample_rate_hz, channels);
    const int64_t seconds = duration_us / 1000000 + 1;
    int64_t bytes = wav;

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        if (strcmp(sizes[i].name, format->name) != 0)
            continue;
        if (wav > INT64_MAX / 8 || seconds > INT64_MAX / 8 / 40000 / AUDIO_CHANNELS_MAX)
            return INT64_MAX;
        bytes = wav / 2 * sizes[i].halves + wav % 2 + sizes[i].container_bytes +
                seconds * sizes[i].second_bytes * channels;
    }
    return bytes;
}
