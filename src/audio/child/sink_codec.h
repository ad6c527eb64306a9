/* Which encoder and muxer a format means, and what of a recording they can carry. */
#ifndef AUDIO_CHILD_SINK_CODEC_H
#define AUDIO_CHILD_SINK_CODEC_H

#include <libavcodec/avcodec.h>
#include "audio/child/sink.h"

struct sink_codec {
    const char *format; /* of audio_formats */
    const char *muxer;  /* libav's names */
    const char *encoder;
    enum AVSampleFormat sample; /* what the encoder is fed with; NONE: FLAC, by its depth */
    int channels_max;
    int quality;          /* of VBR: libmp3lame's V number; 0: bits_per_channel says it */
    int bits_per_channel; /* per second, at 32 kHz or more */
};

/* NULL for a name that is no such format. */
const struct sink_codec *sink_codec_find(const char *format);

/* Opens the encoder with the nearest rate and channels that it can do. `global_header`: the
 * muxer wants the codec's header apart. Returns libav's error code. */
MUST_CHECK int sink_encoder_open(const struct sink_codec *codec,
                                 const struct sink_config *config, bool global_header,
                                 AVCodecContext **ret);

#endif
