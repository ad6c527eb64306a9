#include "audio/exec_run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "audio/exec.h"
#include "audio/exec_folder.h"
#include "audio/exec_forks.h"
#include "audio/exec_group.h"
#include "audio/exec_lines.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/thread.h"

enum {
    POLL_MS = 100,
    CHECK_US = 100000,
    CHECK_SHARE = 20, /* of the time, at most, goes into checks */
    FILES_MAX = 4096,
    WORD_BYTES_MAX = 16384,
    NOT_CONFINED = 126,
};

/* ---- the words ---- */

struct words {
    char *list[EXEC_WORDS_MAX + 1];
};

static char *word_fill(const struct exec_run *run, const char *word)
{
    char rate[16];
    struct buf out;
    const struct {
        const char *name, *value;
    } places[] = { { "{in}", run->in },
                   { "{out}", run->out },
                   { "{outdir}", run->out },
                   { "{rate}", rate },
                   { "{strength}", run->strength } };
    const size_t count = sizeof places / sizeof places[0];

    (void)snprintf(rate, sizeof rate, "%d", run->sample_rate_hz);
    buf_init(&out, WORD_BYTES_MAX);
    while (*word) {
        size_t i = 0;

        while (i < count && strncmp(word, places[i].name, strlen(places[i].name)) != 0)
            i++;
        if (i < count)
            buf_add_text(&out, places[i].value);
        else
            buf_add_char(&out, *word);
        word += i < count ? strlen(places[i].name) : 1;
    }
    if (out.error)
        buf_release(&out);
    return out.data;
}

static void words_release(struct words *w)
{
    for (size_t i = 0; w->list[i]; i++)
        free(w->list[i]);
}

static int words_fill(const struct exec_run *run, struct words *ret)
{
    *ret = (struct words){ { NULL } };
    for (size_t i = 0; i < EXEC_WORDS_MAX && run->words[i]; i++) {
        ret->list[i] = word_fill(run, run->words[i]);
        if (!ret->list[i]) {
            words_release(ret);
            return ERR_NO_MEMORY;
        }
    }
    return 0;
}

/* ---- the child ---- */

struct start {
    const struct exec_run *run;
    char *const *argv;
    char *envp[8];
    int output_fd, forks_fd; /* forks: a socket */
};

/* After the fork: only calls that are safe there. */
static void child_exec(const struct start *s)
{
    const int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    sigset_t none;
    int listener_fd;

    (void)setpgid(0, 0);
    thread_share(SHARE_JOB_NICER, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)signal(SIGPIPE, SIG_DFL);
    (void)signal(SIGXFSZ, SIG_DFL);
    if (null_fd < 0 || dup2(null_fd, 0) != 0 || dup2(s->output_fd, 1) != 1 ||
        syscall(SYS_close_range, 3U, ~0U, 4U /* close on exec */) != 0 ||
        chdir(s->run->dir) != 0 || exec_sandbox_enter(&s->run->sandbox, &listener_fd) != 0)
        _exit(NOT_CONFINED);
    exec_forks_send(s->forks_fd, listener_fd);
    (void)execve(s->argv[0], s->argv, s->envp);
    _exit(127);
}

/* ---- waiting ---- */

struct watch {
    const struct exec_run *run;
    pid_t pid;
    int output_fd;
    struct exec_forks forks;
    struct exec_lines lines;
    int64_t check_at_us;
};

/* False once there is no more to come. */
static bool output_take(struct watch *w)
{
    char bytes[4096];
    const ssize_t got = read(w->output_fd, bytes, sizeof bytes);

    if (got < 0)
        return errno == EINTR || errno == EAGAIN;
    exec_lines_take(&w->lines, bytes, (size_t)got);
    return got > 0;
}

static bool has_ended(const struct watch *w)
{
    siginfo_t info = { .si_pid = 0 };

    return waitid(P_PID, (id_t)w->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
           info.si_pid != 0;
}

static int limits_look(const struct watch *w, struct err *reterr)
{
    const struct exec_run *run = w->run;
    int64_t bytes = 0, files = 0;

    if (w->forks.are_too_many ||
        (w->forks.fd < 0 && exec_group_threads(w->pid) > run->processes_max))
        return err_set(reterr, ERR_ENGINE,
                       "The engine had more than %d processes and threads.",
                       run->processes_max);
    if (exec_folder_measure(run->dir, &bytes, &files) != 0)
        return err_set(reterr, ERR_ENGINE, "The engine's folder cannot be read.");
    if (files > FILES_MAX)
        return err_set(reterr, ERR_ENGINE, "The engine wrote too many files.");
    if (bytes > run->folder_bytes_max)
        return err_set(reterr, ERR_ENGINE,
                       "The engine's files are larger than they may be.");
    return 0;
}

static int limits_check(struct watch *w, struct err *reterr)
{
    const int64_t now_us = clock_monotonic_us();
    int64_t pause_us;
    int rc;

    if (now_us < w->check_at_us && !w->forks.are_too_many)
        return 0;
    rc = limits_look(w, reterr);
    pause_us = CHECK_SHARE * (clock_monotonic_us() - now_us);
    w->check_at_us = now_us + (pause_us > CHECK_US ? pause_us : CHECK_US);
    return rc;
}

static int watch_until_end(struct watch *w, struct err *reterr)
{
    bool has_output = true;
    int rc;

    while (!has_ended(w)) {
        struct pollfd fds[] = { { .fd = has_output ? w->output_fd : -1, .events = POLLIN },
                                { .fd = w->forks.fd, .events = POLLIN } };

        if (poll(fds, 2, POLL_MS) > 0) {
            if (fds[0].revents)
                has_output = output_take(w);
            if (fds[1].revents)
                exec_forks_answer(&w->forks, w->pid);
        }
        rc = limits_check(w, reterr);
        if (rc)
            return rc;
        if (clock_monotonic_us() > w->run->deadline_us)
            return err_set(reterr, ERR_TIMEOUT, "The engine took too long.");
        if (w->run->progress(w->run->ctx, w->lines.permille) != 0)
            return err_set(reterr, ERR_CANCELLED, "The job was cancelled.");
    }
    return limits_look(w, reterr); /* what it did since the last look counts too */
}

static int status_check(int status, struct err *reterr)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ)
        return err_set(reterr, ERR_ENGINE, "The engine's result is larger than it may be.");
    if (WIFSIGNALED(status))
        return err_set(reterr, ERR_ENGINE, "The engine was ended by signal %d.",
                       WTERMSIG(status));
    if (WEXITSTATUS(status) == NOT_CONFINED)
        return err_set(reterr, ERR_IO, "The engine could not be confined.");
    return err_set(reterr, ERR_ENGINE, "The engine failed with status %d.",
                   WEXITSTATUS(status));
}

/* The group goes before its leader is waited for, so that its number is still its own. */
static int child_watch(const struct exec_run *run, pid_t pid, int output_fd, int forks_fd,
                       struct err *reterr)
{
    struct watch w = { .run = run, .pid = pid, .output_fd = output_fd };
    int status = 0, rc;

    exec_forks_init(&w.forks, forks_fd, run->processes_max);
    rc = watch_until_end(&w, reterr);
    (void)kill(-pid, SIGKILL);
    (void)kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    exec_forks_release(&w.forks);
    return rc ? rc : status_check(status, reterr);
}

static void fd_close(int fd)
{
    if (fd >= 0)
        (void)close(fd);
}

static int child_start(const struct exec_run *run, char *const *argv, struct err *reterr)
{
    char home[4200], temporary[4200], strength[64];
    static char path[] = "PATH=/usr/local/bin:/usr/bin:/bin", lang[] = "LANG=C.UTF-8",
                bytecode[] = "PYTHONDONTWRITEBYTECODE=1";
    const int64_t len = snprintf(strength, sizeof strength, "WHAZZ_STRENGTH=%s",
                                 run->strength) +
                        snprintf(home, sizeof home, "HOME=%s", run->dir) +
                        snprintf(temporary, sizeof temporary, "TMPDIR=%s", run->dir);
    struct start s = { .run = run,
                       .argv = argv,
                       .envp = { path, lang, bytecode, home, temporary, strength, NULL } };
    int pipes[2] = { -1, -1 }, sockets[2] = { -1, -1 }, rc = 0;
    pid_t pid = -1;

    if (len >= (int64_t)sizeof home || pipe2(pipes, O_CLOEXEC) != 0 ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0)
        rc = err_set_errno(reterr, errno, "engine");
    s.output_fd = pipes[1];
    s.forks_fd = sockets[1];
    if (rc == 0) {
        pid = fork();
        if (pid == 0)
            child_exec(&s);
        rc = pid < 0 ? err_set_errno(reterr, errno, "engine") : 0;
    }
    fd_close(pipes[1]);
    fd_close(sockets[1]);
    if (rc == 0) {
        (void)setpgid(pid, pid); /* whichever of the two comes first */
        rc = child_watch(run, pid, pipes[0], sockets[0], reterr);
    }
    fd_close(pipes[0]);
    fd_close(sockets[0]);
    return rc;
}

int exec_run(const struct exec_run *run, struct err *reterr)
{
    struct words words;
    int rc = words_fill(run, &words);

    if (rc)
        return err_set(reterr, rc, "engine");
    rc = child_start(run, words.list, reterr);
    words_release(&words);
    return rc;
}
