#include "server/http/accept.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "server/http/router.h"

enum {
    ACCEPTS_PER_TURN = 64,
    LINE_PEEK_BYTES = 128,
    LARGE_SHARE = 8, /* of all connections at most this part has the large buffers */
};

unsigned accept_count(struct MHD_Daemon *daemon)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(
        daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);

    return info ? info->num_connections : 0;
}

/* Whether the line asks for a route that takes its body piece by piece. */
static bool is_for(struct view line, const struct route *route)
{
    const struct view method = view_of(http_method_name(route->method));
    const struct view path = view_of(route->path);
    const struct view rest = view_slice(line, method.len + 1 + path.len, line.len);

    return line.len > method.len + 1 + path.len &&
           memcmp(line.ptr, method.ptr, method.len) == 0 && line.ptr[method.len] == ' ' &&
           memcmp(line.ptr + method.len + 1, path.ptr, path.len) == 0 &&
           (rest.ptr[0] == ' ' || rest.ptr[0] == '?');
}

static bool wants_large(const struct http_app *app, int fd)
{
    char bytes[LINE_PEEK_BYTES];
    const ssize_t got = recv(fd, bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);

    for (size_t t = 0; got > 0 && t < app->tables_count; t++) {
        for (const struct route *route = app->tables[t]; route->path; route++) {
            if (route->body && is_for((struct view){ bytes, (size_t)got }, route))
                return true;
        }
    }
    return false;
}

static void connection_place(struct loop *loop, int fd, const struct sockaddr *address,
                             socklen_t address_bytes)
{
    const struct http_server *server = loop->server;
    const unsigned max =
        (unsigned)(server->options.connections_max / server->options.loops + 1);
    const unsigned large = accept_count(loop->large);
    struct MHD_Daemon *daemon = loop->daemon;

    if (accept_count(loop->daemon) + large >= max) {
        (void)close(fd);
        return;
    }
    if (large <= max / LARGE_SHARE && wants_large(&server->app, fd))
        daemon = loop->large;
    (void)MHD_add_connection(daemon, fd, address, address_bytes); /* closes it on failure */
}

bool accept_connections(struct loop *loop)
{
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        struct sockaddr_storage address;
        socklen_t len = sizeof address;
        const int fd = accept4(loop->listen_fd, (struct sockaddr *)&address, &len,
                               SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd < 0)
            return errno != EMFILE && errno != ENFILE && errno != ENOBUFS &&
                   errno != ENOMEM;
        connection_place(loop, fd, (const struct sockaddr *)&address, len);
    }
    return true;
}
