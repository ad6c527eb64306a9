#include "audio/program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SOCKET_FD = 3 };

static bool all_write(int fd, const char *from, const char *end)
{
    while (fd >= 0 && from < end) {
        const ssize_t wrote = write(fd, from, (size_t)(end - from));

        if (wrote < 0)
            return false;
        from += wrote;
    }
    return fd >= 0;
}

/* The image as a descriptor that can be executed. */
static int image_fd(const struct program_image *image)
{
    int fd = memfd_create(image->name, MFD_CLOEXEC | 0x0010U /* MFD_EXEC, Linux 6.3 */);

    if (fd < 0 && errno == EINVAL)
        fd = memfd_create(image->name, MFD_CLOEXEC);
    return all_write(fd, image->bytes, image->end) ? fd : -1;
}

/* The socket alone stays open, at SOCKET_FD: whoever restarts a server that was killed
 * wants its port back, and a copy of the listener would hold it until the program runs. */
static bool socket_keep(int socket_fd)
{
    const int copy = fcntl(socket_fd, F_DUPFD_CLOEXEC, SOCKET_FD + 1);

    return copy >= 0 && dup2(copy, SOCKET_FD) == SOCKET_FD &&
           syscall(SYS_close_range, SOCKET_FD + 1U, ~0U, 0U) == 0;
}

/* In the forked child: only calls that are safe there. */
static void image_exec(const struct program_image *image, int socket_fd)
{
    char *const argv[] = { image->name, "child", NULL };
    sigset_t none;
    int program;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (!socket_keep(socket_fd))
        _exit(127);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    program = image_fd(image);
    if (program >= 0)
        (void)fexecve(program, argv, image->environment);
    _exit(127);
}

int program_start(const struct program_image *image, struct program *ret,
                  struct err *reterr)
{
    int sockets[2];
    pid_t pid;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0)
        return err_set_errno(reterr, errno, image->name);
    pid = fork();
    if (pid == 0)
        image_exec(image, sockets[1]);
    (void)close(sockets[1]);
    if (pid < 0) {
        const int errnum = errno;

        (void)close(sockets[0]);
        return err_set_errno(reterr, errnum, image->name);
    }
    *ret = (struct program){ pid, sockets[0] };
    return 0;
}

void program_end(struct program *program)
{
    if (program->fd >= 0)
        (void)close(program->fd);
    if (program->pid > 0) {
        (void)kill(program->pid, SIGKILL);
        (void)waitpid(program->pid, NULL, 0);
    }
    *program = (struct program){ 0, -1 };
}
