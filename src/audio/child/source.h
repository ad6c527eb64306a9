/* Decoding one file to floats, from a descriptor: the only place that meets foreign
 * formats. */
#ifndef AUDIO_CHILD_SOURCE_H
#define AUDIO_CHILD_SOURCE_H

#include <libavutil/dict.h>
#include <libavutil/frame.h>
#include <stdbool.h>
#include "audio/audio.h"

struct source;

/* Opens the audio in `fd` (borrowed) from its start. ERR_NOT_MEDIA or ERR_TOO_LARGE with a
 * sentence for the user. A video is refused, its sound too. */
MUST_CHECK int source_open(int fd, int64_t duration_us_max, struct source **ret,
                           struct err *reterr);
/* What was found; frames and duration are estimates where the container says nothing. */
const struct audio_info *source_info(const struct source *s);
const AVChannelLayout *source_layout(const struct source *s);
/* Title, artist and such, borrowed. */
const AVDictionary *source_tags(const struct source *s);
/* Whether the samples have more than 16 bits, losslessly. */
bool source_is_deep(const struct source *s);
/* The next block as planar floats at the file's own rate and channels, borrowed until the
 * next call; NULL in *ret at the end. The encoder's delay and padding are left out. A
 * change of rate, channels or sample format on the way, or a sample that is no number, is
 * ERR_NOT_MEDIA. A damaged piece is left out; too many of them are ERR_NOT_MEDIA. */
MUST_CHECK int source_next(struct source *s, const AVFrame **ret, struct err *reterr);
/* Where the container says nothing, as of what was written to a pipe: the estimate becomes
 * what was read so far and what the packets to come say of themselves, which are not
 * decoded. Reading is over then. ERR_TOO_LARGE with a sentence for the user. */
MUST_CHECK int source_count(struct source *s, struct err *reterr);
/* Back to the first sample, as if opened anew, which it does where that is not exact: of
 * all but PCM. Much cheaper than that otherwise. */
MUST_CHECK int source_restart(struct source **s, struct err *reterr);
/* Accepts NULL. */
void source_close(struct source **s);

#endif
