/* The load generator's parts: one thread, epoll, HTTP/1.1 keep-alive connections that send
 * one ready-made request each, again and again. Files: load.c (command line, report),
 * load_run.c (when to send), load_connection.c (sending and reading). Bench only. */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LOAD_HEAD_MAX = 16384, LOAD_HEADS_MAX = 64, LOAD_STATUS_COUNT = 600 };

/* A request line and headers, with the empty line. */
struct load_head {
    char text[LOAD_HEAD_MAX];
    size_t len;
};

struct load_options {
    struct sockaddr_in address;
    const struct load_head *heads; /* taken by the connections in turn */
    int heads_count;
    const char *body;
    size_t body_len;
    int connections;
    int64_t duration_us; /* 0: until `requests` are done */
    int64_t requests;    /* 0: until the time is over */
    double rate;         /* arrivals per second; 0: each connection sends as it can */
    int status;          /* what a good reply carries */
};

struct load_result {
    int64_t done, failed, bytes, elapsed_us;
    int64_t statuses[LOAD_STATUS_COUNT];
    int64_t *latencies_us; /* of good replies, unsorted; owned */
    size_t latencies_max;
    char error[128]; /* the first failure that is no status */
};

struct load_connection {
    int fd; /* -1: closed */
    const struct load_head *request;
    bool is_busy, is_head_read;
    int64_t due_us; /* when the request was to be sent: latency counts from here */
    size_t sent;    /* of head and body together */
    int64_t body_left;
    int status;
    bool closes; /* the server said so */
    size_t head_len;
    char head[LOAD_HEAD_MAX];
};

int64_t load_now_us(void); /* monotonic */

/* ---- load_connection.c ---- */

enum load_step { LOAD_WAITS, LOAD_DONE, LOAD_BROKEN };

/* Connects, blocking, then makes the socket non-blocking; `index` picks the request. False
 * with errno set. */
bool load_connect(const struct load_options *o, int index, struct load_connection *c);
/* Sends what the socket takes. False when the connection broke. */
bool load_send(const struct load_options *o, struct load_connection *c);
/* Reads what has come; adds it to *bytes. LOAD_BROKEN for a reply that is no HTTP/1.1 with
 * a Content-Length. */
enum load_step load_read(struct load_connection *c, int64_t *bytes);

/* ---- load_run.c ---- */

/* Runs to the end and fills *result, whose latencies the caller frees. False when the
 * server could not be reached, with a line in result->error. */
bool load_run(const struct load_options *o, struct load_result *result);

#endif
