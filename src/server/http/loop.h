/* An event loop: one thread, one libmicrohttpd daemon, one database snapshot. Inside
 * server/http only. */
#ifndef SERVER_HTTP_LOOP_H
#define SERVER_HTTP_LOOP_H

#include <pthread.h>
#include <stdatomic.h>
#include "server/http/exchange.h"
#include "server/http/linger.h"

struct http_server {
    struct http_options options;
    struct http_app app;
    struct pool *pool;
    struct loop *loops;
    int loops_count, port;
    atomic_bool is_stopping; /* no further connections are taken */
    atomic_bool is_cutting;  /* no further step is started */
};

struct loop {
    struct http_server *server;
    int index, listen_fd, epoll_fd, event_fd;
    struct MHD_Daemon *daemon, *large; /* see accept.h */
    pthread_t thread;
    atomic_bool is_over; /* leave the loop */
    atomic_int running;  /* requests between headers and their end */
    atomic_int parked;   /* of them, in the hands of the pool or the committer */

    struct db *db;
    int64_t listen_again_us; /* until then no connections are taken; 0: they are */
    bool in_snapshot;
    unsigned long generation; /* of the snapshot */
    int64_t snapshot_version, snapshot_until_us;

    uint64_t requests; /* numbers them */
    char id_prefix[17];
    struct connection *connections;
    struct lingering lingering;
    struct exchange *streams; /* under the lock for adding, removing and waking */

    pthread_mutex_t lock;
    struct exchange *ready; /* parked ones whose step is over */
};

/* Starts a loop that listens on `listen_fd`, which it owns from then on. */
MUST_CHECK int loop_start(struct http_server *server, int index, int listen_fd,
                          struct loop *loop, struct err *reterr);
/* Ends the thread and releases; requests that still run are cut. */
void loop_stop(struct loop *loop);
/* Lets the loop see that connections are no longer to be taken. Any thread. */
void loop_quiesce(struct loop *loop);

/* The loop's snapshot, never older than the last commit; NULL with *reterr set. */
struct db *loop_snapshot(struct loop *loop, struct err *reterr);
/* A parked exchange may go on. Any thread. */
void loop_ready(struct loop *loop, struct exchange *x);
void loop_stream_add(struct loop *loop, struct exchange *x);
void loop_stream_remove(struct loop *loop, struct exchange *x);
/* True, and forgets it, when the stream was woken since the last call. */
bool loop_stream_was_woken(struct loop *loop, struct exchange *x);

#endif
