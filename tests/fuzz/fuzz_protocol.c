/* What a child may say: a message is refused, or all that the host relies on holds. */
#include "audio/protocol.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_message(const uint8_t *data, size_t size)
{
    struct audio_message m;

    if (!audio_message_read(data, size, &m))
        return;
    if (size != sizeof m || m.kind > AUDIO_MESSAGE_EXITED ||
        strnlen(m.text, sizeof m.text) == sizeof m.text || m.permille < 0 ||
        m.permille > 1000 || m.output_bytes < 0 || m.buckets > AUDIO_PEAKS_MAX)
        __builtin_trap();
    if (m.kind == AUDIO_MESSAGE_RESULT &&
        (m.info.frames <= 0 || m.info.sample_rate_hz <= 0 || m.info.channels <= 0 ||
         m.info.channels > AUDIO_CHANNELS_MAX || m.info.duration_us < 0))
        __builtin_trap();
}

static void check_request(const uint8_t *data, size_t size)
{
    struct audio_request r;

    if (!audio_request_read(data, size, &r))
        return;
    if (size != sizeof r || r.kind > AUDIO_REQUEST_PEAKS || r.buckets > AUDIO_PEAKS_MAX ||
        strnlen(r.type, sizeof r.type) == sizeof r.type ||
        strnlen(r.format, sizeof r.format) == sizeof r.format || r.memory_bytes < 0)
        __builtin_trap();
}

/* The bytes as they are; and, since few random bytes have the magic number and the length,
 * over the rest of a good message. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct audio_message m = { .magic = AUDIO_MAGIC,
                               .kind = AUDIO_MESSAGE_RESULT,
                               .info = { "wav", 16000, 1000000, 16000, 1 } };
    struct audio_request r = { .magic = AUDIO_MAGIC };
    unsigned char bytes[sizeof m];

    check_message(data, size);
    check_request(data, size);
    memcpy(bytes, &m, sizeof m);
    if (size > 2) {
        const size_t at = (size_t)(data[0] | data[1] << 8) % sizeof m;
        const size_t len = size - 2 < sizeof m - at ? size - 2 : sizeof m - at;

        memcpy(bytes + at, data + 2, len);
    }
    check_message(bytes, sizeof bytes);
    memcpy(bytes, &r, sizeof r);
    if (size > 2) {
        const size_t at = (size_t)(data[0] | data[1] << 8) % sizeof r;
        const size_t len = size - 2 < sizeof r - at ? size - 2 : sizeof r - at;

        memcpy(bytes + at, data + 2, len);
    }
    check_request(bytes, sizeof r);
    return 0;
}
