/* Asks the child that looks at WAV headers (src/audio/child): one question at a time over a
 * socket that stays, which costs a hundredth of a child per file. Inside audio/ only; any
 * thread. */
#ifndef AUDIO_LOOK_H
#define AUDIO_LOOK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include "audio/audio.h"

struct look {
    pthread_mutex_t lock; /* over what follows: held while one asks */
    int fd;               /* -1: there is nobody to ask */
};

void look_init(struct look *l);
void look_release(struct look *l);

/* From now on `fd` is asked, which becomes the look's. */
void look_connect(struct look *l, int fd);
/* Waits for an answer that is due: the other side should be gone. */
void look_disconnect(struct look *l);

/* True when the first bytes of a file of `file_bytes` bytes are the header of a WAV file
 * that says all; false when libav has to be asked, also because no answer came in
 * `timeout_us`: then nobody is asked again until the next look_connect(). */
bool look_ask(struct look *l, struct view head, int64_t file_bytes, int64_t timeout_us,
              struct audio_info *ret);

#endif
