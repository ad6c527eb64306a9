/* Asks before each process or thread that an external engine starts.
 *
 * Counting now and then is too late: a program that forks without end leaves the counting
 * process no time. So the engine's filter of system calls (exec_sandbox.h) has the kernel
 * hold each fork until it is allowed here. One thread. */
#ifndef AUDIO_EXEC_FORKS_H
#define AUDIO_EXEC_FORKS_H

#include <stdbool.h>
#include <sys/types.h>

struct exec_forks {
    int fd;         /* the filter's listener; -1: this system has none to give */
    int most, seen; /* seen: at least as many as there are */
    bool are_too_many;
};

/* Takes the listener that the child sent over `socket_fd`, or that it has none. Blocks
 * until the child is confined or has ended. */
void exec_forks_init(struct exec_forks *f, int socket_fd, int most);
/* Answers the fork that f->fd is readable for. One beyond the most fails with EAGAIN, and
 * are_too_many is set. `group`: the engine's. */
void exec_forks_answer(struct exec_forks *f, pid_t group);
/* Further forks fail. */
void exec_forks_release(struct exec_forks *f);
/* In the child, once: sends the listener (-1: none). */
void exec_forks_send(int socket_fd, int listener_fd);

#endif
