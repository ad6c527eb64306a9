/* WAV of 16 or 24 bits or 32-bit floats. Its header has 44 bytes where the plain one will
 * do (1 or 2 channels of integers); else the extensible one with the channels' places, or
 * RF64's when the file will pass 4 GiB. */
#include "audio/child/sink_driver.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "audio/audio.h"

enum {
    /* Written at multiples of its length, so that the system may keep the file in pages as
     * large: who downloads it is served with fewer of them. */
    BUFFER_BYTES = 1 << 20,
    FRAME_BYTES_MAX = 4 * AUDIO_CHANNELS_MAX,
    HEADER_BYTES_MAX = 128,
    TAG_PCM = 1,
    TAG_FLOAT = 3,
    TAG_EXTENSIBLE = 0xFFFE,
    DS64_BYTES = 28,
    RF64_MARGIN = 1 << 20,
};

struct wav_sink {
    struct sink base;
    struct sink_config config;
    int channels, bits, tag;
    uint64_t mask;
    bool is_big;
    int64_t frames;
    size_t header_bytes;
    struct dither dither;
    int64_t written; /* of the file, its header too; the rest is in the buffer */
    size_t len;
    unsigned char buffer[BUFFER_BYTES + FRAME_BYTES_MAX];
};

static void put(unsigned char *to, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        to[i] = (unsigned char)(value >> 8 * i);
}

static size_t chunk(unsigned char *to, const char *tag, uint64_t bytes)
{
    memcpy(to, tag, 4);
    put(to + 4, bytes, 4);
    return 8;
}

static uint64_t block_bytes(const struct wav_sink *s)
{
    return (uint64_t)s->channels * (uint64_t)s->bits / 8;
}

static int64_t data_bytes(const struct wav_sink *s)
{
    return s->frames * (int64_t)block_bytes(s);
}

static size_t format_chunk(const struct wav_sink *s, unsigned char *h)
{
    static const unsigned char guid_tail[14] = { 0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x80,
                                                 0x00, 0x00, 0xAA, 0x00, 0x38, 0x9B, 0x71 };
    const bool is_plain = s->channels <= 2 && s->tag == TAG_PCM;
    const uint64_t rate = (uint64_t)s->config.sample_rate_hz;
    const size_t at = chunk(h, "fmt ", is_plain ? 16 : 40);

    put(h + at, is_plain ? (uint64_t)s->tag : TAG_EXTENSIBLE, 2);
    put(h + at + 2, (uint64_t)s->channels, 2);
    put(h + at + 4, rate, 4);
    put(h + at + 8, rate * block_bytes(s), 4);
    put(h + at + 12, block_bytes(s), 2);
    put(h + at + 14, (uint64_t)s->bits, 2);
    if (is_plain)
        return at + 16;
    put(h + at + 16, 22, 2);
    put(h + at + 18, (uint64_t)s->bits, 2);
    put(h + at + 20, s->mask, 4);
    put(h + at + 24, (uint64_t)s->tag, 2);
    memcpy(h + at + 26, guid_tail, sizeof guid_tail);
    return at + 40;
}

/* The header as it is for the frames so far; its length never changes. */
static size_t header_make(const struct wav_sink *s, unsigned char *h)
{
    const uint64_t data = (uint64_t)data_bytes(s), padded = data + (data & 1);
    size_t at = chunk(h, s->is_big ? "RF64" : "RIFF", UINT32_MAX);

    memcpy(h + at, "WAVE", 4);
    at += 4;
    if (s->is_big) {
        at += chunk(h + at, "ds64", DS64_BYTES);
        put(h + at + 8, data, 8);
        put(h + at + 16, (uint64_t)s->frames, 8);
        put(h + at + 24, 0, 4);
        at += DS64_BYTES;
    }
    at += format_chunk(s, h + at);
    at += chunk(h + at, "data", s->is_big ? UINT32_MAX : data);
    if (s->is_big)
        put(h + 20, at - 8 + padded, 8);
    else
        put(h + 4, at - 8 + padded, 4);
    return at;
}

static int flush(struct wav_sink *s, size_t len)
{
    const int rc = sink_pwrite(s->config.fd, s->buffer, len, s->written);

    s->written += (int64_t)len;
    s->len -= len;
    memmove(s->buffer, s->buffer + len, s->len);
    return rc;
}

/* The last bytes, and the header with what is known now. */
static int rest_write(struct wav_sink *s)
{
    unsigned char h[HEADER_BYTES_MAX] = { 0 };
    const size_t header_len = header_make(s, h);
    int rc;

    if (data_bytes(s) & 1) /* chunks begin at even places */
        s->buffer[s->len++] = 0;
    rc = flush(s, s->len);
    return rc ? rc : sink_pwrite(s->config.fd, h, header_len, 0);
}

static void sample_put(struct wav_sink *s, float value)
{
    uint32_t bits;

    if (s->tag == TAG_FLOAT)
        memcpy(&bits, &value, sizeof bits);
    else
        bits = (uint32_t)dither_sample(&s->dither, value, s->bits);
    put(s->buffer + s->len, bits, s->bits / 8);
    s->len += (size_t)s->bits / 8;
}

static int wav_write(struct sink *base, const AVFrame *block, struct err *reterr)
{
    struct wav_sink *s = (struct wav_sink *)base;
    const int64_t bytes = (s->frames + block->nb_samples) * (int64_t)block_bytes(s);
    const int64_t most = s->is_big ? INT64_MAX : (int64_t)UINT32_MAX - HEADER_BYTES_MAX;

    if (bytes > most || bytes > s->config.bytes_max - (int64_t)s->header_bytes)
        return sink_write_error(EFBIG, reterr);
    for (int i = 0; i < block->nb_samples; i++) {
        for (int c = 0; c < s->channels; c++)
            sample_put(s, ((const float *)(const void *)block->extended_data[c])[i]);
        if (s->len >= BUFFER_BYTES) {
            const int rc = flush(s, BUFFER_BYTES);

            if (rc)
                return sink_write_error(rc, reterr);
        }
    }
    s->frames += block->nb_samples;
    return 0;
}

static int wav_finish(struct sink *base, struct sink_result *ret, struct err *reterr)
{
    struct wav_sink *s = (struct wav_sink *)base;
    const int rc = rest_write(s);

    if (rc)
        return sink_write_error(rc, reterr);
    *ret = (struct sink_result){ s->written, s->frames, s->config.sample_rate_hz,
                                 s->channels };
    return 0;
}

static void wav_close(struct sink *base)
{
    free(base);
}

static const struct sink_driver wav_driver = { wav_write, wav_finish, wav_close };

int sink_wav_open(const struct sink_config *config, struct sink **ret, struct err *reterr)
{
    struct wav_sink *s = calloc(1, sizeof *s);

    if (!s)
        return err_set(reterr, ERR_NO_MEMORY, "Out of memory.");
    s->base.driver = &wav_driver;
    s->config = *config;
    s->config.layout = NULL; /* not ours to keep */
    s->config.tags = NULL;
    s->channels = config->layout->nb_channels;
    s->tag = strcmp(config->format, "wavf32") == 0 ? TAG_FLOAT : TAG_PCM;
    s->bits = s->tag == TAG_FLOAT ? 32 : strcmp(config->format, "wav24") == 0 ? 24 : 16;
    if (config->layout->order == AV_CHANNEL_ORDER_NATIVE)
        s->mask = config->layout->u.mask & UINT32_MAX;
    s->is_big = config->frames >
                (int64_t)(UINT32_MAX - RF64_MARGIN) / (int64_t)block_bytes(s);
    s->dither.state = 0x9E3779B9u;
    s->header_bytes = s->len = header_make(s, s->buffer);
    *ret = &s->base;
    return 0;
}
