/* What a child does: look at a file, or process it. */
#ifndef AUDIO_CHILD_TASK_H
#define AUDIO_CHILD_TASK_H

#include "audio/protocol.h"

/* Runs the request on its descriptors and tells of it over `socket_fd`. Returns the exit
 * status: 0 when a result was told. */
int task_run(const struct audio_request *request, int socket_fd, int input_fd,
             int output_fd);
/* The same for a WAV header alone, without libav: RESULT, FAILURE or UNSURE. */
void task_quick_look(const struct audio_request *request, int socket_fd, int input_fd);

#endif
