/* Asks the program that looks at WAV headers (child/look_main.c): one question at a time
 * over a socket that stays, which costs a hundredth of a child per file. It holds no libav,
 * so that it runs a few milliseconds after the server. Inside audio/ only; any thread. */
#ifndef AUDIO_LOOK_H
#define AUDIO_LOOK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include "audio/audio.h"
#include "audio/program.h"

struct look {
    pthread_mutex_t lock; /* over what follows: held while one asks */
    struct program program;
    bool is_given_up;
};

void look_init(struct look *l);
/* Ends the program. */
void look_release(struct look *l);

/* Starts the program unless it runs; a failure is the next question's to meet. */
void look_warm(struct look *l);

/* True when the first bytes of a file of `file_bytes` bytes are the header of a WAV file
 * that says all; false when libav has to be asked, also because no sound answer came. A
 * program that gave none is started anew for the next question; after one that did not
 * answer in `timeout_us` nobody is asked any more. */
bool look_ask(struct look *l, struct view head, int64_t file_bytes, int64_t timeout_us,
              struct audio_info *ret);

#endif
