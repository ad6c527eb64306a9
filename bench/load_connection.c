#include "bench/load.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { SWALLOW_BYTES = 1 << 20 };

bool load_connect(const struct load_options *o, int index, struct load_connection *c)
{
    const int on = 1;

    *c = (struct load_connection){ .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
                                   .request = &o->heads[index % o->heads_count] };
    if (c->fd < 0)
        return false;
    if (connect(c->fd, (const struct sockaddr *)&o->address, sizeof o->address) < 0 ||
        setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0 ||
        fcntl(c->fd, F_SETFL, O_NONBLOCK) < 0) {
        (void)close(c->fd);
        c->fd = -1;
        return false;
    }
    return true;
}

bool load_send(const struct load_options *o, struct load_connection *c)
{
    const struct load_head *head = c->request;
    const size_t all = head->len + o->body_len;

    while (c->sent < all) {
        const size_t of_head = c->sent < head->len ? head->len - c->sent : 0;
        const size_t of_body = c->sent > head->len ? c->sent - head->len : 0;
        struct iovec pieces[2] = {
            { (char *)(uintptr_t)head->text + head->len - of_head, of_head },
            { (char *)(uintptr_t)o->body + of_body, o->body_len - of_body },
        };
        const struct msghdr message = { .msg_iov = pieces, .msg_iovlen = 2 };
        const ssize_t put = sendmsg(c->fd, &message, MSG_NOSIGNAL);

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return errno == EAGAIN;
        c->sent += (size_t)put;
    }
    return true;
}

/* A header's value inside c->head; NULL when absent. */
static const char *header_of(const struct load_connection *c, const char *name)
{
    const size_t len = strlen(name);

    for (const char *line = strstr(c->head, "\r\n"); line; line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, name, len) == 0 && line[len] == ':')
            return line + len + 1 + strspn(line + len + 1, " ");
    }
    return NULL;
}

/* Takes the status and the body's length from a whole head of `len` bytes. */
static bool head_parse(struct load_connection *c, size_t len)
{
    const size_t extra = c->head_len - len;
    const char *length, *connection;

    c->head[len - 2] = '\0'; /* keeps the last line's end out of the way of strstr */
    if (sscanf(c->head, "HTTP/1.1 %d", &c->status) != 1 || c->status < 100 ||
        c->status >= LOAD_STATUS_COUNT)
        return false;
    length = header_of(c, "Content-Length");
    connection = header_of(c, "Connection");
    if (!length && c->status != 204)
        return false;
    c->body_left = (length ? strtoll(length, NULL, 10) : 0) - (int64_t)extra;
    c->closes = connection && strncasecmp(connection, "close", 5) == 0;
    c->is_head_read = true;
    return c->body_left >= 0;
}

static enum load_step head_read(struct load_connection *c, int64_t *bytes)
{
    const ssize_t got = recv(c->fd, c->head + c->head_len, sizeof c->head - 1 - c->head_len,
                             0);
    const char *end;

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return LOAD_WAITS;
    if (got <= 0)
        return LOAD_BROKEN;
    *bytes += got;
    c->head_len += (size_t)got;
    c->head[c->head_len] = '\0';
    end = strstr(c->head, "\r\n\r\n");
    if (!end)
        return c->head_len < sizeof c->head - 1 ? LOAD_WAITS : LOAD_BROKEN;
    return head_parse(c, (size_t)(end - c->head) + 4) ? LOAD_DONE : LOAD_BROKEN;
}

enum load_step load_read(struct load_connection *c, int64_t *bytes)
{
    if (!c->is_head_read) {
        const enum load_step step = head_read(c, bytes);

        if (step != LOAD_DONE)
            return step;
    }
    while (c->body_left > 0) {
        /* The kernel drops the bytes: a client's copy would be charged to the server. */
        const size_t most = c->body_left < SWALLOW_BYTES ? (size_t)c->body_left
                                                         : (size_t)SWALLOW_BYTES;
        const ssize_t got = recv(c->fd, NULL, most, MSG_TRUNC);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return LOAD_WAITS;
        if (got <= 0)
            return LOAD_BROKEN;
        c->body_left -= got;
        *bytes += got;
    }
    return LOAD_DONE;
}
