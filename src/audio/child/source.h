/* Decoding one file to floats, from a descriptor: the only place that meets foreign
 * formats. */
#ifndef AUDIO_CHILD_SOURCE_H
#define AUDIO_CHILD_SOURCE_H

#include <libavutil/frame.h>
#include "audio/audio.h"

struct source;

/* Opens the audio in `fd` (borrowed) from its start. ERR_NOT_MEDIA or ERR_TOO_LARGE with a
 * sentence for the user. */
MUST_CHECK int source_open(int fd, int64_t duration_us_max, struct source **ret,
                           struct err *reterr);
/* What was found; frames and duration are estimates where the container says nothing. */
const struct audio_info *source_info(const struct source *s);
const AVChannelLayout *source_layout(const struct source *s);
/* The next block as planar floats at the file's own rate and channels, borrowed until the
 * next call; NULL in *ret at the end. A change of rate or channels on the way is
 * ERR_NOT_MEDIA. */
MUST_CHECK int source_next(struct source *s, const AVFrame **ret, struct err *reterr);
void source_close(struct source **s);

#endif
