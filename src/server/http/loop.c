#include "server/http/loop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "base/uuid.h"
#include "server/http/accept.h"

enum {
    TICK_US = 250000,
    /* libmicrohttpd clears a connection's memory for each request, and above 32 KiB maps
     * and unmaps it: that pays for large bodies only. */
    CONNECTION_MEMORY_BYTES = 20 << 10,
    LARGE_MEMORY_BYTES = 128 << 10,
    EVENTS_MAX = 5, /* two daemons, listening, lingering, and being poked */
    /* As long may a snapshot be kept: what other processes change is seen by then, and the
     * log can be written back. */
    SNAPSHOT_US = 2000,
    PARKED_PAUSE_US = 1000,
    ACCEPT_PAUSE_US = 1000000,
};

static void snapshot_end(struct loop *loop)
{
    if (loop->in_snapshot)
        loop->server->app.db_end(loop->db);
    loop->in_snapshot = false;
}

static bool snapshot_is_current(const struct loop *loop)
{
    const struct http_app *app = &loop->server->app;

    return loop->in_snapshot && app->generation(app->state) == loop->generation;
}

struct db *loop_snapshot(struct loop *loop, struct err *reterr)
{
    const struct http_app *app = &loop->server->app;
    const unsigned long generation = app->generation(app->state);

    if (!snapshot_is_current(loop))
        snapshot_end(loop);
    if (!loop->in_snapshot) {
        if (app->db_begin(loop->db, &loop->snapshot_version) != 0) {
            (void)err_set(reterr, ERR_STORE, "no snapshot of the database");
            return NULL;
        }
        loop->in_snapshot = true;
        loop->generation = generation;
        loop->snapshot_until_us = clock_monotonic_us() + SNAPSHOT_US;
    }
    return loop->db;
}

static void loop_poke(struct loop *loop)
{
    const uint64_t one = 1;

    (void)!write(loop->event_fd, &one, sizeof one);
}

void loop_ready(struct loop *loop, struct exchange *x)
{
    bool was_empty;

    (void)pthread_mutex_lock(&loop->lock);
    was_empty = !loop->ready;
    x->next_ready = loop->ready;
    loop->ready = x;
    (void)pthread_mutex_unlock(&loop->lock);
    if (was_empty)
        loop_poke(loop);
}

void loop_stream_add(struct loop *loop, struct exchange *x)
{
    (void)pthread_mutex_lock(&loop->lock);
    x->next_stream = loop->streams;
    if (x->next_stream)
        x->next_stream->previous_stream = x;
    loop->streams = x;
    (void)pthread_mutex_unlock(&loop->lock);
}

void loop_stream_remove(struct loop *loop, struct exchange *x)
{
    (void)pthread_mutex_lock(&loop->lock);
    if (x->previous_stream)
        x->previous_stream->next_stream = x->next_stream;
    else if (loop->streams == x)
        loop->streams = x->next_stream;
    if (x->next_stream)
        x->next_stream->previous_stream = x->previous_stream;
    (void)pthread_mutex_unlock(&loop->lock);
}

bool loop_stream_was_woken(struct loop *loop, struct exchange *x)
{
    bool was_woken;

    (void)pthread_mutex_lock(&loop->lock);
    was_woken = x->is_woken;
    x->is_woken = false;
    (void)pthread_mutex_unlock(&loop->lock);
    return was_woken;
}

void http_wake(struct http_server *server, uint64_t request_number)
{
    struct loop *loop = &server->loops[request_number >> 48];
    bool found = false;

    (void)pthread_mutex_lock(&loop->lock);
    for (struct exchange *x = loop->streams; x && !found; x = x->next_stream) {
        found = x->number == request_number;
        if (found)
            x->is_woken = true;
    }
    (void)pthread_mutex_unlock(&loop->lock);
    if (found)
        loop_poke(loop);
}

static void stream_resume(struct exchange *x)
{
    x->is_stream_waiting = false;
    MHD_resume_connection(x->mhd);
}

/* Lets parked requests and woken streams go on. */
static void loop_resume(struct loop *loop, bool all_streams)
{
    struct exchange *ready;
    uint64_t count;

    (void)!read(loop->event_fd, &count, sizeof count);
    (void)pthread_mutex_lock(&loop->lock);
    ready = loop->ready;
    loop->ready = NULL;
    for (struct exchange *x = loop->streams; x; x = x->next_stream) {
        if (x->is_stream_waiting && (x->is_woken || all_streams)) {
            x->is_woken = false;
            stream_resume(x);
        }
    }
    (void)pthread_mutex_unlock(&loop->lock);
    while (ready) {
        struct exchange *x = ready;

        ready = x->next_ready;
        atomic_fetch_sub(&loop->parked, 1);
        MHD_resume_connection(x->mhd);
    }
}

/* Whether the other side has sent its last byte and all is read. */
static bool has_ended(int fd)
{
    char byte;

    return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* Cuts connections whose time is over: libmicrohttpd's own timeout is for silence only, and
 * a byte a second is not silent. And those that end amid a body: it misses an end that
 * arrives together with the last bytes, and would wait for more. */
static void loop_tick(struct loop *loop)
{
    const int64_t now_us = clock_monotonic_us();

    for (struct connection *c = loop->connections; c; c = c->next) {
        const union MHD_ConnectionInfo *info;

        if (now_us < c->deadline_us && !c->is_receiving)
            continue;
        info = MHD_get_connection_info(c->mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
        if (info && (now_us >= c->deadline_us || has_ended(info->connect_fd)))
            (void)shutdown(info->connect_fd, SHUT_RDWR);
    }
}

static int loop_wait_ms(struct loop *loop)
{
    struct MHD_Daemon *const daemons[] = { loop->daemon, loop->large };
    MHD_UNSIGNED_LONG_LONG wanted, wait = TICK_US / 1000;

    for (size_t i = 0; i < 2; i++) {
        if (MHD_get_timeout(daemons[i], &wanted) == MHD_YES && wanted < wait)
            wait = wanted;
    }
    return (int)wait;
}

static int listen_watch(const struct loop *loop, uint32_t events)
{
    struct epoll_event event = { .events = events, .data.fd = loop->listen_fd };

    return epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, loop->listen_fd, &event);
}

/* What cannot be accepted stays readable: the loop would spin until a file is closed. */
static void loop_accept(struct loop *loop, int64_t now_us)
{
    if (accept_connections(loop))
        return;
    log_write(LOG_WARNING, "accept_paused", LOG_STR("error", strerror(errno)));
    if (listen_watch(loop, 0) == 0)
        loop->listen_again_us = now_us + ACCEPT_PAUSE_US;
}

static void loop_listen_again(struct loop *loop)
{
    if (loop->listen_fd < 0 || listen_watch(loop, EPOLLIN) == 0)
        loop->listen_again_us = 0;
}

/* Connections that the kernel has taken already are served; later ones are refused. */
static void loop_listen_end(struct loop *loop)
{
    if (loop->listen_fd < 0 || !atomic_load(&loop->server->is_stopping))
        return;
    (void)accept_connections(loop);
    (void)close(loop->listen_fd);
    loop->listen_fd = -1;
}

static bool has_event(const struct epoll_event *events, int count, int fd)
{
    for (int i = 0; i < count; i++) {
        if (events[i].data.fd == fd)
            return true;
    }
    return false;
}

/* A snapshot is kept from turn to turn (its locks cost more than an answer), not over a
 * wait. */
static int loop_wait(struct loop *loop, struct epoll_event events[EVENTS_MAX])
{
    int count = 0;

    if (snapshot_is_current(loop) && clock_monotonic_us() < loop->snapshot_until_us)
        count = epoll_wait(loop->epoll_fd, events, EVENTS_MAX, 0);
    if (count > 0)
        return count;
    snapshot_end(loop);
    return epoll_wait(loop->epoll_fd, events, EVENTS_MAX, loop_wait_ms(loop));
}

static void loop_turns(struct loop *loop)
{
    int64_t next_tick_us = 0;
    struct epoll_event events[EVENTS_MAX];

    while (!atomic_load(&loop->is_over)) {
        const int count = loop_wait(loop, events);
        const int64_t now_us = clock_monotonic_us();

        if (now_us >= next_tick_us || has_event(events, count, loop->event_fd))
            loop_resume(loop, now_us >= next_tick_us);
        if (has_event(events, count, loop->listen_fd))
            loop_accept(loop, now_us);
        if (loop->listen_again_us != 0 && now_us >= loop->listen_again_us)
            loop_listen_again(loop);
        loop_listen_end(loop);
        (void)MHD_run(loop->daemon);
        if (accept_count(loop->large) > 0)
            (void)MHD_run(loop->large);
        linger_run(&loop->lingering, now_us);
        if (now_us >= next_tick_us) {
            loop_tick(loop);
            next_tick_us = now_us + TICK_US;
        }
    }
}

static void *loop_thread(void *context)
{
    struct loop *loop = context;

    loop_turns(loop);
    snapshot_end(loop);
    return NULL;
}

static void address_text(const struct sockaddr *address, char text[HTTP_ADDRESS_SIZE])
{
    const void *bytes =
        address->sa_family == AF_INET6
            ? (const void *)&((const struct sockaddr_in6 *)address)->sin6_addr
            : (const void *)&((const struct sockaddr_in *)address)->sin_addr;

    if (!inet_ntop(address->sa_family, bytes, text, HTTP_ADDRESS_SIZE))
        text[0] = '\0';
}

static void connection_opened(struct loop *loop, struct MHD_Connection *mhd, void **context)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    struct connection *c = calloc(1, sizeof *c);

    if (!c)
        return;
    c->loop = loop;
    c->mhd = mhd;
    c->deadline_us = clock_monotonic_us() + loop->server->options.idle_timeout_us;
    if (info)
        address_text(info->client_addr, c->address);
    c->next = loop->connections;
    if (c->next)
        c->next->previous = c;
    loop->connections = c;
    *context = c;
}

static void connection_changed(void *loop_context, struct MHD_Connection *mhd,
                               void **context, enum MHD_ConnectionNotificationCode code)
{
    struct loop *loop = loop_context;
    struct connection *c = *context;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        connection_opened(loop, mhd, context);
        return;
    }
    if (!c)
        return;
    if (c->is_cut_short) {
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(
            mhd, MHD_CONNECTION_INFO_CONNECTION_FD);

        if (info)
            linger_add(&loop->lingering, info->connect_fd, clock_monotonic_us());
    }
    if (c->previous)
        c->previous->next = c->next;
    else
        loop->connections = c->next;
    if (c->next)
        c->next->previous = c->previous;
    free(c);
    *context = NULL;
}

static struct MHD_Daemon *daemon_start(struct loop *loop, size_t memory_bytes)
{
    const struct http_options *o = &loop->server->options;

    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC | MHD_USE_NO_LISTEN_SOCKET,
        0, NULL, NULL, exchange_run, loop, MHD_OPTION_CONNECTION_MEMORY_LIMIT, memory_bytes,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)(o->connections_max / o->loops + 1),
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)(o->idle_timeout_us / CLOCK_SECOND_US + 1),
        MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_URI_LOG_CALLBACK, exchange_begin,
        loop, MHD_OPTION_NOTIFY_COMPLETED, exchange_end, loop, MHD_OPTION_NOTIFY_CONNECTION,
        connection_changed, loop, MHD_OPTION_END);
}

static int watch(int epoll_fd, int fd)
{
    struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

    return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static int watch_daemon(int epoll_fd, struct MHD_Daemon *daemon)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon,
                                                           MHD_DAEMON_INFO_EPOLL_FD);

    return watch(epoll_fd, info->epoll_fd);
}

static int loop_wire(struct loop *loop, struct err *reterr)
{
    const int rc = linger_init(&loop->lingering, reterr);

    if (rc)
        return rc;
    loop->daemon = daemon_start(loop, CONNECTION_MEMORY_BYTES);
    loop->large = daemon_start(loop, LARGE_MEMORY_BYTES);
    if (!loop->daemon || !loop->large)
        return err_set(reterr, ERR_IO, "the HTTP library did not start");
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (loop->epoll_fd < 0 || loop->event_fd < 0 ||
        watch_daemon(loop->epoll_fd, loop->daemon) ||
        watch_daemon(loop->epoll_fd, loop->large) ||
        watch(loop->epoll_fd, loop->event_fd) ||
        watch(loop->epoll_fd, loop->lingering.epoll_fd) ||
        watch(loop->epoll_fd, loop->listen_fd))
        return err_set_errno(reterr, errno, "event loop");
    return 0;
}

int loop_start(struct http_server *server, int index, int listen_fd, struct loop *loop,
               struct err *reterr)
{
    unsigned char random[8];
    int rc;

    *loop = (struct loop){ .server = server,
                           .index = index,
                           .listen_fd = listen_fd,
                           .epoll_fd = -1,
                           .lingering = { .epoll_fd = -1 },
                           .event_fd = -1 };
    random_bytes(random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++)
        (void)snprintf(loop->id_prefix + 2 * i, 3, "%02x", random[i]);
    (void)pthread_mutex_init(&loop->lock, NULL);
    rc = server->app.db_open(server->app.state, &loop->db, reterr);
    if (rc == 0)
        rc = loop_wire(loop, reterr);
    if (rc == 0) {
        const int errnum = thread_start(&loop->thread, "http", loop_thread, loop);

        if (errnum)
            rc = err_set_errno(reterr, errnum, "event loop");
    }
    return rc;
}

void loop_quiesce(struct loop *loop)
{
    loop_poke(loop);
}

void loop_stop(struct loop *loop)
{
    if (loop->thread) {
        atomic_store(&loop->is_over, true);
        loop_poke(loop);
        (void)pthread_join(loop->thread, NULL);
    }
    /* Nothing may be parked when its daemon ends: who has it would come back to nowhere. */
    while (loop->daemon && (loop_resume(loop, true), atomic_load(&loop->parked) > 0))
        (void)usleep(PARKED_PAUSE_US);
    if (loop->daemon)
        MHD_stop_daemon(loop->daemon);
    if (loop->large)
        MHD_stop_daemon(loop->large);
    linger_release(&loop->lingering);
    loop->server->app.db_close(&loop->db);
    if (loop->epoll_fd >= 0)
        (void)close(loop->epoll_fd);
    if (loop->event_fd >= 0)
        (void)close(loop->event_fd);
    if (loop->listen_fd >= 0)
        (void)close(loop->listen_fd);
    (void)pthread_mutex_destroy(&loop->lock);
}
