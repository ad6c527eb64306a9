/* The whole way of a recording: decode, clean, normalise, encode. */
#ifndef AUDIO_CHILD_PROCESS_H
#define AUDIO_CHILD_PROCESS_H

#include "audio/protocol.h"

struct process_files {
    int input_fd, output_fd;
    int scratch_fd; /* only to normalise loudness; else -1 */
};

/* Tells progress over `socket_fd`. Fills the figures of *m on success. */
MUST_CHECK int process_run(const struct audio_request *request,
                           const struct process_files *files, int socket_fd,
                           struct audio_message *m, struct err *reterr);

#endif
