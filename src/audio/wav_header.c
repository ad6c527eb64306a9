#include "audio/wav_header.h"

#include <string.h>

enum {
    FORMAT_PCM = 1,
    FORMAT_FLOAT = 3,
    FORMAT_EXTENSIBLE = 0xFFFE,
    RIFF_BYTES = 12,
    CHUNK_BYTES = 8,
};

/* Bytes 2 to 15 of a sub-format GUID whose first two are an ordinary format tag. */
static const unsigned char guid_tail[14] = { 0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x80,
                                             0x00, 0x00, 0xAA, 0x00, 0x38, 0x9B, 0x71 };

struct wav_format {
    bool is_known;
    uint32_t rate_hz, channels, frame_bytes;
};

static uint64_t little_endian(const char *at, int bytes)
{
    uint64_t value = 0;

    for (int i = bytes - 1; i >= 0; i--)
        value = value << 8 | (unsigned char)at[i];
    return value;
}

static uint32_t u16(const char *at)
{
    return (uint32_t)little_endian(at, 2);
}

static uint32_t u32(const char *at)
{
    return (uint32_t)little_endian(at, 4);
}

static bool has_tag(const char *at, const char *tag)
{
    return memcmp(at, tag, 4) == 0;
}

bool wav_header_is_wave(struct view head)
{
    return head.len >= RIFF_BYTES &&
           (has_tag(head.ptr, "RIFF") || has_tag(head.ptr, "RF64")) &&
           has_tag(head.ptr + 8, "WAVE");
}

static bool sample_is_known(uint32_t tag, uint32_t bits)
{
    if (tag == FORMAT_PCM)
        return bits == 8 || bits == 16 || bits == 24 || bits == 32;
    return tag == FORMAT_FLOAT && (bits == 32 || bits == 64);
}

static int parse_format(struct view body, struct wav_format *ret, struct err *reterr)
{
    uint32_t tag, bits;

    if (body.len < 16)
        return err_set(reterr, ERR_NOT_MEDIA, "The WAV header is damaged.");
    tag = u16(body.ptr);
    bits = u16(body.ptr + 14);
    if (tag == FORMAT_EXTENSIBLE) {
        if (body.len < 40 || memcmp(body.ptr + 26, guid_tail, sizeof guid_tail) != 0)
            return err_set(reterr, ERR_NOT_MEDIA, "The WAV header is damaged.");
        tag = u16(body.ptr + 24);
    }
    ret->channels = u16(body.ptr + 2);
    ret->rate_hz = u32(body.ptr + 4);
    ret->frame_bytes = u16(body.ptr + 12);
    if (!sample_is_known(tag, bits))
        return err_set(reterr, ERR_NOT_MEDIA,
                       "The WAV file's sample format is not supported.");
    if (ret->channels < 1 || ret->channels > AUDIO_CHANNELS_MAX)
        return err_set(reterr, ERR_NOT_MEDIA, "The WAV file has no or too many channels.");
    if (ret->rate_hz < 1 || ret->rate_hz > AUDIO_SAMPLE_RATE_MAX_HZ)
        return err_set(reterr, ERR_NOT_MEDIA,
                       "The WAV file's sample rate is not supported.");
    if (ret->frame_bytes != ret->channels * bits / 8)
        return err_set(reterr, ERR_NOT_MEDIA, "The WAV header contradicts itself.");
    ret->is_known = true;
    return 0;
}

static int finish(const struct wav_format *format, uint64_t data_bytes,
                  struct audio_info *ret, struct err *reterr)
{
    const int64_t frames = (int64_t)(data_bytes / format->frame_bytes);

    if (frames == 0)
        return err_set(reterr, ERR_NOT_MEDIA, "The file holds no audio.");
    if (frames > INT64_MAX / 1000000)
        return err_set(reterr, ERR_NOT_MEDIA, "The WAV header is damaged.");
    *ret = (struct audio_info){ .format = "wav",
                                .frames = frames,
                                .duration_us = frames * 1000000 / format->rate_hz,
                                .sample_rate_hz = (int)format->rate_hz,
                                .channels = (int)format->channels };
    return 0;
}

int wav_header_parse(struct view head, int64_t file_bytes, struct audio_info *ret,
                     struct err *reterr)
{
    struct wav_format format = { .is_known = false };
    uint64_t size64 = 0, left, size, at = RIFF_BYTES;
    const uint64_t end = file_bytes < 0 ? 0 : (uint64_t)file_bytes;
    const char *tag;
    int rc;

    if (end == 0)
        return err_set(reterr, ERR_NOT_MEDIA, "The file is empty.");
    if (!wav_header_is_wave(head))
        return err_set(reterr, ERR_NOT_MEDIA, "The file is not a WAV file.");
    for (; at + CHUNK_BYTES <= end && at + CHUNK_BYTES <= head.len;
         at += size + (size & 1)) {
        tag = head.ptr + at;
        size = u32(tag + 4);
        at += CHUNK_BYTES;
        left = end - at;
        if (has_tag(tag, "data")) {
            if (!format.is_known)
                return err_set(reterr, ERR_NOT_MEDIA,
                               "The WAV file does not state its format.");
            if (size == UINT32_MAX)
                size = size64 ? size64 : left;
            return finish(&format, size < left ? size : left, ret, reterr);
        }
        if (size > left)
            return err_set(reterr, ERR_NOT_MEDIA, "The WAV header is damaged.");
        if (at + size > head.len)
            return err_set(reterr, ERR_NOT_FOUND, "data beyond the header's bytes");
        if (has_tag(tag, "ds64") && size >= 16)
            size64 = little_endian(tag + CHUNK_BYTES + 8, 8);
        if (!has_tag(tag, "fmt "))
            continue;
        rc = parse_format(view_slice(head, at, size), &format, reterr);
        if (rc < 0)
            return rc;
    }
    if (at + CHUNK_BYTES <= end)
        return err_set(reterr, ERR_NOT_FOUND, "data beyond the header's bytes");
    return err_set(reterr, ERR_NOT_MEDIA, "The file holds no audio.");
}
