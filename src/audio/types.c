#include "audio/audio.h"

enum { WAV_HEADER_BYTES = 44 };

const char *const audio_types[] = { "speech_enhancement", "noise_reduction", NULL };

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
        __builtin_add_overflow(bytes, (int64_t)WAV_HEADER_BYTES, &bytes))
        return INT64_MAX;
    return bytes;
}
