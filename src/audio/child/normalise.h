/* From kept samples to a result of the wanted loudness. */
#ifndef AUDIO_CHILD_NORMALISE_H
#define AUDIO_CHILD_NORMALISE_H

#include "audio/child/loudness.h"
#include "audio/child/scratch.h"

/* What a block of the result is given to; `block` is borrowed. */
typedef int normalise_take(void *ctx, const AVFrame *block, struct err *reterr);

/* Reads `kept`, whose loudness (with true peaks) is `measured`, some times over and gives
 * all of it to `take`: -16 LUFS, true peaks at most -1 dBTP. The loudness ends lower where
 * that would take more than 30 dB of gain or 12 dB of limiting, and stays as it is where it
 * cannot be measured (silence, less than 0.4 s). */
MUST_CHECK int normalise(struct scratch *kept, const struct loudness *measured,
                         int sample_rate_hz, const AVChannelLayout *layout,
                         normalise_take *take, void *ctx, struct err *reterr);

#endif
