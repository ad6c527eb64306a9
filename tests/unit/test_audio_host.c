/* The host against a program that misbehaves: tests/support/hostile_program.c. */
#include "tests/unit/unit.h"

#include <dirent.h>
#include <sys/mman.h>
#include <unistd.h>
#include "audio/audio.h"
#include "base/clock.h"

static struct audio_host *host;

static int file_saying(const char *how)
{
    const int fd = memfd_create("test", MFD_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, how, strlen(how)), strlen(how));
    return fd;
}

static int process(const char *how, int64_t output_bytes_max, struct err *err)
{
    struct audio_task task = { .type = "noise_reduction",
                               .input_fd = file_saying(how),
                               .output_fd = memfd_create("out", MFD_CLOEXEC),
                               .output_bytes_max = output_bytes_max };
    struct audio_result result;
    const int rc = audio_process(host, &task, &result, err);

    if (rc == 0)
        assert_int_equal(result.input.frames, 16000);
    (void)close(task.input_fd);
    (void)close(task.output_fd);
    return rc;
}

static int open_files(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int count = 0;

    assert_non_null(dir);
    while (readdir(dir))
        count++;
    (void)closedir(dir);
    return count;
}

static int setup(void **state)
{
    const struct audio_limits limits = { .memory_bytes = 1 << 30,
                                         .duration_us_max = CLOCK_HOUR_US,
                                         .probe_us_max = CLOCK_SECOND_US / 2,
                                         .process_us_max = CLOCK_SECOND_US / 4 };

    (void)state;
    return audio_host_new(&limits, &host, NULL);
}

static int teardown(void **state)
{
    (void)state;
    audio_host_free(&host);
    return 0;
}

static void a_good_result_is_taken(void **state)
{
    struct err err = { 0 };

    (void)state;
    assert_int_equal(process("good", 0, &err), 0);
}

static void a_child_that_breaks_the_protocol_is_a_crash(void **state)
{
    static const char *const ways[] = { "magic",         "kind",    "text", "escape",
                                        "negative",      "short",   "long", "nothing",
                                        "contradiction", "forever", "size", "blame",
                                        "gone",          "crash" };

    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(ways); i++) {
        struct err err = { 0 };
        const int rc = process(ways[i], 0, &err);

        if (rc != ERR_CRASHED || !err.text[0])
            fail_msg("%s gave %s: %s", ways[i], err_name(rc), err.text);
    }
}

static void a_limit_that_the_kernel_enforced_is_told(void **state)
{
    struct err err = { 0 };

    (void)state;
    assert_int_equal(process("overtime", 0, &err), ERR_TIMEOUT);
    assert_int_equal(process("output", 4000, &err), ERR_TOO_LARGE);
    assert_string_equal(err.text, "The result is larger than it may be.");
}

static void a_child_that_hangs_meets_its_deadline(void **state)
{
    const int64_t from_us = clock_monotonic_us();
    const int fd = file_saying("hang");
    struct audio_info info;
    struct err err = { 0 };

    (void)state;
    assert_int_equal(process("hang", 0, &err), ERR_TIMEOUT);
    assert_int_equal(audio_probe(host, fd, &info, &err), ERR_TIMEOUT);
    assert_true(clock_monotonic_us() - from_us < 5 * CLOCK_SECOND_US);
    (void)close(fd);
}

/* With a program that has been asked nothing yet. */
static void host_anew(void)
{
    audio_host_free(&host);
    assert_int_equal(setup(NULL), 0);
    audio_host_warm(host);
}

/* What a look says is two seconds long, what libav says one. */
static void only_a_sound_look_at_a_header_is_taken(void **state)
{
    static const char *const ways[] = {
        "unsure",     "sure magic",         "sure twice",
        "sure short", "sure contradiction", "sure forever"
    };
    struct audio_info info;

    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(ways); i++) {
        host_anew();
        assert_int_equal(audio_probe_bytes(host, view_of("sure"), &info, NULL), 0);
        assert_int_equal(info.frames, 32000);
        assert_int_equal(audio_probe_bytes(host, view_of(ways[i]), &info, NULL), 0);
        assert_int_equal(info.frames, 16000);
    }
}

/* A child that gives no answer is not asked again, and files are looked at all the same. */
static void a_look_that_hangs_costs_its_time_once(void **state)
{
    const int fd = file_saying("hang");
    struct audio_info info;
    struct err err = { 0 };
    int64_t from_us;

    (void)state;
    host_anew();
    assert_int_equal(audio_probe(host, fd, &info, &err), ERR_TIMEOUT);
    from_us = clock_monotonic_us();
    assert_int_equal(audio_probe_bytes(host, view_of("sure"), &info, NULL), 0);
    assert_int_equal(info.frames, 16000);
    assert_true(clock_monotonic_us() - from_us < CLOCK_SECOND_US / 4);
    assert_int_equal(process("good", 0, &err), 0);
    (void)close(fd);
}

static void a_program_that_dies_at_a_look_is_started_again(void **state)
{
    struct audio_info info = { .frames = 0 };
    struct err err = { 0 };

    (void)state;
    host_anew();
    assert_int_equal(audio_probe_bytes(host, view_of("die"), &info, &err), ERR_CRASHED);
    assert_int_equal(audio_probe_bytes(host, view_of("sure"), &info, &err), 0);
    assert_int_equal(info.frames, 32000);
    assert_int_equal(process("good", 0, &err), 0);
}

/* Each gets half a second, and takes a whole one; the second as often as it has work. */
static void the_deadline_grows_with_channels_and_rate(void **state)
{
    struct err err = { 0 };

    (void)state;
    assert_int_equal(process("narrow", 0, &err), ERR_TIMEOUT);
    assert_int_equal(process("wide", 0, &err), 0);
}

static void a_flood_of_messages_is_read_to_its_end(void **state)
{
    struct err err = { 0 };
    const int rc = process("flood", 0, &err);

    (void)state;
    if (rc != 0) /* or it took longer than the deadline */
        assert_int_equal(rc, ERR_TIMEOUT);
}

static void descriptors_from_a_child_are_closed(void **state)
{
    struct err err = { 0 };
    int before;

    (void)state;
    assert_int_equal(process("good", 0, &err), 0);
    before = open_files();
    for (int i = 0; i < 20; i++)
        assert_int_equal(process("fds", 0, &err), 0);
    assert_int_equal(open_files(), before);
}

static void a_program_that_died_is_started_again(void **state)
{
    struct err err = { 0 };

    (void)state;
    assert_int_equal(process("die", 0, &err), ERR_CRASHED);
    assert_int_equal(process("good", 0, &err), 0);
}

static void peaks_that_were_not_written_are_a_crash(void **state)
{
    struct audio_peaks peaks;
    struct err err = { 0 };
    const int good = file_saying("good"), many = file_saying("buckets");

    (void)state;
    assert_int_equal(audio_peaks(host, good, 10, &peaks, &err), ERR_CRASHED);
    assert_int_equal(audio_peaks(host, many, 10, &peaks, &err), ERR_CRASHED);
    assert_int_equal(audio_peaks(host, many, AUDIO_PEAKS_MAX, &peaks, &err), ERR_CRASHED);
    assert_int_equal(audio_peaks(host, good, 0, &peaks, &err), ERR_INVALID);
    assert_int_equal(audio_peaks(host, good, AUDIO_PEAKS_MAX + 1, &peaks, &err),
                     ERR_INVALID);
    (void)close(good);
    (void)close(many);
}

static int cancel(void *ctx, int permille)
{
    (void)ctx;
    (void)permille;
    return 1;
}

static void the_caller_can_cancel(void **state)
{
    const struct audio_task task = { .type = "noise_reduction",
                                     .input_fd = file_saying("hang"),
                                     .output_fd = memfd_create("out", MFD_CLOEXEC),
                                     .duration_us = CLOCK_HOUR_US,
                                     .progress = cancel };
    struct audio_result result;
    struct err err = { 0 };

    (void)state;
    assert_int_equal(audio_process(host, &task, &result, &err), ERR_CANCELLED);
    (void)close(task.input_fd);
    (void)close(task.output_fd);
}

static void unknown_types_and_formats_are_refused_before_any_work(void **state)
{
    struct audio_task task = { .type = "magic", .input_fd = -1, .output_fd = -1 };
    struct audio_result result;
    struct err err = { 0 };

    (void)state;
    assert_int_equal(audio_process(host, &task, &result, &err), ERR_INVALID);
    task.type = audio_types[0];
    task.format = "aiff";
    assert_int_equal(audio_process(host, &task, &result, &err), ERR_INVALID);
    assert_string_equal(err.text, "There is no output format aiff.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_result_is_taken),
        cmocka_unit_test(a_child_that_breaks_the_protocol_is_a_crash),
        cmocka_unit_test(a_limit_that_the_kernel_enforced_is_told),
        cmocka_unit_test(a_child_that_hangs_meets_its_deadline),
        cmocka_unit_test(only_a_sound_look_at_a_header_is_taken),
        cmocka_unit_test(a_look_that_hangs_costs_its_time_once),
        cmocka_unit_test(a_program_that_dies_at_a_look_is_started_again),
        cmocka_unit_test(the_deadline_grows_with_channels_and_rate),
        cmocka_unit_test(a_flood_of_messages_is_read_to_its_end),
        cmocka_unit_test(descriptors_from_a_child_are_closed),
        cmocka_unit_test(a_program_that_died_is_started_again),
        cmocka_unit_test(peaks_that_were_not_written_are_a_crash),
        cmocka_unit_test(the_caller_can_cancel),
        cmocka_unit_test(unknown_types_and_formats_are_refused_before_any_work),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
