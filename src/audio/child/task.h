/* What a child does: look at a file, process it, or draw it. */
#ifndef AUDIO_CHILD_TASK_H
#define AUDIO_CHILD_TASK_H

#include "audio/protocol.h"

/* Runs the request on its descriptors (the input, then what its kind says; -1 for those
 * that did not come) and tells of it over `socket_fd`. Returns the exit status: 0 when a
 * result was told. */
int task_run(const struct audio_request *request, int socket_fd,
             const int fds[AUDIO_FDS_MAX - 1]);

#endif
