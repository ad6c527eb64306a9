#include "audio/exec_forks.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "audio/exec_group.h"
#include "audio/protocol.h"

/* A newer kernel may have more to say than the headers know. */
union notice {
    struct seccomp_notif notif;
    char room[512];
};

union answer {
    struct seccomp_notif_resp resp;
    char room[512];
};

void exec_forks_send(int socket_fd, int listener_fd)
{
    (void)audio_send(socket_fd, "", 1, &listener_fd, listener_fd < 0 ? 0 : 1);
}

void exec_forks_init(struct exec_forks *f, int socket_fd, int most)
{
    int fds[AUDIO_FDS_MAX];
    size_t count = 0;
    char byte;

    *f = (struct exec_forks){ .fd = -1, .most = most, .seen = 1 };
    (void)audio_receive(socket_fd, &byte, 1, fds, &count);
    for (size_t i = 1; i < count; i++)
        (void)close(fds[i]);
    if (count)
        f->fd = fds[0];
}

void exec_forks_answer(struct exec_forks *f, pid_t group)
{
    union notice notice;
    union answer answer;

    memset(&notice, 0, sizeof notice);
    memset(&answer, 0, sizeof answer);
    if (ioctl(f->fd, SECCOMP_IOCTL_NOTIF_RECV, &notice) != 0) {
        if (errno != ENOENT && errno != EINTR)
            exec_forks_release(f);
        return; /* who asked has gone */
    }
    if (f->seen >= f->most)
        f->seen = exec_group_threads(group); /* some may have ended */
    answer.resp.id = notice.notif.id;
    if (f->seen < f->most) {
        f->seen++;
        answer.resp.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    } else {
        f->are_too_many = true;
        answer.resp.error = -EAGAIN;
    }
    (void)ioctl(f->fd, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

void exec_forks_release(struct exec_forks *f)
{
    if (f->fd >= 0)
        (void)close(f->fd);
    f->fd = -1;
}
