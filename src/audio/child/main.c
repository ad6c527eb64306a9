/* whazz-audio: the program that holds libav. It is embedded in whazz and started from
 * memory with a socket, 3, for tasks that each get a forked child. Not for people to run.
 */
#include <libavutil/log.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "audio/child/engine.h"
#include "audio/child/sandbox.h"
#include "audio/child/task.h"
#include "base/thread.h"

enum {
    HOST_FD = 3,
    TASKS_MAX = 64,
};

struct task {
    pid_t pid; /* 0: a free place */
    int socket_fd;
};

struct host {
    struct task tasks[TASKS_MAX];
    int signal_fd;
};

/* Nothing may outlive the server. */
static void die_with_parent(pid_t parent)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (getppid() != parent)
        _exit(1);
}

static void fds_close(const int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        (void)close(fds[i]);
}

/* ---- tasks ---- */

static void child_run(const struct audio_request *request, const int *fds, size_t count)
{
    const struct sandbox_limits limits = { request->memory_bytes, request->cpu_seconds_max,
                                           request->file_bytes_max };
    int files[AUDIO_FDS_MAX - 1] = { -1, -1, -1 };
    struct audio_message m = { .magic = AUDIO_MAGIC, .kind = AUDIO_MESSAGE_FAILURE };
    struct err err = { 0 };

    (void)signal(SIGXFSZ, SIG_IGN);
    /* Seconds of sound are blocks that grow: pages of their own move without a copy. */
    (void)mallopt(M_MMAP_THRESHOLD, 256 << 10);
    if (request->kind == AUDIO_REQUEST_PROCESS)
        thread_share(SHARE_JOB_NICER, 0);
    if (sandbox_enter(&limits, &err) != 0) {
        m.code = ERR_INTERNAL;
        (void)snprintf(m.text, sizeof m.text, "The sandbox could not be set up.");
        (void)audio_send(fds[0], &m, sizeof m, NULL, 0);
        _exit(1);
    }
    memcpy(files, fds + 1, (count - 1) * sizeof *fds);
    _exit(task_run(request, fds[0], files));
}

static struct task *task_free_place(struct host *h)
{
    for (size_t i = 0; i < TASKS_MAX; i++) {
        if (h->tasks[i].pid == 0)
            return &h->tasks[i];
    }
    return NULL;
}

static void task_start(struct host *h, const struct audio_request *request, const int *fds,
                       size_t count)
{
    struct task *t = task_free_place(h);
    const pid_t parent = getpid(), pid = t ? fork() : -1;

    if (pid == 0) {
        sigset_t none;

        die_with_parent(parent);
        (void)sigemptyset(&none);
        (void)sigprocmask(SIG_SETMASK, &none, NULL);
        (void)close(HOST_FD);
        (void)close(h->signal_fd);
        for (size_t i = 0; i < TASKS_MAX; i++) {
            if (h->tasks[i].pid)
                (void)close(h->tasks[i].socket_fd);
        }
        child_run(request, fds, count);
    }
    if (pid < 0) {
        fds_close(fds, count); /* the server sees the end of the task's socket */
        return;
    }
    *t = (struct task){ pid, fds[0] };
    fds_close(fds + 1, count - 1);
}

static void request_take(struct host *h)
{
    struct audio_request request;
    char bytes[sizeof request];
    int fds[AUDIO_FDS_MAX];
    size_t count;
    const int64_t len = audio_receive(HOST_FD, bytes, sizeof bytes, fds, &count);

    if (len <= 0)
        exit(0); /* the server is gone */
    if (audio_request_read(bytes, (size_t)len, &request) && count >= 2)
        task_start(h, &request, fds, count);
    else
        fds_close(fds, count);
}

static void children_reap(struct host *h)
{
    struct signalfd_siginfo info;
    struct rusage usage;
    int status;
    pid_t pid;

    (void)!read(h->signal_fd, &info, sizeof info);
    while ((pid = wait4(-1, &status, WNOHANG, &usage)) > 0) {
        for (size_t i = 0; i < TASKS_MAX; i++) {
            struct task *t = &h->tasks[i];
            const struct audio_message m = { .magic = AUDIO_MAGIC,
                                             .kind = AUDIO_MESSAGE_EXITED,
                                             .wait_status = status,
                                             .memory_peak_bytes = usage.ru_maxrss * 1024L };

            if (t->pid != pid)
                continue;
            (void)audio_send(t->socket_fd, &m, sizeof m, NULL, 0);
            (void)close(t->socket_fd);
            t->pid = 0;
        }
    }
}

/* A task whose socket the server has closed is not wanted any more. */
static void host_turn(struct host *h)
{
    struct pollfd polls[TASKS_MAX + 2];
    struct task *owners[TASKS_MAX];
    nfds_t count = 2;

    polls[0] = (struct pollfd){ .fd = HOST_FD, .events = POLLIN };
    polls[1] = (struct pollfd){ .fd = h->signal_fd, .events = POLLIN };
    for (size_t i = 0; i < TASKS_MAX; i++) {
        if (h->tasks[i].pid == 0)
            continue;
        owners[count - 2] = &h->tasks[i];
        polls[count++] = (struct pollfd){ .fd = h->tasks[i].socket_fd };
    }
    if (poll(polls, count, -1) < 0)
        return;
    for (nfds_t i = 2; i < count; i++) {
        if (polls[i].revents & (POLLHUP | POLLERR))
            (void)kill(owners[i - 2]->pid, SIGKILL);
    }
    if (polls[1].revents)
        children_reap(h);
    if (polls[0].revents)
        request_take(h);
}

int main(int argc, char **argv)
{
    static struct host host;
    struct err err = { 0 };
    sigset_t signals;

    if (argc != 2 || strcmp(argv[1], "child") != 0) {
        fprintf(stderr, "This program is a part of whazz and is started by it.\n");
        return 2;
    }
    (void)prctl(PR_SET_NAME, argv[0], 0, 0, 0);
    av_log_set_level(AV_LOG_QUIET);
    if (sandbox_prepare(&err) != 0) {
        fprintf(stderr, "whazz-audio: %s\n", err.text);
        return 1;
    }
    engine_prepare();
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGCHLD);
    (void)sigprocmask(SIG_SETMASK, &signals, NULL);
    host.signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (host.signal_fd < 0)
        return 1;
    for (;;)
        host_turn(&host);
}
