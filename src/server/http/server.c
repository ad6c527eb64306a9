#include "server/http/http.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "base/clock.h"
#include "server/http/loop.h"
#include "server/http/router.h"

enum { LISTEN_BACKLOG = 1024, PORT_WAIT_US = 1000000, PORT_RETRY_NS = 20000000 };

/* Splits host:port or [v6]:port. */
static int listen_resolve(const char *listen, struct addrinfo **ret, struct err *reterr)
{
    const struct addrinfo hints = { .ai_family = AF_UNSPEC,
                                    .ai_socktype = SOCK_STREAM,
                                    .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
    const char *colon = strrchr(listen, ':');
    char host[256];
    size_t len = colon ? (size_t)(colon - listen) : sizeof host;
    int rc;

    if (len >= sizeof host)
        return err_set(reterr, ERR_INVALID, "%s is not host:port", listen);
    memcpy(host, listen, len);
    host[len] = '\0';
    if (host[0] == '[' && len > 1 && host[len - 1] == ']') {
        host[len - 1] = '\0';
        memmove(host, host + 1, len - 1);
    }
    rc = getaddrinfo(host[0] ? host : NULL, colon + 1, &hints, ret);
    return rc ? err_set(reterr, ERR_INVALID, "%s: %s", listen, gai_strerror(rc)) : 0;
}

/* With `shared`, several sockets listen on one address and the kernel spreads connections.
 * It holds each back until its first bytes are there, up to a second or so: they tell whose
 * it is (accept.h). On failure errno tells why as well. */
static int socket_open(const struct addrinfo *address, bool shared, int *ret_fd,
                       struct err *reterr, const char *listen_text)
{
    const int on = 1;
    const int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
                          0);
    int errnum;

    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        (!shared || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0) &&
        bind(fd, address->ai_addr, address->ai_addrlen) == 0 &&
        (!shared || (setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &on, sizeof on) == 0 &&
                     listen(fd, LISTEN_BACKLOG) == 0))) {
        *ret_fd = fd;
        return 0;
    }
    errnum = errno;
    if (fd >= 0)
        (void)close(fd);
    (void)err_set_errno(reterr, errnum, listen_text);
    errno = errnum;
    return ERR_IO;
}

/* Someone else's listener of the same user would share the port silently: only a plain bind
 * fails then. A server that was just killed may still hold the port for a moment, by the
 * children that die with it. */
static int port_claim(struct addrinfo *address, int *ret_port, struct err *reterr,
                      const char *listen_text)
{
    const struct timespec pause = { .tv_nsec = PORT_RETRY_NS };
    const int64_t until_us = clock_monotonic_us() + PORT_WAIT_US;
    struct sockaddr_storage bound;
    socklen_t len = sizeof bound;
    int fd, rc;

    while ((rc = socket_open(address, false, &fd, reterr, listen_text)) != 0) {
        if (errno != EADDRINUSE || clock_monotonic_us() > until_us)
            return rc;
        (void)nanosleep(&pause, NULL);
    }
    if (getsockname(fd, (struct sockaddr *)&bound, &len) == 0) {
        memcpy(address->ai_addr, &bound, address->ai_addrlen);
        *ret_port = ntohs(
            address->ai_family == AF_INET6
                ? ((const struct sockaddr_in6 *)(const void *)&bound)->sin6_port
                : ((const struct sockaddr_in *)(const void *)&bound)->sin_port);
    } else {
        rc = err_set_errno(reterr, errno, listen_text);
    }
    (void)close(fd);
    return rc;
}

static int loops_start(struct http_server *s, const struct addrinfo *address,
                       struct err *reterr)
{
    int rc = 0;

    s->loops = calloc((size_t)s->options.loops, sizeof *s->loops);
    if (!s->loops)
        return err_set(reterr, ERR_NO_MEMORY, "event loops");
    while (rc == 0 && s->loops_count < s->options.loops) {
        int fd;

        rc = socket_open(address, true, &fd, reterr, s->options.listen);
        if (rc == 0) {
            rc = loop_start(s, s->loops_count, fd, &s->loops[s->loops_count], reterr);
            s->loops_count++;
        }
    }
    return rc;
}

int http_server_start(const struct http_options *options, const struct http_app *app,
                      struct http_server **ret, struct err *reterr)
{
    struct http_server *s = calloc(1, sizeof *s);
    struct addrinfo *address = NULL;
    int rc;

    if (!s)
        return err_set(reterr, ERR_NO_MEMORY, "server");
    *ret = s; /* a request may want it before this function returns */
    s->options = *options;
    s->app = *app;
    rc = router_check(app, reterr);
    if (rc == 0)
        rc = listen_resolve(options->listen, &address, reterr);
    if (rc == 0)
        rc = port_claim(address, &s->port, reterr, options->listen);
    if (rc == 0)
        rc = pool_start("work", options->work_threads, options->work_max, &s->pool, reterr);
    if (rc == 0)
        rc = loops_start(s, address, reterr);
    if (address)
        freeaddrinfo(address);
    if (rc)
        http_server_stop(ret, 0);
    return rc;
}

int http_server_port(const struct http_server *server)
{
    return server->port;
}

/* Waits until no loop's `counter` counts anything, or until `end_us`. */
static void loops_wait(const struct http_server *s, size_t counter_offset, int64_t end_us)
{
    const struct timespec pause = { .tv_nsec = 2000000 };

    for (int i = 0; i < s->loops_count; i++) {
        const atomic_int *counter =
            (const atomic_int *)(const void *)((const char *)&s->loops[i] + counter_offset);

        while (atomic_load(counter) > 0 && clock_monotonic_us() < end_us)
            (void)nanosleep(&pause, NULL);
    }
}

void http_server_stop(struct http_server **server, int64_t grace_us)
{
    struct http_server *s = *server;

    if (!s)
        return;
    atomic_store(&s->is_stopping, true);
    for (int i = 0; i < s->loops_count; i++)
        loop_quiesce(&s->loops[i]);
    loops_wait(s, offsetof(struct loop, running), clock_monotonic_us() + grace_us);
    /* What is parked returns to its loop first: a step in other hands owns its request. */
    atomic_store(&s->is_cutting, true);
    loops_wait(s, offsetof(struct loop, parked), INT64_MAX);
    for (int i = 0; i < s->loops_count; i++)
        loop_stop(&s->loops[i]);
    pool_stop(&s->pool);
    free(s->loops);
    free(s);
    *server = NULL;
}
