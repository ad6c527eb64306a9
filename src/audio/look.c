#include "audio/look.h"

#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "audio/protocol.h"

void look_init(struct look *l)
{
    *l = (struct look){ .fd = -1 };
    (void)pthread_mutex_init(&l->lock, NULL);
}

/* The caller holds the lock. */
static void fd_close(struct look *l)
{
    if (l->fd >= 0)
        (void)close(l->fd);
    l->fd = -1;
}

void look_release(struct look *l)
{
    fd_close(l);
    (void)pthread_mutex_destroy(&l->lock);
}

void look_connect(struct look *l, int fd)
{
    (void)pthread_mutex_lock(&l->lock);
    fd_close(l);
    l->fd = fd;
    (void)pthread_mutex_unlock(&l->lock);
}

void look_disconnect(struct look *l)
{
    look_connect(l, -1);
}

static bool question_send(int fd, struct view head, int64_t file_bytes)
{
    struct audio_look question = { .magic = AUDIO_MAGIC, .file_bytes = file_bytes };
    const size_t len = head.len < sizeof question.head ? head.len : sizeof question.head;

    memcpy(question.head, head.ptr, len);
    return audio_send(fd, &question, offsetof(struct audio_look, head) + len, NULL, 0);
}

/* False when the other side is gone, says what it may not, or is late. */
static bool answer_receive(int fd, int64_t timeout_us, struct audio_looked *ret)
{
    struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
    char bytes[sizeof *ret];
    ssize_t len;

    if (poll(&poll_fd, 1, (int)(timeout_us / 1000)) != 1)
        return false;
    len = recv(fd, bytes, sizeof bytes, MSG_TRUNC | MSG_DONTWAIT);
    return len > 0 && audio_looked_read(bytes, (size_t)len, ret);
}

bool look_ask(struct look *l, struct view head, int64_t file_bytes, int64_t timeout_us,
              struct audio_info *ret)
{
    struct audio_looked answer = { .is_sure = false };

    (void)pthread_mutex_lock(&l->lock);
    if (l->fd >= 0 && (!question_send(l->fd, head, file_bytes) ||
                       !answer_receive(l->fd, timeout_us, &answer)))
        fd_close(l);
    (void)pthread_mutex_unlock(&l->lock);
    if (answer.is_sure)
        *ret = answer.info;
    return answer.is_sure;
}
