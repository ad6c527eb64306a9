/* What the server and the audio program say to each other, over SOCK_SEQPACKET sockets: one
 * struct is one message. A request goes to the program with descriptors attached (the
 * task's own socket, the input, the output and a scratch file when there is one);
 * everything about a task then comes over the task's socket. Closing that socket cancels
 * the task. Both are of one build, so the structs are plain; what a child says is still
 * checked, since its input may own it. */
#ifndef AUDIO_PROTOCOL_H
#define AUDIO_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "audio/audio.h"

enum {
    AUDIO_MAGIC = 0x7a7a6877,
    AUDIO_TEXT_MAX = 160,
    AUDIO_FDS_MAX = 4,
    AUDIO_HEAD_BYTES_MAX =
        8192, /* of a file: enough for all WAV headers without huge tags */
};

enum audio_request_kind {
    AUDIO_REQUEST_PROBE,   /* input */
    AUDIO_REQUEST_PROCESS, /* input, output; a scratch file as well to normalise loudness */
    AUDIO_REQUEST_PEAKS,   /* input, output: two bytes for each bucket, smallest and largest
                            */
};

struct audio_request {
    uint32_t magic, kind;
    uint32_t loudness_normalise; /* 0 or 1 */
    uint32_t strength;           /* enum audio_strength */
    uint32_t buckets;            /* of the peaks */
    char type[32];
    char format[16];
    int64_t memory_bytes, duration_us_max, cpu_seconds_max, output_bytes_max;
    int64_t file_bytes_max; /* of any file that it writes, the scratch file included */
};

enum audio_message_kind {
    AUDIO_MESSAGE_PROGRESS, /* permille, and info: how much work there is */
    AUDIO_MESSAGE_RESULT,   /* info and, of processing, the rest */
    AUDIO_MESSAGE_FAILURE,  /* code and text */
    AUDIO_MESSAGE_EXITED,   /* from the host: wait_status, memory_peak_bytes */
};

struct audio_message {
    uint32_t magic, kind;
    int32_t permille, code, wait_status;
    struct audio_info info;
    int64_t output_bytes, frames_written, processing_us, memory_peak_bytes;
    int32_t output_rate_hz, output_channels;
    int32_t peak_cdbfs, loudness_clufs, noise_removed_cdb; /* as in struct audio_result */
    int32_t buckets;                                       /* peaks written */
    char text[AUDIO_TEXT_MAX];
};

/* A question to the program that looks at WAV headers, and its answer, without descriptors:
 * one after the other. */
struct audio_look {
    uint32_t magic;
    int64_t file_bytes;
    char head[AUDIO_HEAD_BYTES_MAX]; /* only what there is of it is sent */
};
struct audio_looked {
    uint32_t magic;
    uint32_t is_sure; /* 0: ask libav, there is no info; or 1 */
    struct audio_info info;
};

/* Whether `bytes` are one well-formed message: known kind, terminated printable text,
 * figures in range; of a result, whole and consistent information. */
bool audio_message_read(const void *bytes, size_t len, struct audio_message *ret);
bool audio_request_read(const void *bytes, size_t len, struct audio_request *ret);
bool audio_look_read(const void *bytes, size_t len, struct audio_look *ret,
                     size_t *ret_head_bytes);
bool audio_looked_read(const void *bytes, size_t len, struct audio_looked *ret);

/* Sends one message with up to AUDIO_FDS_MAX descriptors; false when the other side is
 * gone. */
bool audio_send(int socket_fd, const void *bytes, size_t len, const int *fds,
                size_t fds_count);
/* Receives one; descriptors (whatever is returned) are the caller's and close on exec.
 * Returns its length, 0 when the other side is gone, -1 on an error (EAGAIN, or EMSGSIZE
 * for a message longer than `size`). */
int64_t audio_receive(int socket_fd, void *bytes, size_t size, int fds[AUDIO_FDS_MAX],
                      size_t *ret_fds_count);

#endif
