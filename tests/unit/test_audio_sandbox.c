/* Each case does something forbidden in a process of its own, behind the shut door. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "audio/child/sandbox.h"

/* What an attempt returns ends as the exit status. */
static int status_of(int (*attempt)(void), const struct sandbox_limits *limits)
{
    const pid_t pid = fork();
    int status;

    assert_true(pid >= 0);
    if (pid == 0) {
        (void)signal(SIGXFSZ, SIG_IGN);
        (void)signal(SIGSYS, SIG_DFL); /* also where cmocka has a handler */
        _exit(sandbox_enter(limits, NULL) == 0 ? attempt() : 99);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static int try_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0) < 0;
}

static int try_exec(void)
{
    char *const none[] = { NULL };

    return execve("/bin/true", none, none) < 0;
}

static int try_fork(void)
{
    return syscall(SYS_fork) < 0;
}

static int try_kill(void)
{
    return kill(1, 0) < 0;
}

static int try_ptrace(void)
{
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0;
}

static int try_unlink(void)
{
    return unlink("/tmp/nothing-of-that-name") < 0;
}

static int try_memfd(void)
{
    return (int)syscall(SYS_memfd_create, "x", 0U) < 0;
}

static void what_is_not_needed_kills(void **state)
{
    static int (*const attempts[])(void) = { try_socket, try_exec,   try_fork, try_kill,
                                             try_ptrace, try_unlink, try_memfd };

    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(attempts); i++) {
        const int status = status_of(attempts[i], &(struct sandbox_limits){ 0 });

        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
            fail_msg("attempt %zu ended with status %x", i, status);
    }
}

static int try_open(void)
{
    const bool is_refused = open("/etc/passwd", O_RDONLY) < 0 && errno == EACCES &&
                            open("/tmp/new", O_CREAT | O_WRONLY, 0600) < 0 &&
                            openat(AT_FDCWD, "/", O_DIRECTORY) < 0;

    return is_refused ? 42 : 1;
}

static void files_cannot_be_opened(void **state)
{
    const int status = status_of(try_open, &(struct sandbox_limits){ 0 });

    (void)state;
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 42);
}

static int try_memory(void)
{
    void *small = mmap(NULL, 1 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    void *large = mmap(NULL, 1 << 30, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return small != MAP_FAILED && large == MAP_FAILED ? 42 : 1;
}

static void memory_is_bounded(void **state)
{
    (void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__clang__)
    skip(); /* sanitizers need terabytes of address space: the sandbox leaves it alone */
#endif
    assert_int_equal(WEXITSTATUS(status_of(
                         try_memory, &(struct sandbox_limits){ .memory_bytes = 1 << 29 })),
                     42);
}

static int output_fd;

static int try_output(void)
{
    const bool is_small = pwrite(output_fd, "x", 1, 0) == 1;
    const bool is_refused = pwrite(output_fd, "x", 1, 5000) < 0 && errno == EFBIG;

    return is_small && is_refused ? 42 : 1;
}

static void output_is_bounded(void **state)
{
    (void)state;
    output_fd = memfd_create("out", MFD_CLOEXEC);
    assert_true(output_fd >= 0);
    assert_int_equal(WEXITSTATUS(status_of(
                         try_output, &(struct sandbox_limits){ .output_bytes = 5000 })),
                     42);
    (void)close(output_fd);
}

static int try_time(void)
{
    volatile bool is_over = false;

    while (!is_over)
        ;
    return 1;
}

static void time_is_bounded(void **state)
{
    const int status = status_of(try_time, &(struct sandbox_limits){ .cpu_seconds = 1 });

    (void)state;
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGXCPU);
}

static int setup(void **state)
{
    (void)state;
    return sandbox_prepare(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_needed_kills),
        cmocka_unit_test(files_cannot_be_opened),
        cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(output_is_bounded),
        cmocka_unit_test(time_is_bounded),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
