#include "audio/look.h"

#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include "audio/protocol.h"

void look_init(struct look *l)
{
    *l = (struct look){ .program = { .fd = -1 } };
    (void)pthread_mutex_init(&l->lock, NULL);
}

void look_release(struct look *l)
{
    program_end(&l->program);
    (void)pthread_mutex_destroy(&l->lock);
}

/* The caller holds the lock. */
static bool is_running(struct look *l)
{
    static char *const environment[] = { "LANG=C", "LD_BIND_NOW=1", NULL };
    static const struct program_image image = { "whazz-look", look_program,
                                                look_program_end, environment };

    return l->program.pid > 0 || program_start(&image, &l->program, NULL) == 0;
}

void look_warm(struct look *l)
{
    (void)pthread_mutex_lock(&l->lock);
    (void)is_running(l);
    (void)pthread_mutex_unlock(&l->lock);
}

static bool question_send(int fd, struct view head, int64_t file_bytes)
{
    struct audio_look question = { .magic = AUDIO_MAGIC, .file_bytes = file_bytes };
    const size_t len = head.len < sizeof question.head ? head.len : sizeof question.head;

    memcpy(question.head, head.ptr, len);
    return audio_send(fd, &question, offsetof(struct audio_look, head) + len, NULL, 0);
}

/* False when the other side is gone or says what it may not. */
static bool answer_receive(int fd, struct audio_looked *ret)
{
    char bytes[sizeof *ret];
    const ssize_t len = recv(fd, bytes, sizeof bytes, MSG_TRUNC | MSG_DONTWAIT);

    return len > 0 && audio_looked_read(bytes, (size_t)len, ret);
}

/* False when the program is of no use any more. */
static bool ask(struct look *l, struct view head, int64_t file_bytes, int64_t timeout_us,
                struct audio_looked *ret)
{
    struct pollfd poll_fd = { .fd = l->program.fd, .events = POLLIN };

    if (!question_send(poll_fd.fd, head, file_bytes))
        return false;
    l->is_given_up = poll(&poll_fd, 1, (int)(timeout_us / 1000)) != 1;
    return !l->is_given_up && answer_receive(poll_fd.fd, ret);
}

bool look_ask(struct look *l, struct view head, int64_t file_bytes, int64_t timeout_us,
              struct audio_info *ret)
{
    struct audio_looked answer = { .is_sure = false };

    (void)pthread_mutex_lock(&l->lock);
    if (!l->is_given_up && is_running(l) &&
        !ask(l, head, file_bytes, timeout_us, &answer)) {
        program_end(&l->program);
        answer.is_sure = false;
    }
    (void)pthread_mutex_unlock(&l->lock);
    if (answer.is_sure)
        *ret = answer.info;
    return answer.is_sure;
}
