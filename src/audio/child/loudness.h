/* Loudness by EBU R 128 and peaks of a recording that goes by. Constant memory for any
 * length: block loudness is kept as a histogram in steps of 0.1 LU. */
#ifndef AUDIO_CHILD_LOUDNESS_H
#define AUDIO_CHILD_LOUDNESS_H

#include <libavutil/frame.h>
#include <stdbool.h>
#include "base/err.h"

struct loudness;

/* `true_peak`: measures between the samples as well. */
MUST_CHECK int loudness_open(int sample_rate_hz, const AVChannelLayout *layout,
                             bool true_peak, struct loudness **ret, struct err *reterr);
/* A block of planar floats, borrowed. */
MUST_CHECK int loudness_add(struct loudness *l, const AVFrame *block, struct err *reterr);
/* Integrated loudness in LUFS, -70 for what is quieter or shorter than 0.4 s. */
double loudness_lufs(const struct loudness *l);
/* The largest sample; with `true_peak` the largest true peak; 1.0 is full scale. */
double loudness_peak(const struct loudness *l);
void loudness_close(struct loudness **l);

#endif
