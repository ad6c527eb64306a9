#include "audio/wav_header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct view head = { (const char *)data, size };
    const int64_t sizes[] = { (int64_t)size, (int64_t)size / 2, INT64_MAX };
    struct audio_info info;
    struct err err;

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        if (wav_header_parse(head, sizes[i], &info, &err) < 0)
            continue;
        if (info.frames <= 0 || info.frames > sizes[i] || info.channels < 1)
            __builtin_trap();
    }
    return 0;
}
