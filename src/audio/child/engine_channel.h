/* One channel of an engine: each kind of engine is such a table of functions. Channels do
 * not know of each other. One thread at a time. */
#ifndef AUDIO_CHILD_ENGINE_CHANNEL_H
#define AUDIO_CHILD_ENGINE_CHANNEL_H

#include <stdbool.h>
#include "audio/child/dsp/track.h"
#include "audio/strength.h"

struct channel {
    const struct channel_kind *kind; /* first member of each kind's own struct */
    struct track in, out; /* the engine appends to one and takes from the other */
};

struct channel_kind {
    /* On success *ret is a channel with empty tracks. */
    int (*open)(int rate_hz, enum audio_strength strength, struct channel **ret,
                struct err *reterr);
    /* Works on what was appended to `in`, forgets what it needs no more and appends to
     * `out`. With `is_last` nothing will follow: called until `out` ends where `in` does,
     * each time with some of what was held back, so that `out` stays short. */
    int (*advance)(struct channel *c, bool is_last, struct err *reterr);
    void (*close)(struct channel *c); /* accepts a half-opened one; frees all but tracks */
};

extern const struct channel_kind channel_noise, channel_speech;

#endif
