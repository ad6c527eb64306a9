#include "audio/program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SOCKET_FD = 3, SPARE_FD = 10 };

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

/* The image as a descriptor that can be executed, out of the way of SOCKET_FD. */
static int image_fd(const struct program_image *image)
{
    int fd = memfd_create(image->name, MFD_CLOEXEC | 0x0010U /* MFD_EXEC, Linux 6.3 */);

    if (fd < 0 && errno == EINVAL)
        fd = memfd_create(image->name, MFD_CLOEXEC);
    return all_write(fd, image->bytes, image->end) ? fcntl(fd, F_DUPFD_CLOEXEC, SPARE_FD)
                                                   : -1;
}

/* In the forked child: only calls that are safe there. */
static void image_exec(const struct program_image *image, int socket_fd)
{
    char *const argv[] = { image->name, "child", NULL };
    const int from = fcntl(socket_fd, F_DUPFD_CLOEXEC, SPARE_FD);
    const int program = image_fd(image);
    sigset_t none;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    if (from >= 0 && program >= 0 && dup2(from, SOCKET_FD) == SOCKET_FD)
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
