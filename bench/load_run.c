#include "bench/load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum {
    EVENTS = 128,
    SECOND_US = 1000000,
    FAILURES_MAX = 1000, /* a server that refuses everything is no benchmark */
    STRAGGLERS_US = 10 * SECOND_US,
};

struct run {
    const struct load_options *o;
    struct load_result *result;
    struct load_connection *connections;
    int *idle; /* a stack of indexes */
    int idle_count, busy_count, epoll_fd;
    int64_t started_us, sent;
};

int64_t load_now_us(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * SECOND_US + t.tv_nsec / 1000;
}

static bool fail(struct run *run, const char *what)
{
    if (!run->result->error[0])
        (void)snprintf(run->result->error, sizeof run->result->error, "%s: %s", what,
                       strerror(errno));
    return false;
}

static bool open_one(struct run *run, int index)
{
    struct load_connection *c = &run->connections[index];
    struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET,
                                 .data.u32 = (uint32_t)index };

    if (!load_connect(run->o, index, c))
        return fail(run, "connect");
    if (epoll_ctl(run->epoll_fd, EPOLL_CTL_ADD, c->fd, &event) < 0)
        return fail(run, "epoll");
    run->idle[run->idle_count++] = index;
    return true;
}

static bool reopen(struct run *run, int index)
{
    (void)close(run->connections[index].fd);
    return open_one(run, index);
}

static bool latency_add(struct load_result *r, int64_t us)
{
    if ((size_t)r->done == r->latencies_max) {
        const size_t most = r->latencies_max ? 2 * r->latencies_max : 65536;
        int64_t *grown = realloc(r->latencies_us, most * sizeof *grown);

        if (!grown)
            return false;
        r->latencies_us = grown;
        r->latencies_max = most;
    }
    r->latencies_us[r->done++] = us;
    return true;
}

/* A reply is complete, or its connection is gone. */
static bool settle(struct run *run, int index, enum load_step step)
{
    struct load_connection *c = &run->connections[index];
    struct load_result *r = run->result;
    const bool is_good = step == LOAD_DONE && c->status == run->o->status;

    c->is_busy = false;
    run->busy_count--;
    if (step == LOAD_DONE)
        r->statuses[c->status]++;
    else
        (void)fail(run, "a connection broke");
    if (is_good && !latency_add(r, load_now_us() - c->due_us))
        return fail(run, "latencies");
    r->failed += !is_good;
    if (step == LOAD_BROKEN || c->closes)
        return reopen(run, index);
    run->idle[run->idle_count++] = index;
    return true;
}

static bool begin(struct run *run, int64_t due_us)
{
    const int index = run->idle[--run->idle_count];
    struct load_connection *c = &run->connections[index];

    c->is_busy = true;
    c->is_head_read = c->closes = false;
    c->due_us = due_us;
    c->sent = c->head_len = 0;
    c->body_left = 0;
    run->busy_count++;
    run->sent++;
    return load_send(run->o, c) || settle(run, index, LOAD_BROKEN);
}

static bool is_over(const struct run *run, int64_t now_us)
{
    const struct load_options *o = run->o;

    return (o->requests > 0 && run->sent >= o->requests) ||
           (o->duration_us > 0 && now_us - run->started_us >= o->duration_us) ||
           run->result->failed > FAILURES_MAX;
}

/* Sends all that is due. In a run of fixed rate a request is due at its own moment, however
 * late a connection comes free for it. */
static bool begin_due(struct run *run)
{
    const double rate = run->o->rate;

    while (run->idle_count > 0) {
        const int64_t now_us = load_now_us();
        const int64_t due_us = rate > 0 ? run->started_us + (int64_t)((double)run->sent /
                                                                      rate * SECOND_US)
                                        : now_us;

        if (due_us > now_us || is_over(run, now_us))
            return true;
        if (!begin(run, due_us))
            return false;
    }
    return true;
}

static bool turn(struct run *run, int index)
{
    struct load_connection *c = &run->connections[index];
    enum load_step step;

    if (!c->is_busy)
        return true;
    if (!load_send(run->o, c))
        return settle(run, index, LOAD_BROKEN);
    step = load_read(c, &run->result->bytes);
    return step == LOAD_WAITS || settle(run, index, step);
}

/* Fires for each arrival of a fixed rate; epoll's own timeout is a millisecond at best. */
static bool timer_add(struct run *run, int *ret_fd)
{
    struct epoll_event event = { .events = EPOLLIN | EPOLLET, .data.u32 = UINT32_MAX };
    const long every_ns = (long)(1e9 / run->o->rate);
    const struct itimerspec spec = { { every_ns / 1000000000, every_ns % 1000000000 },
                                     { every_ns / 1000000000, every_ns % 1000000000 } };

    *ret_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    return (*ret_fd >= 0 && timerfd_settime(*ret_fd, 0, &spec, NULL) == 0 &&
            epoll_ctl(run->epoll_fd, EPOLL_CTL_ADD, *ret_fd, &event) == 0) ||
           fail(run, "timer");
}

static bool turns(struct run *run)
{
    struct epoll_event events[EVENTS];
    int64_t over_us = 0;
    uint64_t ticks;
    int timer_fd = -1;
    bool ok = run->o->rate <= 0 || timer_add(run, &timer_fd);

    while (ok) {
        const int64_t now_us = load_now_us();
        int count;

        if (over_us == 0 && is_over(run, now_us))
            over_us = now_us;
        if (over_us > 0 && (run->busy_count == 0 || now_us - over_us > STRAGGLERS_US))
            break;
        ok = over_us > 0 || begin_due(run);
        count = ok ? epoll_wait(run->epoll_fd, events, EVENTS, 100) : 0;
        if (timer_fd >= 0)
            (void)!read(timer_fd, &ticks, sizeof ticks);
        for (int i = 0; i < count && ok; i++)
            ok = events[i].data.u32 == UINT32_MAX || turn(run, (int)events[i].data.u32);
    }
    if (timer_fd >= 0)
        (void)close(timer_fd);
    run->result->failed += run->busy_count;
    return ok;
}

bool load_run(const struct load_options *o, struct load_result *result)
{
    const size_t count = (size_t)o->connections;
    struct run run = { .o = o, .result = result, .epoll_fd = epoll_create1(EPOLL_CLOEXEC) };
    bool ok;

    run.connections = calloc(count, sizeof *run.connections);
    run.idle = calloc(count, sizeof *run.idle);
    ok = (run.connections && run.idle && run.epoll_fd >= 0) || fail(&run, "start");
    for (int i = 0; i < o->connections && ok; i++)
        ok = open_one(&run, i);
    run.started_us = load_now_us();
    ok = ok && turns(&run);
    result->elapsed_us = load_now_us() - run.started_us;
    for (size_t i = 0; run.connections && i < count; i++) {
        if (run.connections[i].fd > 0)
            (void)close(run.connections[i].fd);
    }
    if (run.epoll_fd >= 0)
        (void)close(run.epoll_fd);
    free(run.connections);
    free(run.idle);
    return ok;
}
