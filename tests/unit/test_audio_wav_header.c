#include "tests/unit/unit.h"

#include "audio/wav_header.h"
#include "base/buf.h"

struct header {
    uint32_t tag, channels, rate_hz, bits, align; /* align 0: what fits */
    bool is_extensible;
    uint32_t junk_bytes, data_bytes;
};

static void put(struct buf *b, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        buf_add_char(b, (char)(value >> (8 * i) & 0xFF));
}

static void make(struct buf *b, const struct header *h)
{
    static const unsigned char tail[14] = { 0, 0, 0,    0, 0x10, 0,    0x80,
                                            0, 0, 0xAA, 0, 0x38, 0x9B, 0x71 };

    buf_clear(b);
    buf_add(b, "RIFF\0\0\0\0WAVE", 12);
    if (h->junk_bytes) {
        buf_add_text(b, "LIST");
        put(b, h->junk_bytes, 4);
        for (uint32_t i = 0; i < h->junk_bytes + (h->junk_bytes & 1); i++)
            buf_add_char(b, 'x');
    }
    buf_add_text(b, "fmt ");
    put(b, h->is_extensible ? 40 : 16, 4);
    put(b, h->is_extensible ? 0xFFFE : h->tag, 2);
    put(b, h->channels, 2);
    put(b, h->rate_hz, 4);
    put(b, 0, 4);
    put(b, h->align ? h->align : h->channels * h->bits / 8, 2);
    put(b, h->bits, 2);
    if (h->is_extensible) {
        put(b, 22, 2);
        put(b, h->bits, 2);
        put(b, 0, 4);
        put(b, h->tag, 2);
        buf_add(b, tail, sizeof tail);
    }
    buf_add_text(b, "data");
    put(b, h->data_bytes, 4);
}

static int parse(const struct header *h, int64_t data_there, struct audio_info *info)
{
    struct buf b;
    struct err err;
    int rc;

    buf_init(&b, 4096);
    make(&b, h);
    rc = wav_header_parse(buf_view(&b), (int64_t)b.len + data_there, info, &err);
    buf_release(&b);
    return rc;
}

static void known_sample_formats_are_read(void **state)
{
    static const struct header good[] = {
        { 1, 1, 8000, 8, 0, false, 0, 1600 },    { 1, 2, 44100, 16, 0, false, 0, 1600 },
        { 1, 2, 48000, 24, 0, true, 0, 1602 },   { 1, 8, 96000, 32, 0, true, 7, 1600 },
        { 3, 1, 16000, 32, 0, false, 26, 1600 }, { 3, 2, 384000, 64, 0, true, 0, 1600 },
    };
    struct audio_info info;

    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(good); i++) {
        const int64_t frames = good[i].data_bytes / (good[i].channels * good[i].bits / 8);

        assert_int_equal(parse(&good[i], 4000, &info), 0);
        assert_string_equal(info.format, "wav");
        assert_int_equal(info.frames, frames);
        assert_int_equal(info.channels, good[i].channels);
        assert_int_equal(info.sample_rate_hz, good[i].rate_hz);
        assert_int_equal(info.duration_us, frames * 1000000 / good[i].rate_hz);
    }
}

static void data_longer_than_the_file_are_cut(void **state)
{
    const struct header cut = { 1, 2, 44100, 16, 0, false, 0, 1u << 30 };
    const struct header streamed = { 1, 1, 44100, 16, 0, false, 0, UINT32_MAX };
    struct audio_info info;

    (void)state;
    assert_int_equal(parse(&cut, 403, &info), 0);
    assert_int_equal(info.frames, 100);
    assert_int_equal(parse(&streamed, 400, &info), 0);
    assert_int_equal(info.frames, 200);
}

static void hostile_headers_are_refused(void **state)
{
    static const struct header bad[] = {
        { 1, 0, 44100, 16, 0, false, 0, 400 },
        { 1, 9, 44100, 16, 0, false, 0, 400 },
        { 1, 65535, 44100, 16, 0, false, 0, 400 },
        { 1, 1, 0, 16, 0, false, 0, 400 },
        { 1, 1, 384001, 16, 0, false, 0, 400 },
        { 1, 1, UINT32_MAX, 16, 0, false, 0, 400 },
        { 1, 1, 44100, 0, 0, false, 0, 400 },
        { 1, 1, 44100, 12, 0, false, 0, 400 },
        { 1, 2, 44100, 16, 1, false, 0, 400 },
        { 2, 1, 44100, 16, 0, false, 0, 400 },
        { 3, 1, 44100, 16, 0, true, 0, 400 },
        { 1, 2, 44100, 16, 0, false, 0, 0 },
        { 1, 2, 44100, 16, 0, false, 0, 3 },
    };
    struct audio_info info = { .frames = 77 };

    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(bad); i++)
        assert_int_equal(parse(&bad[i], 4000, &info), ERR_NOT_MEDIA);
    assert_int_equal(info.frames, 77);
}

static void every_truncation_is_refused(void **state)
{
    const struct header h = { 1, 2, 44100, 16, 0, true, 8, 400 };
    struct audio_info info;
    struct err err;
    struct buf b;

    (void)state;
    buf_init(&b, 4096);
    make(&b, &h);
    for (size_t len = 0; len <= b.len; len++) {
        assert_int_equal(
            wav_header_parse((struct view){ b.data, len }, (int64_t)len, &info, &err),
            ERR_NOT_MEDIA);
    }
    assert_int_equal(wav_header_parse((struct view){ b.data, 30 }, 1000, &info, &err),
                     ERR_NOT_FOUND);
    memset(b.data + 16, 0xFF, 4);
    assert_int_equal(wav_header_parse(buf_view(&b), 1000, &info, &err), ERR_NOT_MEDIA);
    buf_release(&b);
}

static void output_size_is_that_of_16_bit_wav(void **state)
{
    (void)state;
    assert_int_equal(audio_output_bytes(1000000, 48000, 2), 44 + 192000);
    assert_int_equal(audio_output_bytes(1, 48000, 1), 46);
    assert_int_equal(audio_output_bytes(0, 48000, 1), 44);
    assert_int_equal(audio_output_bytes(INT64_MAX, 384000, 8), INT64_MAX);
    assert_true(audio_type_is_known(view_of(audio_types[0])));
    assert_true(audio_type_is_known(view_of("noise_reduction")));
    assert_false(audio_type_is_known(view_of("noise")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_sample_formats_are_read),
        cmocka_unit_test(data_longer_than_the_file_are_cut),
        cmocka_unit_test(hostile_headers_are_refused),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(output_size_is_that_of_16_bit_wav),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
