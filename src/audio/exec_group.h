/* How many processes and threads an external engine has. */
#ifndef AUDIO_EXEC_GROUP_H
#define AUDIO_EXEC_GROUP_H

#include <sys/types.h>

/* Threads of all processes of a process group, those that have ended and were not waited
 * for included, as /proc tells; -1 when it does not. An engine cannot leave its group
 * (exec_sandbox.h), wherever its processes' parents went. Any thread. */
int exec_group_threads(pid_t group);
/* Reads one /proc/PID/stat: its group and threads. 0, or -1 when it is not like one. */
int exec_group_stat_read(const char *text, pid_t *ret_group, int *ret_threads);

#endif
