#include "tests/unit/audio_fixture.h"

#include <libavutil/log.h>
#include <unistd.h>
#include "audio/child/sink_driver.h"

struct trip {
    const char *format;
    int rate, channels;
    int64_t frames;
};

/* How much of the chord is in the right place: the correlation with what was written. */
static double likeness(const struct fixture_sound *back, const AVChannelLayout *layout)
{
    AVFrame *chord = fixture_block(back->info.sample_rate_hz, layout, 0, (int)back->frames);
    double xy = 0, xx = 0, yy = 0;

    for (int64_t i = 0; i < back->frames; i++) {
        const double x = (double)((const float *)(const void *)chord->extended_data[0])[i];
        const double y = (double)back->first[i];

        xy += x * y;
        xx += x * x;
        yy += y * y;
    }
    av_frame_free(&chord);
    return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : 0;
}

/* Writes, reads back and checks the lengths. Fills the likeness unless it is NULL. */
static void round_trip(const struct trip *t, double *ret_likeness)
{
    const int fd = fixture_file();
    AVChannelLayout layout;
    struct fixture_sound back;
    struct sink_result result;
    struct err err = { 0 };

    av_channel_layout_default(&layout, t->channels);
    fixture_write(&(struct sink_config){ .fd = fd,
                                         .format = t->format,
                                         .sample_rate_hz = t->rate,
                                         .layout = &layout,
                                         .frames = t->frames,
                                         .bytes_max = 1 << 30 },
                  t->frames, &result);
    if (fixture_read(fd, &back, &err) != 0)
        fail_msg("%s, %lld frames: %s", t->format, (long long)t->frames, err.text);
    if (back.frames != result.frames || back.info.sample_rate_hz != result.sample_rate_hz ||
        result.bytes != lseek(fd, 0, SEEK_END))
        fail_msg("%s at %d Hz, %d channels, %lld frames: %lld frames at %d Hz came back, "
                 "%lld at %d Hz were promised",
                 t->format, t->rate, t->channels, (long long)t->frames,
                 (long long)back.frames, back.info.sample_rate_hz, (long long)result.frames,
                 result.sample_rate_hz);
    assert_int_equal(result.frames,
                     (t->frames * result.sample_rate_hz + t->rate - 1) / t->rate);
    if (ret_likeness)
        *ret_likeness = likeness(&back, &layout);
    free(back.first);
    (void)close(fd);
}

static const int rates[] = { 8000, 11025, 16000, 22050, 32000, 44100, 48000 };

static void every_length_comes_back_exactly(void **state)
{
    unsigned random = 20261124;

    (void)state;
    for (int n = 0; n < 240; n++) {
        for (size_t f = 0; audio_formats[f].name; f++) {
            struct trip t = { .format = audio_formats[f].name };

            random = random * 1103515245 + 12345;
            t.frames = 1 +
                       (n < 40 ? (unsigned)n : (random >> 8) % (n < 200 ? 4000 : 20000));
            t.rate = rates[(random >> 4) % UNIT_COUNT(rates)];
            t.channels = 1 + (n & 1);
            round_trip(&t, NULL);
        }
    }
}

/* An mp3 of more than two channels is mixed down; its first channel is then another. */
static void every_format_keeps_the_sound(void **state)
{
    static const int some_rates[] = { 8000, 16000, 44100, 48000, 96000, 192000, 12345 };

    (void)state;
    for (size_t f = 0; audio_formats[f].name; f++) {
        for (int channels = 1; channels <= 8; channels++) {
            const struct trip t = { audio_formats[f].name,
                                    some_rates[(size_t)channels % UNIT_COUNT(some_rates)],
                                    channels, 12000 };
            double alike;
            const bool is_mixed = strcmp(t.format, "mp3") == 0 && channels > 2;
            const double least = audio_formats[f].is_lossless ? 0.9999999 : 0.99;

            round_trip(&t, &alike);
            if (!(alike > least) && !is_mixed)
                fail_msg("%s at %d Hz, %d channels: correlation %.8f", t.format, t.rate,
                         channels, alike);
        }
    }
}

static void every_rate_is_kept_or_replaced_as_documented(void **state)
{
    static const struct {
        const char *format;
        int rate, kept;
    } cases[] = {
        { "wav", 12345, 12345 },    { "wav", 192000, 192000 },  { "flac", 11111, 11111 },
        { "flac", 192000, 192000 }, { "flac", 384000, 384000 }, { "flac", 96001, 176400 },
        { "mp3", 8000, 8000 },      { "mp3", 11025, 11025 },    { "mp3", 12345, 16000 },
        { "mp3", 96000, 48000 },    { "m4a", 16000, 16000 },    { "m4a", 96000, 96000 },
        { "m4a", 192000, 96000 },   { "ogg", 16000, 48000 },    { "ogg", 44100, 48000 },
        { "ogg", 96000, 48000 },
    };
    const AVChannelLayout mono = AV_CHANNEL_LAYOUT_MONO;

    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        const int fd = fixture_file();
        struct sink_result result;

        fixture_write(&(struct sink_config){ .fd = fd,
                                             .format = cases[i].format,
                                             .sample_rate_hz = cases[i].rate,
                                             .layout = &mono,
                                             .bytes_max = 1 << 30 },
                      5000, &result);
        if (result.sample_rate_hz != cases[i].kept)
            fail_msg("%s at %d Hz became %d Hz, not %d", cases[i].format, cases[i].rate,
                     result.sample_rate_hz, cases[i].kept);
        (void)close(fd);
    }
}

static void a_file_never_grows_past_its_limit(void **state)
{
    const AVChannelLayout stereo = AV_CHANNEL_LAYOUT_STEREO;

    (void)state;
    for (size_t f = 0; audio_formats[f].name; f++) {
        const int fd = fixture_file();
        const struct sink_config config = { .fd = fd,
                                            .format = audio_formats[f].name,
                                            .sample_rate_hz = 48000,
                                            .layout = &stereo,
                                            .bytes_max = 20000 };
        AVFrame *block = fixture_block(48000, &stereo, 0, 4800);
        struct sink *s = NULL;
        struct sink_result result;
        struct err err = { 0 };
        int rc = sink_open(&config, &s, &err);

        for (int i = 0; i < 200 && rc == 0; i++)
            rc = sink_write(s, block, &err);
        if (rc == 0)
            rc = sink_finish(s, &result, &err);
        assert_int_equal(rc, ERR_TOO_LARGE);
        assert_string_equal(err.text, "The result is larger than it may be.");
        assert_true(lseek(fd, 0, SEEK_END) <= 20000);
        sink_close(&s);
        av_frame_free(&block);
        (void)close(fd);
    }
}

static void titles_are_kept_but_for_wav(void **state)
{
    const AVChannelLayout mono = AV_CHANNEL_LAYOUT_MONO;

    (void)state;
    for (size_t f = 0; audio_formats[f].name; f++) {
        const int fd = fixture_file();
        AVDictionary *tags = NULL;
        struct sink_result result;
        struct source *s = NULL;

        (void)av_dict_set(&tags, "title", "Käse & Brot", 0);
        (void)av_dict_set(&tags, "ARTIST", "Die Drei", 0);
        (void)av_dict_set(&tags, "comment", "not kept", 0);
        fixture_write(&(struct sink_config){ .fd = fd,
                                             .format = audio_formats[f].name,
                                             .sample_rate_hz = 44100,
                                             .layout = &mono,
                                             .tags = tags,
                                             .bytes_max = 1 << 30 },
                      20000, &result);
        av_dict_free(&tags);
        assert_int_equal(source_open(fd, HOUR_US, &s, NULL), 0);
        const AVDictionaryEntry *title = av_dict_get(source_tags(s), "title", NULL, 0);
        const AVDictionaryEntry *artist = av_dict_get(source_tags(s), "artist", NULL, 0);

        if (strncmp(audio_formats[f].name, "wav", 3) == 0) {
            assert_null(title);
        } else {
            assert_non_null(title);
            assert_non_null(artist);
            assert_string_equal(title->value, "Käse & Brot");
            assert_string_equal(artist->value, "Die Drei");
            assert_null(av_dict_get(source_tags(s), "comment", NULL, 0));
        }
        source_close(&s);
        (void)close(fd);
    }
}

static void dither_rounds_without_bias_and_keeps_silence(void **state)
{
    struct dither d = { 12345 };
    double sum = 0;

    (void)state;
    for (int i = 0; i < 200000; i++)
        sum += dither_sample(&d, 0.25f / 32768.0f, 16);
    assert_true(fabs(sum / 200000 - 0.25) < 0.01);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(dither_sample(&d, 0.0f, 16), 0);
    assert_int_equal(dither_sample(&d, 2.0f, 16), 32767);
    assert_int_equal(dither_sample(&d, -2.0f, 16), -32768);
    assert_int_equal(dither_sample(&d, -2.0f, 24), -8388608);
    assert_int_equal(dither_sample(&d, NAN, 16), -32768);
}

static void a_wav_of_known_length_has_the_size_told_beforehand(void **state)
{
    (void)state;
    for (int channels = 1; channels <= 8; channels++) {
        const int fd = fixture_file();
        AVChannelLayout layout;
        struct sink_result result;

        av_channel_layout_default(&layout, channels);
        fixture_write(&(struct sink_config){ .fd = fd,
                                             .format = "wav",
                                             .sample_rate_hz = 44100,
                                             .layout = &layout,
                                             .frames = 44100,
                                             .bytes_max = 1 << 30 },
                      44100, &result);
        assert_int_equal(result.bytes, audio_output_bytes(1000000, 44100, channels));
        (void)close(fd);
    }
}

/* Its header is RF64's as soon as the length to come is known to pass 4 GiB. */
static void a_huge_wav_is_an_rf64(void **state)
{
    const AVChannelLayout mono = AV_CHANNEL_LAYOUT_MONO;
    const int64_t frames = INT64_C(3) << 30;
    const int fd = fixture_file();
    struct sink_result result;
    struct fixture_sound back;
    char head[4];

    (void)state;
    fixture_write(&(struct sink_config){ .fd = fd,
                                         .format = "wav",
                                         .sample_rate_hz = 44100,
                                         .layout = &mono,
                                         .frames = frames,
                                         .bytes_max = INT64_MAX },
                  5000, &result);
    assert_int_equal(pread(fd, head, 4, 0), 4);
    assert_memory_equal(head, "RF64", 4);
    assert_int_equal(result.bytes, 80 + 10000);
    assert_int_equal(audio_output_bytes(frames / 44100 * 1000000, 44100, 1),
                     80 + frames / 44100 * 44100 * 2);
    assert_int_equal(fixture_read(fd, &back, NULL), 0);
    assert_int_equal(back.frames, 5000);
    free(back.first);
    (void)close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_length_comes_back_exactly),
        cmocka_unit_test(every_format_keeps_the_sound),
        cmocka_unit_test(every_rate_is_kept_or_replaced_as_documented),
        cmocka_unit_test(a_file_never_grows_past_its_limit),
        cmocka_unit_test(titles_are_kept_but_for_wav),
        cmocka_unit_test(dither_rounds_without_bias_and_keeps_silence),
        cmocka_unit_test(a_wav_of_known_length_has_the_size_told_beforehand),
        cmocka_unit_test(a_huge_wav_is_an_rf64),
    };
    av_log_set_level(AV_LOG_QUIET);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
