/* Opening a file of one of the allowed formats from a descriptor, and finding its sound. */
#ifndef AUDIO_CHILD_CONTAINER_H
#define AUDIO_CHILD_CONTAINER_H

#include <libavformat/avformat.h>
#include <stdbool.h>
#include <stdint.h>

struct container {
    int fd; /* borrowed */
    AVIOContext *io;
    AVFormatContext *format;
    int stream; /* the best audio stream */
};

/* Opens wav, w64, mp3, flac, mp4 and ogg, and nothing else: a playlist could make libav
 * open other files. Returns libav's error code; *ret is to be closed in any case. */
int container_open(int fd, struct container *ret);
void container_close(struct container *c);

/* "wav", "mp3", "flac", "m4a" or "ogg". */
const char *container_format(const struct container *c);
/* Moving pictures; a cover does not count. */
bool container_has_video(const struct container *c);
/* The frames at `rate` that an mp4's edit list and duration leave of what is decoded, after
 * the encoder's delay; INT64_MAX where decoding alone gives the right number. */
int64_t container_frames(const struct container *c, int rate);

#endif
