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

/* A head is never longer than what was sent. */
static void check_look(const uint8_t *data, size_t size)
{
    struct audio_look question;
    struct audio_looked answer;
    size_t head_bytes;

    if (audio_look_read(data, size, &question, &head_bytes) &&
        (head_bytes > sizeof question.head || head_bytes > size || question.file_bytes < 0))
        __builtin_trap();
    if (audio_looked_read(data, size, &answer) && answer.is_sure &&
        (answer.info.frames <= 0 || answer.info.sample_rate_hz <= 0 ||
         answer.info.channels <= 0 || answer.info.duration_us < 0))
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

/* Over the rest of a good message: few random bytes have the magic number and the length.
 */
static void check_within(void (*check)(const uint8_t *data, size_t size), const void *good,
                         size_t good_size, const uint8_t *data, size_t size)
{
    static unsigned char bytes[sizeof(struct audio_look)];

    memcpy(bytes, good, good_size);
    if (size > 2) {
        const size_t at = (size_t)(data[0] | data[1] << 8) % good_size;
        const size_t len = size - 2 < good_size - at ? size - 2 : good_size - at;

        memcpy(bytes + at, data + 2, len);
    }
    check(bytes, good_size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct audio_message message = { .magic = AUDIO_MAGIC,
                                                  .kind = AUDIO_MESSAGE_RESULT,
                                                  .info = { "wav", 16000, 1000000, 16000,
                                                            1 } };
    static const struct audio_request request = { .magic = AUDIO_MAGIC };
    static const struct audio_look question = { .magic = AUDIO_MAGIC };
    static const struct audio_looked answer = {
        .magic = AUDIO_MAGIC, .is_sure = 1, .info = { "wav", 16000, 1000000, 16000, 1 }
    };

    check_message(data, size);
    check_request(data, size);
    check_look(data, size);
    check_within(check_message, &message, sizeof message, data, size);
    check_within(check_request, &request, sizeof request, data, size);
    check_within(check_look, &question, sizeof question, data, size);
    check_within(check_look, &answer, sizeof answer, data, size);
    return 0;
}
