#include "audio/wav_header.h"

#include <string.h>

enum { CHUNK_HEAD = 8, FORMAT_MIN = 16, PCM = 1, IEEE_FLOAT = 3, EXTENSIBLE = 0xFFFE };

static uint32_t le16(const char *p)
{
    return (uint32_t)(unsigned char)p[0] | (uint32_t)(unsigned char)p[1] << 8;
}

static uint32_t le32(const char *p)
{
    return le16(p) | le16(p + 2) << 16;
}

struct wav_format {
    uint32_t tag, channels, rate, block, bits;
};

static enum wav_result format_read(struct view chunk, struct wav_format *f)
{
    if (chunk.len < FORMAT_MIN)
        return WAV_BAD;
    f->tag = le16(chunk.ptr);
    f->channels = le16(chunk.ptr + 2);
    f->rate = le32(chunk.ptr + 4);
    f->block = le16(chunk.ptr + 12);
    f->bits = le16(chunk.ptr + 14);
    if (f->tag == EXTENSIBLE && chunk.len >= 40)
        f->tag = le16(chunk.ptr + 24);
    if (f->tag != PCM && f->tag != IEEE_FLOAT)
        return WAV_OTHER;
    if (f->channels == 0 || f->channels > AUDIO_CHANNELS_MAX || f->rate == 0 ||
        f->rate > AUDIO_SAMPLE_RATE_MAX_HZ)
        return WAV_OTHER; /* what to say about it is the demuxer's side to decide */
    if (f->bits == 0 || f->bits > 64 || f->bits % 8 ||
        f->block != f->channels * (f->bits / 8))
        return WAV_OTHER;
    return WAV_OK;
}

static void info_fill(const struct wav_format *f, int64_t data_bytes,
                      struct audio_info *ret)
{
    *ret = (struct audio_info){ .format = "wav",
                                .frames = data_bytes / f->block,
                                .sample_rate_hz = (int)f->rate,
                                .channels = (int)f->channels };
    ret->duration_us = ret->frames / f->rate * 1000000 +
                       ret->frames % (int64_t)f->rate * 1000000 / f->rate;
}

enum wav_result wav_header_read(struct view head, int64_t file_bytes,
                                struct audio_info *ret)
{
    struct wav_format format = { 0 };
    enum wav_result result;
    size_t at = 12;

    if (head.len < 12 || memcmp(head.ptr, "RIFF", 4) != 0 ||
        memcmp(head.ptr + 8, "WAVE", 4) != 0)
        return WAV_OTHER;
    while (at + CHUNK_HEAD <= head.len) {
        const char *chunk = head.ptr + at;
        const uint64_t len = le32(chunk + 4);
        const size_t body = at + CHUNK_HEAD;

        if (memcmp(chunk, "fmt ", 4) == 0) {
            result = format_read(view_slice(head, body, len), &format);
            if (result != WAV_OK)
                return result;
        } else if (memcmp(chunk, "data", 4) == 0) {
            const int64_t there = file_bytes - (int64_t)body;
            const int64_t data = (int64_t)len < there ? (int64_t)len : there;

            if (format.block == 0 || data < (int64_t)format.block)
                return WAV_BAD;
            info_fill(&format, data, ret);
            return WAV_OK;
        }
        at = body + len + (len & 1);
    }
    return WAV_OTHER;
}
