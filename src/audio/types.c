#include "audio/audio.h"

#include <string.h>

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
    enum { HEADER_BYTES = 44, SAMPLE_BYTES = 2 };
    const int64_t frames = duration_us / 1000000 * sample_rate_hz +
                           duration_us % 1000000 * sample_rate_hz / 1000000;

    return HEADER_BYTES + frames * channels * SAMPLE_BYTES;
}
