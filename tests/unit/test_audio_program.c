/* The real program: whole tasks in the sandbox. */
#include "tests/unit/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "audio/audio.h"
#include "base/clock.h"

enum { RATE = 16000, SECONDS = 4, FRAMES = RATE * SECONDS };

static struct audio_host *host;

static int file_new(void)
{
    const int fd = memfd_create("test", MFD_CLOEXEC);

    assert_true(fd >= 0);
    return fd;
}

static void put(unsigned char *to, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        to[i] = (unsigned char)(value >> 8 * i);
}

/* A mono WAV of floats: `at` gives each. */
static int recording(float (*at)(int frame))
{
    static unsigned char bytes[44 + 4 * FRAMES];
    const int fd = file_new();

    memcpy(bytes, "RIFF    WAVEfmt \20\0\0\0\3\0\1\0", 24);
    put(bytes + 4, sizeof bytes - 8, 4);
    put(bytes + 24, RATE, 4);
    put(bytes + 28, RATE * 4, 4);
    put(bytes + 32, 4, 2);
    put(bytes + 34, 32, 2);
    memcpy(bytes + 36, "data", 4);
    put(bytes + 40, sizeof bytes - 44, 4);
    for (int i = 0; i < FRAMES; i++) {
        const float value = at(i);

        memcpy(bytes + 44 + 4 * i, &value, 4);
    }
    assert_int_equal(write(fd, bytes, sizeof bytes), sizeof bytes);
    return fd;
}

static uint32_t random_state = 7;

static float noisy_tone(int i)
{
    random_state = random_state * 1664525u + 1013904223u;
    return 0.02f * (float)(int32_t)random_state / 2147483648.0f +
           (i % RATE < RATE / 2 ? 0.2f * sinf(0.2f * (float)i) : 0.0f);
}

static float silence(int i)
{
    (void)i;
    return 0.0f;
}

static float direct_current(int i)
{
    (void)i;
    return 0.25f;
}

static float clipped(int i)
{
    return fmaxf(-1.0f, fminf(1.0f, 5.0f * sinf(0.1f * (float)i)));
}

static float not_a_number(int i)
{
    return i == FRAMES - 10 ? NAN : 0.1f;
}

static int process(struct audio_task *task, float (*at)(int frame),
                   struct audio_result *ret, struct err *err)
{
    int rc;

    task->input_fd = recording(at);
    task->output_fd = file_new();
    task->duration_us = SECONDS * CLOCK_SECOND_US;
    if (!task->type)
        task->type = "noise_reduction";
    rc = audio_process(host, task, ret, err);
    (void)close(task->input_fd);
    (void)close(task->output_fd);
    return rc;
}

static int setup(void **state)
{
    const struct audio_limits limits = { .memory_bytes = 1 << 30,
                                         .duration_us_max = CLOCK_HOUR_US };

    (void)state;
    return audio_host_new(&limits, &host, NULL);
}

static int teardown(void **state)
{
    (void)state;
    audio_host_free(&host);
    return 0;
}

static void every_format_has_its_figures(void **state)
{
    (void)state;
    for (size_t i = 0; audio_formats[i].name; i++) {
        for (int normalise = 0; normalise < 2; normalise++) {
            struct audio_task task = { .format = audio_formats[i].name,
                                       .loudness_normalise = normalise };
            struct audio_result r;
            struct err err = { 0 };

            if (process(&task, noisy_tone, &r, &err) != 0)
                fail_msg("%s: %s", audio_formats[i].name, err.text);
            assert_int_equal(r.input.frames, FRAMES);
            assert_int_equal(r.input.duration_us, SECONDS * CLOCK_SECOND_US);
            assert_int_equal(r.frames_written, FRAMES / RATE * r.output_rate_hz);
            assert_int_equal(r.output_rate_hz,
                             strcmp(audio_formats[i].name, "ogg") == 0 ? 48000 : RATE);
            assert_int_equal(r.output_channels, 1);
            assert_true(r.output_bytes > 1000);
            assert_true(r.noise_removed_cdb >= 0);
            if (normalise) {
                assert_true(abs(r.loudness_clufs + 1600) <= 20);
                assert_true(r.peak_cdbfs <= -100);
            } else {
                assert_true(r.loudness_clufs < -1700);
            }
        }
    }
}

static void odd_recordings_are_processed(void **state)
{
    float (*const odd[])(int) = { silence, direct_current, clipped };

    (void)state;
    for (size_t t = 0; audio_types[t]; t++) {
        for (size_t i = 0; i < UNIT_COUNT(odd); i++) {
            struct audio_task task = { .type = audio_types[t], .loudness_normalise = true };
            struct audio_result r;
            struct err err = { 0 };

            if (process(&task, odd[i], &r, &err) != 0)
                fail_msg("%s of odd recording %zu: %s", audio_types[t], i, err.text);
            assert_int_equal(r.frames_written, FRAMES);
            if (odd[i] == silence) {
                assert_int_equal(r.peak_cdbfs, AUDIO_LEVEL_LEAST_CDB);
                assert_int_equal(r.loudness_clufs, AUDIO_LOUDNESS_LEAST_CLUFS);
                assert_int_equal(r.noise_removed_cdb, 0);
            }
        }
    }
}

static void no_numbers_are_an_error_in_words(void **state)
{
    struct audio_task task = { .format = "flac" };
    struct audio_result r;
    struct audio_peaks peaks;
    struct err err = { 0 };
    const int fd = recording(not_a_number);

    (void)state;
    assert_int_equal(process(&task, not_a_number, &r, &err), ERR_NOT_MEDIA);
    assert_string_equal(err.text, "The recording has samples that are no numbers.");
    assert_int_equal(audio_peaks(host, fd, 100, &peaks, &err), ERR_NOT_MEDIA);
    (void)close(fd);
}

static void a_result_that_is_too_large_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; audio_formats[i].name; i++) {
        for (int normalise = 0; normalise < 2; normalise++) {
            struct audio_task task = { .format = audio_formats[i].name,
                                       .loudness_normalise = normalise,
                                       .output_bytes_max = 1500 };
            struct audio_result r;
            struct err err = { 0 };

            assert_int_equal(process(&task, noisy_tone, &r, &err), ERR_TOO_LARGE);
            assert_string_equal(err.text, "The result is larger than it may be.");
        }
    }
}

static void peaks_show_the_recording(void **state)
{
    const int fd = recording(noisy_tone);
    struct audio_peaks peaks;
    struct err err = { 0 };

    (void)state;
    if (audio_peaks(host, fd, 8, &peaks, &err) != 0)
        fail_msg("%s", err.text);
    assert_int_equal(peaks.count, 8);
    for (int i = 0; i < 8; i++) { /* each even half second has the tone */
        assert_true(i % 2 ? peaks.max[i] < 5 : peaks.max[i] > 25 && peaks.max[i] < 30);
        assert_true(i % 2 ? peaks.min[i] > -5 : peaks.min[i] < -25);
    }
    assert_int_equal(audio_peaks(host, fd, AUDIO_PEAKS_MAX, &peaks, &err), 0);
    assert_int_equal(peaks.count, AUDIO_PEAKS_MAX);
    (void)close(fd);
}

/* The same samples as those of eight channels: an engine for each. */
static int recording_of_eight(void)
{
    const int fd = recording(noisy_tone);
    unsigned char part[12] = { 0 };

    put(part, 8, 2);
    assert_int_equal(pwrite(fd, part, 2, 22), 2);
    put(part, RATE * 32, 4);
    put(part + 4, 32, 2);
    assert_int_equal(pwrite(fd, part, 6, 28), 6);
    return fd;
}

static void too_little_memory_is_an_error_and_no_more(void **state)
{
    const struct audio_limits limits = { .memory_bytes = 20 << 20,
                                         .duration_us_max = CLOCK_HOUR_US };
    struct audio_task task = { .type = "speech_enhancement", .format = "mp3" };
    struct audio_host *roomy = host;
    struct audio_result r;
    struct err err = { 0 };
    int rc;

    (void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__clang__)
    skip(); /* the sandbox leaves a sanitizer's address space alone */
#endif
    assert_int_equal(audio_host_new(&limits, &host, NULL), 0);
    task.input_fd = recording_of_eight();
    task.output_fd = file_new();
    rc = audio_process(host, &task, &r, &err);
    audio_host_free(&host);
    host = roomy;
    assert_true(rc == ERR_TOO_LARGE || rc == ERR_CRASHED || rc == ERR_NOT_MEDIA);
    assert_true(err.text[0]);
    assert_int_equal(process(&task, noisy_tone, &r, &err), 0);
}

/* Noisy 16-bit sound at 48 kHz, the same in every channel. */
static int recording_wide(int channels, int seconds)
{
    enum { WIDE_RATE = 48000, HEADER = 44 };
    const size_t frame = 2 * (size_t)channels, data = frame * WIDE_RATE * (size_t)seconds;
    unsigned char *bytes = calloc(HEADER + data, 1);
    const int fd = file_new();

    memcpy(bytes, "RIFF    WAVEfmt \20\0\0\0\1\0", 22);
    put(bytes + 4, HEADER + data - 8, 4);
    put(bytes + 22, (uint64_t)channels, 2);
    put(bytes + 24, WIDE_RATE, 4);
    put(bytes + 28, WIDE_RATE * frame, 4);
    put(bytes + 32, frame, 2);
    put(bytes + 34, 16, 2);
    memcpy(bytes + 36, "data", 4);
    put(bytes + 40, data, 4);
    for (size_t i = 0; i < data / frame; i++) {
        const int16_t value = (int16_t)(32767.0f * noisy_tone((int)i));

        for (size_t c = 0; c < (size_t)channels; c++)
            put(bytes + HEADER + i * frame + 2 * c, (uint16_t)value, 2);
    }
    assert_int_equal(write(fd, bytes, HEADER + data), HEADER + data);
    free(bytes);
    return fd;
}

/* Resident at most, of the engine that needs most. */
static int64_t memory_of(int channels, int seconds)
{
    struct audio_task task = { .type = "speech_enhancement" };
    struct audio_result r;
    struct err err = { 0 };

    task.input_fd = recording_wide(channels, seconds);
    task.output_fd = file_new();
    task.duration_us = seconds * CLOCK_SECOND_US;
    if (audio_process(host, &task, &r, &err) != 0)
        fail_msg("%d channels: %s", channels, err.text);
    assert_int_equal(r.frames_written, (int64_t)seconds * 48000);
    (void)close(task.input_fd);
    (void)close(task.output_fd);
    return r.memory_peak_bytes;
}

static void memory_does_not_grow_with_the_recording(void **state)
{
    int64_t shorter;

    (void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__clang__)
    skip(); /* a sanitizer needs memory of its own */
#endif
    assert_true(memory_of(1, 16) < 40 << 20);
    shorter = memory_of(2, 16);
    /* Where blocks happen to lie makes some large pages of 2 MB; 64 s more of stereo are
     * 24 MB as floats. */
    assert_true(memory_of(2, 80) < shorter + (8 << 20));
    assert_true(shorter < 48 << 20);
    assert_true(memory_of(8, 12) < 120 << 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format_has_its_figures),
        cmocka_unit_test(odd_recordings_are_processed),
        cmocka_unit_test(no_numbers_are_an_error_in_words),
        cmocka_unit_test(a_result_that_is_too_large_is_refused),
        cmocka_unit_test(peaks_show_the_recording),
        cmocka_unit_test(too_little_memory_is_an_error_and_no_more),
        cmocka_unit_test(memory_does_not_grow_with_the_recording),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
