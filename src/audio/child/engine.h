/* An engine: floats in, as many floats out, in the same place. One small interface, so that
 * an engine of any kind (spectral, a neural network) is a file of its own. */
#ifndef AUDIO_CHILD_ENGINE_H
#define AUDIO_CHILD_ENGINE_H

#include <libavutil/frame.h>
#include "audio/strength.h"
#include "base/err.h"

struct engine_input {
    int sample_rate_hz;
    const AVChannelLayout *layout;
    enum audio_strength strength;
};

struct engine;

/* Once in a program, before it forks the processes that open engines: what all of them read
 * is made ready. */
void engine_prepare(void);
/* The engine of a processing type. ERR_NOT_FOUND for a type without one. */
MUST_CHECK int engine_open(const char *type, const struct engine_input *input,
                           struct engine **ret, struct err *reterr);
/* Takes a block of planar floats (borrowed); NULL: there are no more. A sample that is no
 * number is ERR_NOT_MEDIA, one more than 240 dB over full scale is taken for that much. */
MUST_CHECK int engine_push(struct engine *e, const AVFrame *block, struct err *reterr);
/* The next block of results, borrowed until the next call; NULL in *ret when more input is
 * needed, or after the last. All blocks together have as many samples as the input. */
MUST_CHECK int engine_pull(struct engine *e, const AVFrame **ret, struct err *reterr);
void engine_close(struct engine **e);

#endif
