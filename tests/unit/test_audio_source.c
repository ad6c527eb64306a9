/* Odd, damaged and hostile files. Files that other programs made:
 * tests/cli/test_formats.py. */
#include "tests/unit/audio_fixture.h"

#include <libavutil/log.h>
#include <unistd.h>

struct wav {
    int tag, bits, rate, channels;
    const void *data;
    size_t bytes;
};

static void put(unsigned char *to, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        to[i] = (unsigned char)(value >> 8 * i);
}

static int wav_file(const struct wav *w)
{
    const int fd = fixture_file(), block = w->channels * w->bits / 8;
    unsigned char h[44];

    memcpy(h, "RIFF    WAVEfmt \20\0\0\0", 20);
    put(h + 4, 36 + w->bytes, 4);
    put(h + 20, (uint64_t)w->tag, 2);
    put(h + 22, (uint64_t)w->channels, 2);
    put(h + 24, (uint64_t)w->rate, 4);
    put(h + 28, (uint64_t)(w->rate * block), 4);
    put(h + 32, (uint64_t)block, 2);
    put(h + 34, (uint64_t)w->bits, 2);
    memcpy(h + 36, "data", 4);
    put(h + 40, w->bytes, 4);
    assert_int_equal(write(fd, h, sizeof h), sizeof h);
    assert_int_equal(write(fd, w->data, w->bytes), w->bytes);
    return fd;
}

static void refused(int fd, const char *text)
{
    struct fixture_sound sound;
    struct err err = { 0 };

    assert_int_equal(fixture_read(fd, &sound, &err), ERR_NOT_MEDIA);
    assert_string_equal(err.text, text);
    free(sound.first);
    (void)close(fd);
}

static void every_depth_of_wav_is_read_to_the_sample(void **state)
{
    static const struct {
        int tag, bits;
        bool is_deep;
        uint64_t half; /* a sample of 0.5 */
    } depths[] = {
        { 1, 8, false, 192 },        { 1, 16, false, 0x4000 },
        { 1, 24, true, 0x400000 },   { 1, 32, true, 0x40000000 },
        { 3, 32, true, 0x3F000000 }, { 3, 64, true, UINT64_C(0x3FE0000000000000) },
    };

    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(depths); i++) {
        unsigned char data[1000 * 8];
        const int bytes = depths[i].bits / 8;
        const struct wav w = { depths[i].tag, depths[i].bits,        44100, 1,
                               data,          (size_t)(1000 * bytes) };
        struct fixture_sound sound;
        struct source *s;
        int fd;

        for (int n = 0; n < 1000; n++)
            put(data + n * bytes, depths[i].half, bytes);
        fd = wav_file(&w);
        assert_int_equal(fixture_read(fd, &sound, NULL), 0);
        assert_int_equal(sound.frames, 1000);
        assert_int_equal(sound.info.frames, 1000);
        for (int n = 0; n < 1000; n++)
            assert_true(sound.first[n] == 0.5f);
        free(sound.first);
        assert_int_equal(source_open(fd, HOUR_US, &s, NULL), 0);
        assert_int_equal(source_is_deep(s), depths[i].is_deep);
        source_close(&s);
        (void)close(fd);
    }
}

static void samples_that_are_no_numbers_are_refused(void **state)
{
    const float values[] = { NAN, INFINITY, -INFINITY };

    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(values); i++) {
        float data[2 * 5000] = { 0 };
        const struct wav w = { 3, 32, 16000, 2, data, sizeof data };

        data[2 * 4999 + 1] = values[i];
        refused(wav_file(&w), "The recording has samples that are no numbers.");
    }
}

static void huge_and_tiny_floats_are_numbers(void **state)
{
    const float data[] = { 3.0e38f, -3.0e38f, 1e-45f, 0, -0.0f };
    const struct wav w = { 3, 32, 16000, 1, data, sizeof data };
    const int fd = wav_file(&w);
    struct fixture_sound sound;

    (void)state;
    assert_int_equal(fixture_read(fd, &sound, NULL), 0);
    assert_int_equal(sound.frames, 5);
    free(sound.first);
    (void)close(fd);
}

static void what_is_no_recording_is_refused_in_words(void **state)
{
    const short none[1] = { 0 };
    const struct wav w = { 1, 16, 16000, 1, none, 0 };
    const int text = fixture_file();
    unsigned char noise[50000];
    int fd;

    (void)state;
    refused(fixture_file(), "The file is empty.");
    assert_int_equal(write(text, "#EXTM3U\nfile:///etc/passwd\n", 27), 27);
    refused(text, "The file is not audio in a supported format.");
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (unsigned char)(i * i * 31 >> 3);
    fd = fixture_file();
    assert_int_equal(write(fd, noise, sizeof noise), sizeof noise);
    refused(fd, "The file is not audio in a supported format.");
    refused(wav_file(&w), "The file has no sound.");
}

/* A file of `format` in `into`, behind what is there. */
static void append(int into, const char *format, int rate, int channels, int frames)
{
    const int fd = fixture_file();
    AVChannelLayout layout;
    struct sink_result result;
    char bytes[4096];
    ssize_t got;

    av_channel_layout_default(&layout, channels);
    fixture_write(&(struct sink_config){ .fd = fd,
                                         .format = format,
                                         .sample_rate_hz = rate,
                                         .layout = &layout,
                                         .bytes_max = 1 << 30 },
                  frames, &result);
    (void)lseek(fd, 0, SEEK_SET);
    (void)lseek(into, 0, SEEK_END);
    while ((got = read(fd, bytes, sizeof bytes)) > 0)
        assert_int_equal(write(into, bytes, (size_t)got), got);
    (void)close(fd);
}

static void a_change_on_the_way_is_refused(void **state)
{
    static const char changes[] =
        "The recording changes its sample rate or channels on the way.";
    const int fd = fixture_file();

    (void)state;
    append(fd, "mp3", 44100, 2, 88200);
    append(fd, "mp3", 48000, 2, 96000);
    refused(fd, changes);
}

/* The second part's own delay of 312 frames may stay. */
static void a_chained_ogg_is_read_to_its_end(void **state)
{
    (void)state;
    for (int second = 1; second <= 2; second++) {
        const int fd = fixture_file();
        struct fixture_sound sound;
        struct err err = { 0 };

        append(fd, "ogg", 48000, 2, 48000);
        append(fd, "ogg", 48000, second, 30000);
        if (fixture_read(fd, &sound, &err) != 0)
            fail_msg("%s", err.text);
        assert_int_equal(sound.info.channels, 2); /* Opus decodes to what is asked for */
        if (sound.frames < 78000 || sound.frames > 78000 + 960)
            fail_msg("%lld frames", (long long)sound.frames);
        free(sound.first);
        (void)close(fd);
    }
}

static void a_cut_file_is_read_as_far_as_it_goes(void **state)
{
    static const char *const formats[] = { "wav", "flac", "mp3", "ogg" };

    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(formats); i++) {
        const int fd = fixture_file();
        struct fixture_sound sound;
        struct err err = { 0 };

        append(fd, formats[i], 48000, 1, 96000);
        assert_int_equal(ftruncate(fd, lseek(fd, 0, SEEK_END) / 2), 0);
        if (fixture_read(fd, &sound, &err) != 0)
            fail_msg("%s: %s", formats[i], err.text);
        if (sound.frames < 30000 || sound.frames > 70000)
            fail_msg("%s: %lld frames", formats[i], (long long)sound.frames);
        free(sound.first);
        (void)close(fd);
    }
}

/* A second reading, from a restart in the middle or at the end, gives the same samples. */
static void check_restart(const char *format, int64_t until)
{
    const int fd = fixture_file();
    struct fixture_sound sound;
    const AVFrame *block;
    struct source *s = NULL;
    struct err err = { 0 };
    int64_t at = 0;

    append(fd, format, 44100, 2, 30000);
    assert_int_equal(fixture_read(fd, &sound, &err), 0);
    assert_int_equal(source_open(fd, HOUR_US, &s, &err), 0);
    while (at < until && source_next(s, &block, &err) == 0 && block)
        at += block->nb_samples;
    assert_int_equal(source_restart(&s, &err), 0);
    for (at = 0; source_next(s, &block, &err) == 0 && block; at += block->nb_samples) {
        assert_true(at + block->nb_samples <= sound.frames);
        assert_memory_equal(block->extended_data[0], sound.first + at,
                            (size_t)block->nb_samples * sizeof(float));
    }
    assert_int_equal(at, sound.frames);
    assert_int_equal(at, 30000);
    source_close(&s);
    free(sound.first);
    (void)close(fd);
}

static void a_restart_gives_the_same_again(void **state)
{
    static const char *const names[] = { "wav", "wav24", "wavf32", "flac", "mp3", "m4a" };

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        check_restart(names[i], 9000);
        check_restart(names[i], INT64_MAX);
    }
}

static void what_is_too_long_is_refused(void **state)
{
    const int fd = fixture_file();
    struct source *s = NULL;
    struct err err = { 0 };

    (void)state;
    append(fd, "flac", 8000, 1, 8001);
    assert_int_equal(source_open(fd, 1000000, &s, &err), ERR_TOO_LARGE);
    assert_int_equal(source_open(fd, 1000125, &s, &err), 0);
    source_close(&s);
    (void)close(fd);
}

/* Every byte of a small file changed in turn, and cuts at every length: an error or sound,
 * never more than the sanitizers allow. */
static void damaged_files_end_in_sound_or_an_error(void **state)
{
    static const char *const formats[] = { "wav", "flac", "mp3", "m4a", "ogg" };

    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(formats); i++) {
        const int good = fixture_file(), bad = fixture_file();
        unsigned char bytes[8192];
        ssize_t len;

        append(good, formats[i], 16000, 1, 1500);
        len = pread(good, bytes, sizeof bytes, 0);
        assert_true(len > 100);
        for (ssize_t at = 0; at < len; at += 1 + len / 300) {
            struct fixture_sound sound;

            bytes[at] ^= 0x55;
            assert_int_equal(ftruncate(bad, 0), 0);
            assert_int_equal(pwrite(bad, bytes, (size_t)len, 0), len);
            (void)!fixture_read(bad, &sound, NULL);
            free(sound.first);
            assert_int_equal(ftruncate(bad, at), 0);
            (void)!fixture_read(bad, &sound, NULL);
            free(sound.first);
            bytes[at] ^= 0x55;
        }
        (void)close(good);
        (void)close(bad);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_depth_of_wav_is_read_to_the_sample),
        cmocka_unit_test(samples_that_are_no_numbers_are_refused),
        cmocka_unit_test(huge_and_tiny_floats_are_numbers),
        cmocka_unit_test(what_is_no_recording_is_refused_in_words),
        cmocka_unit_test(a_change_on_the_way_is_refused),
        cmocka_unit_test(a_chained_ogg_is_read_to_its_end),
        cmocka_unit_test(a_cut_file_is_read_as_far_as_it_goes),
        cmocka_unit_test(a_restart_gives_the_same_again),
        cmocka_unit_test(what_is_too_long_is_refused),
        cmocka_unit_test(damaged_files_end_in_sound_or_an_error),
    };
    av_log_set_level(AV_LOG_QUIET);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
