#include "server/http/linger.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/clock.h"

enum {
    LINGER_US = 10 * 1000000,
    DISCARD_BYTES = 64 << 10,
    DISCARDS_PER_RUN = 16, /* so that a fast sender does not hold the loop up */
};

int linger_init(struct lingering *l, struct err *reterr)
{
    *l = (struct lingering){ .epoll_fd = epoll_create1(EPOLL_CLOEXEC) };
    return l->epoll_fd < 0 ? err_set_errno(reterr, errno, "epoll") : 0;
}

static void forget(struct lingering *l, size_t index)
{
    (void)close(l->sockets[index].fd);
    l->count--;
    for (size_t i = index; i < l->count; i++)
        l->sockets[i] = l->sockets[i + 1];
}

void linger_release(struct lingering *l)
{
    while (l->count)
        forget(l, l->count - 1);
    if (l->epoll_fd >= 0)
        (void)close(l->epoll_fd);
}

void linger_add(struct lingering *l, int socket, int64_t now_us)
{
    const int fd = fcntl(socket, F_DUPFD_CLOEXEC, 0);
    struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP, .data.fd = fd };

    if (fd < 0)
        return;
    if (epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
        (void)close(fd);
        return;
    }
    if (l->count == LINGER_MAX)
        forget(l, 0);
    l->sockets[l->count].fd = fd;
    l->sockets[l->count].deadline_us = now_us + LINGER_US;
    l->count++;
}

/* False once the client has closed its side, or the connection is broken. */
static bool discard(int fd)
{
    char bytes[DISCARD_BYTES];

    for (int i = 0; i < DISCARDS_PER_RUN; i++) {
        const ssize_t got = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);

        if (got < 0)
            return errno == EAGAIN || errno == EINTR;
        if (got == 0)
            return false;
    }
    return true;
}

void linger_run(struct lingering *l, int64_t now_us)
{
    size_t i = 0;

    while (i < l->count) {
        if (now_us >= l->sockets[i].deadline_us || !discard(l->sockets[i].fd))
            forget(l, i);
        else
            i++;
    }
}
