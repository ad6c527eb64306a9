/* Stands in for whazz-audio and whazz-look in tests of the host: it does what a child that
 * its input has taken over could do. The input's first word says what. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "audio/protocol.h"

enum { SOCKET_FD = 3, FLOOD = 20000, DAWDLE_MS = 900 };

static struct audio_message message(enum audio_message_kind kind)
{
    return (struct audio_message){ .magic = AUDIO_MAGIC,
                                   .kind = kind,
                                   .info = { "wav", 16000, 1000000, 16000, 1 },
                                   .peak_cdbfs = -600,
                                   .loudness_clufs = -2000 };
}

static void tell(int socket_fd, const struct audio_message *m)
{
    (void)audio_send(socket_fd, m, sizeof *m, NULL, 0);
}

static void tell_exit(int socket_fd, int status)
{
    struct audio_message m = message(AUDIO_MESSAGE_EXITED);

    m.wait_status = status;
    tell(socket_fd, &m);
}

/* Each changes a good result in one place. */
static void spoil(const char *how, struct audio_message *m)
{
    if (strcmp(how, "magic") == 0)
        m->magic++;
    else if (strcmp(how, "kind") == 0)
        m->kind = 77;
    else if (strcmp(how, "text") == 0)
        memset(m->text, 'x', sizeof m->text);
    else if (strcmp(how, "escape") == 0)
        (void)snprintf(m->text, sizeof m->text, "\033[2J");
    else if (strcmp(how, "negative") == 0)
        m->output_bytes = -1;
    else if (strcmp(how, "contradiction") == 0)
        m->info.duration_us = 1;
    else if (strcmp(how, "forever") == 0)
        m->info = (struct audio_info){ "wav", INT64_C(16000) * 90000,
                                       INT64_C(1000000) * 90000, 16000, 1 };
    else if (strcmp(how, "size") == 0)
        m->output_bytes = 123;
    else if (strcmp(how, "buckets") == 0)
        m->buckets = AUDIO_PEAKS_MAX;
    else if (strcmp(how, "blame") == 0)
        m->kind = AUDIO_MESSAGE_FAILURE, m->code = ERR_LIMIT;
}

static void flood(int socket_fd)
{
    struct audio_message m = message(AUDIO_MESSAGE_PROGRESS);

    for (int i = 0; i < FLOOD; i++) {
        m.permille = i % 1000;
        tell(socket_fd, &m);
    }
}

/* Tells how much work there is, and takes its time. */
static void dawdle(int socket_fd, int rate_hz, int channels)
{
    struct audio_message m = message(AUDIO_MESSAGE_PROGRESS);

    m.info.sample_rate_hz = rate_hz;
    m.info.channels = channels;
    tell(socket_fd, &m);
    (void)poll(NULL, 0, DAWDLE_MS);
}

static void act(const char *how, const int *fds, size_t count)
{
    struct audio_message m = message(AUDIO_MESSAGE_RESULT);
    char two[2 * sizeof m];

    if (strcmp(how, "crash") == 0)
        return tell_exit(fds[0], SIGSEGV);
    if (strcmp(how, "overtime") == 0)
        return tell_exit(fds[0], SIGXCPU);
    if (strcmp(how, "nothing") == 0)
        return tell_exit(fds[0], 0);
    if (strcmp(how, "gone") == 0)
        return;
    if (strcmp(how, "flood") == 0)
        flood(fds[0]);
    if (strcmp(how, "narrow") == 0)
        dawdle(fds[0], 48000, 2);
    if (strcmp(how, "wide") == 0)
        dawdle(fds[0], 192000, 8);
    if (strcmp(how, "output") == 0)
        (void)!ftruncate(fds[2], 5000);
    memcpy(two, &m, sizeof m);
    memcpy(two + sizeof m, &m, sizeof m);
    if (strcmp(how, "short") == 0)
        (void)audio_send(fds[0], &m, sizeof m - 1, NULL, 0);
    else if (strcmp(how, "long") == 0)
        (void)audio_send(fds[0], two, sizeof two, NULL, 0);
    else if (strcmp(how, "fds") == 0)
        (void)audio_send(fds[0], &m, sizeof m, fds, count);
    else {
        spoil(how, &m);
        tell(fds[0], &m);
    }
    tell_exit(fds[0], 0);
}

/* Says of a look what no header said: two seconds. */
static struct audio_looked looked(const char *how)
{
    struct audio_looked m = { .magic = AUDIO_MAGIC,
                              .is_sure = strncmp(how, "sure", 4) == 0,
                              .info = { "wav", 32000, 2000000, 16000, 1 } };

    if (strcmp(how, "sure magic") == 0)
        m.magic++;
    else if (strcmp(how, "sure twice") == 0)
        m.is_sure = 2;
    else if (strcmp(how, "sure contradiction") == 0)
        m.info.frames--, m.info.sample_rate_hz = 8000;
    else if (strcmp(how, "sure forever") == 0)
        m.info = (struct audio_info){ "wav", INT64_C(16000) * 90000,
                                      INT64_C(1000000) * 90000, 16000, 1 };
    return m;
}

static void look(void)
{
    struct audio_look question;
    char bytes[sizeof question], how[32] = "";
    int fds[AUDIO_FDS_MAX];
    size_t count, head_bytes;
    const int64_t len = audio_receive(SOCKET_FD, bytes, sizeof bytes, fds, &count);
    struct audio_looked m;

    if (len <= 0)
        _exit(0);
    if (!audio_look_read(bytes, (size_t)len, &question, &head_bytes))
        _exit(3);
    memcpy(how, question.head, head_bytes < sizeof how ? head_bytes : sizeof how - 1);
    if (strcmp(how, "hang") == 0)
        return;
    if (strcmp(how, "die") == 0)
        _exit(1);
    m = looked(how);
    (void)audio_send(SOCKET_FD, &m, sizeof m - (strcmp(how, "sure short") == 0), NULL, 0);
}

static void serve(void)
{
    struct audio_request request;
    char bytes[sizeof request], how[32] = "";
    int fds[AUDIO_FDS_MAX];
    size_t count;
    const int64_t len = audio_receive(SOCKET_FD, bytes, sizeof bytes, fds, &count);

    if (len <= 0)
        _exit(0);
    if (!audio_request_read(bytes, (size_t)len, &request) || count < 2 ||
        pread(fds[1], how, sizeof how - 1, 0) < 0)
        _exit(3);
    how[strcspn(how, "\n")] = '\0';
    if (strcmp(how, "hang") == 0)
        return; /* the descriptors stay open */
    if (strcmp(how, "die") == 0)
        _exit(1);
    act(how, fds, count);
    for (size_t i = 0; i < count; i++)
        (void)close(fds[i]);
}

int main(int argc, char **argv)
{
    void (*const turn)(void) = argc && strcmp(argv[0], "whazz-look") == 0 ? look : serve;

    for (;;)
        turn();
}
