#include "tests/unit/unit.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "audio/protocol.h"

static struct audio_message good_result(void)
{
    return (struct audio_message){ .magic = AUDIO_MAGIC,
                                   .kind = AUDIO_MESSAGE_RESULT,
                                   .info = { "ogg", 48000, 1000000, 48000, 2 } };
}

static struct audio_request good_request(void)
{
    return (struct audio_request){ .magic = AUDIO_MAGIC,
                                   .kind = AUDIO_REQUEST_PEAKS,
                                   .buckets = 100,
                                   .memory_bytes = 1 << 30 };
}

static bool message_passes(const struct audio_message *m)
{
    struct audio_message read;

    return audio_message_read(m, sizeof *m, &read);
}

static bool request_passes(const struct audio_request *r)
{
    struct audio_request read;

    return audio_request_read(r, sizeof *r, &read);
}

static void only_whole_messages_pass(void **state)
{
    const struct audio_message m = good_result();
    const struct audio_request r = good_request();
    struct audio_message read;
    struct audio_request read_request;

    (void)state;
    assert_true(message_passes(&m));
    assert_true(request_passes(&r));
    for (size_t len = 0; len < sizeof m; len++)
        assert_false(audio_message_read(&m, len, &read));
    for (size_t len = 0; len < sizeof r; len++)
        assert_false(audio_request_read(&r, len, &read_request));
}

#define REFUSED(make, passes, field, value)                                                \
    do {                                                                                   \
        __typeof__(make()) changed = make();                                               \
        changed.field = (value);                                                           \
        assert_false(passes(&changed));                                                    \
    } while (0)

static void messages_with_a_figure_out_of_range_are_refused(void **state)
{
    (void)state;
    REFUSED(good_result, message_passes, magic, AUDIO_MAGIC + 1);
    REFUSED(good_result, message_passes, kind, AUDIO_MESSAGE_EXITED + 1);
    REFUSED(good_result, message_passes, permille, -1);
    REFUSED(good_result, message_passes, permille, 1001);
    REFUSED(good_result, message_passes, info.frames, -1);
    REFUSED(good_result, message_passes, info.frames, 0);
    REFUSED(good_result, message_passes, info.frames, INT64_MAX);
    REFUSED(good_result, message_passes, info.frames, 48100);
    REFUSED(good_result, message_passes, info.duration_us, -1);
    REFUSED(good_result, message_passes, info.duration_us, 1000002);
    REFUSED(good_result, message_passes, info.sample_rate_hz, 0);
    REFUSED(good_result, message_passes, info.sample_rate_hz, AUDIO_SAMPLE_RATE_MAX_HZ + 1);
    REFUSED(good_result, message_passes, info.channels, 0);
    REFUSED(good_result, message_passes, info.channels, AUDIO_CHANNELS_MAX + 1);
    REFUSED(good_result, message_passes, info.format[0], '\0');
    REFUSED(good_result, message_passes, info.format[1], '\n');
    REFUSED(good_result, message_passes, text[0], '\033');
    REFUSED(good_result, message_passes, output_bytes, -1);
    REFUSED(good_result, message_passes, frames_written, -1);
    REFUSED(good_result, message_passes, processing_us, -1);
    REFUSED(good_result, message_passes, memory_peak_bytes, -1);
    REFUSED(good_result, message_passes, output_rate_hz, AUDIO_SAMPLE_RATE_MAX_HZ + 1);
    REFUSED(good_result, message_passes, output_channels, AUDIO_CHANNELS_MAX + 1);
    REFUSED(good_result, message_passes, peak_cdbfs, AUDIO_LEVEL_LEAST_CDB - 1);
    REFUSED(good_result, message_passes, loudness_clufs, AUDIO_LOUDNESS_LEAST_CLUFS - 1);
    REFUSED(good_result, message_passes, noise_removed_cdb, -1);
    REFUSED(good_result, message_passes, buckets, AUDIO_PEAKS_MAX + 1);
}

static void requests_with_a_figure_out_of_range_are_refused(void **state)
{
    (void)state;
    REFUSED(good_request, request_passes, magic, 0);
    REFUSED(good_request, request_passes, kind, AUDIO_REQUEST_PEAKS + 1);
    REFUSED(good_request, request_passes, buckets, 0);
    REFUSED(good_request, request_passes, buckets, AUDIO_PEAKS_MAX + 1);
    REFUSED(good_request, request_passes, loudness_normalise, 2);
    REFUSED(good_request, request_passes, strength, AUDIO_STRENGTH_STRONG + 1);
    REFUSED(good_request, request_passes, memory_bytes, -1);
    REFUSED(good_request, request_passes, duration_us_max, -1);
    REFUSED(good_request, request_passes, cpu_seconds_max, -1);
    REFUSED(good_request, request_passes, output_bytes_max, -1);
    REFUSED(good_request, request_passes, file_bytes_max, -1);
}

static struct audio_looked good_answer(void)
{
    return (struct audio_looked){ .magic = AUDIO_MAGIC,
                                  .is_sure = 1,
                                  .info = { "wav", 48000, 1000000, 48000, 2 } };
}

static bool answer_passes(const struct audio_looked *a)
{
    struct audio_looked read;

    return audio_looked_read(a, sizeof *a, &read);
}

static void answers_about_a_header_say_all_or_nothing(void **state)
{
    struct audio_looked a = good_answer();

    (void)state;
    assert_false(audio_looked_read(&a, sizeof a - 1, &a));
    REFUSED(good_answer, answer_passes, magic, 0);
    REFUSED(good_answer, answer_passes, is_sure, 2);
    REFUSED(good_answer, answer_passes, info.frames, 0);
    REFUSED(good_answer, answer_passes, info.duration_us, 1000002);
    REFUSED(good_answer, answer_passes, info.sample_rate_hz, 0);
    REFUSED(good_answer, answer_passes, info.channels, AUDIO_CHANNELS_MAX + 1);
    REFUSED(good_answer, answer_passes, info.format[0], '\0');
    a = (struct audio_looked){ .magic = AUDIO_MAGIC };
    assert_true(answer_passes(&a));
}

static void a_question_has_as_much_of_the_head_as_was_sent(void **state)
{
    const size_t least = offsetof(struct audio_look, head);
    struct audio_look q = { .magic = AUDIO_MAGIC, .file_bytes = 5000 }, read;
    char larger[sizeof q + 16] = { 0 };
    size_t head_bytes;

    (void)state;
    memcpy(larger, &q, sizeof q);
    assert_true(audio_look_read(&q, least + 100, &read, &head_bytes));
    assert_int_equal(head_bytes, 100);
    assert_true(audio_look_read(&q, least, &read, &head_bytes));
    assert_int_equal(head_bytes, 0);
    assert_false(audio_look_read(&q, least - 1, &read, &head_bytes));
    assert_false(
        audio_look_read(larger, least + AUDIO_HEAD_BYTES_MAX + 1, &read, &head_bytes));
    q.file_bytes = -1;
    assert_false(audio_look_read(&q, least + 1, &read, &head_bytes));
    q = (struct audio_look){ .magic = AUDIO_MAGIC + 1 };
    assert_false(audio_look_read(&q, least + 1, &read, &head_bytes));
}

static void texts_must_end(void **state)
{
    struct audio_message m = good_result();
    struct audio_request r = good_request();

    (void)state;
    memset(m.text, 'x', sizeof m.text);
    assert_false(message_passes(&m));
    m = good_result();
    memset(m.info.format, 'x', sizeof m.info.format);
    assert_false(message_passes(&m));
    memset(r.type, 'x', sizeof r.type);
    assert_false(request_passes(&r));
    r = good_request();
    memset(r.format, 'x', sizeof r.format);
    assert_false(request_passes(&r));
}

static void messages_carry_descriptors_and_no_more_than_fit(void **state)
{
    const struct audio_message m = good_result();
    struct audio_message got;
    int pair[2], pipes[2], fds[AUDIO_FDS_MAX];
    size_t count;
    char byte;

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    assert_int_equal(pipe(pipes), 0);
    assert_true(audio_send(pair[0], &m, sizeof m, (int[]){ pipes[1], pipes[1] }, 2));
    assert_int_equal(audio_receive(pair[1], &got, sizeof got, fds, &count), sizeof m);
    assert_memory_equal(&got, &m, sizeof m);
    assert_int_equal(count, 2);
    assert_int_equal(write(fds[0], "!", 1), 1);
    assert_int_equal(read(pipes[0], &byte, 1), 1);
    assert_true(fcntl(fds[1], F_GETFD) & FD_CLOEXEC);
    for (size_t i = 0; i < count; i++)
        (void)close(fds[i]);

    assert_true(audio_send(pair[0], &m, sizeof m, NULL, 0));
    assert_int_equal(audio_receive(pair[1], &got, sizeof got - 1, fds, &count), -1);
    (void)close(pair[0]);
    assert_int_equal(audio_receive(pair[1], &got, sizeof got, fds, &count), 0);
    assert_false(audio_send(pair[1], &m, sizeof m, NULL, 0));
    (void)close(pair[1]);
    (void)close(pipes[0]);
    (void)close(pipes[1]);
}

/* More than a peer of ours would send: the rest is closed by the kernel. */
static void surplus_descriptors_are_dropped(void **state)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int) * 7)];
    } control = { .bytes = { 0 } };
    char one = '1';
    struct iovec part = { &one, 1 };
    struct msghdr message = { .msg_iov = &part,
                              .msg_iovlen = 1,
                              .msg_control = control.bytes,
                              .msg_controllen = sizeof control.bytes };
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    int pair[2], seven[7], fds[AUDIO_FDS_MAX + 1], canary = -77;
    size_t count;

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    for (int i = 0; i < 7; i++)
        seven[i] = pair[0];
    *header = (struct cmsghdr){ CMSG_LEN(sizeof seven), SOL_SOCKET, SCM_RIGHTS };
    memcpy(CMSG_DATA(header), seven, sizeof seven);
    assert_int_equal(sendmsg(pair[0], &message, 0), 1);
    fds[AUDIO_FDS_MAX] = canary;
    assert_int_equal(audio_receive(pair[1], &one, 1, fds, &count), 1);
    assert_int_equal(count, AUDIO_FDS_MAX);
    assert_int_equal(fds[AUDIO_FDS_MAX], canary);
    for (size_t i = 0; i < count; i++)
        (void)close(fds[i]);
    (void)close(pair[0]);
    (void)close(pair[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_whole_messages_pass),
        cmocka_unit_test(messages_with_a_figure_out_of_range_are_refused),
        cmocka_unit_test(requests_with_a_figure_out_of_range_are_refused),
        cmocka_unit_test(answers_about_a_header_say_all_or_nothing),
        cmocka_unit_test(a_question_has_as_much_of_the_head_as_was_sent),
        cmocka_unit_test(texts_must_end),
        cmocka_unit_test(messages_carry_descriptors_and_no_more_than_fit),
        cmocka_unit_test(surplus_descriptors_are_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
