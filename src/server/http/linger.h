/* Closing without cutting the reply off. A socket closed while its client still sends makes
 * the kernel reset the connection, and the client loses the reply that told it why. So a
 * connection that was answered before its body ended is kept half open, and what comes is
 * thrown away until the client is done or has had its time. One per event loop, used on
 * its thread. */
#ifndef SERVER_HTTP_LINGER_H
#define SERVER_HTTP_LINGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

enum { LINGER_MAX = 64 };

struct lingering {
    int epoll_fd; /* readable when linger_run() has something to do */
    size_t count;
    struct {
        int fd;
        int64_t deadline_us;
    } sockets[LINGER_MAX];
};

MUST_CHECK int linger_init(struct lingering *l, struct err *reterr);
void linger_release(struct lingering *l);
/* Keeps a duplicate of `socket`, whose sending side is shut already. When LINGER_MAX are
 * kept the oldest is let go. */
void linger_add(struct lingering *l, int socket, int64_t now_us);
/* Throws away what has come, and closes what is over. */
void linger_run(struct lingering *l, int64_t now_us);

#endif
