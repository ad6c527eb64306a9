#include "audio/child/sink_codec.h"

#include <libavutil/opt.h>
#include <string.h>

enum { FLAC_ANY_RATE_MAX = 65535, OPUS_RATE = 48000, FULL_RATE = 32000 };

static const struct sink_codec codecs[] = {
    { "flac", "flac", "flac", AV_SAMPLE_FMT_NONE, 8, 0, 0 },
    { "mp3", "mp3", "libmp3lame", AV_SAMPLE_FMT_FLTP, 2, 2, 0 },
    { "m4a", "ipod", "aac", AV_SAMPLE_FMT_FLTP, 8, 0, 96000 },
    { "ogg", "ogg", "libopus", AV_SAMPLE_FMT_FLT, 8, 0, 64000 },
};

const struct sink_codec *sink_codec_find(const char *format)
{
    for (size_t i = 0; i < sizeof codecs / sizeof codecs[0]; i++) {
        if (strcmp(codecs[i].format, format) == 0)
            return &codecs[i];
    }
    return NULL;
}

/* The lowest rate of the zero-terminated list that is not below `rate`, or its highest. */
static int rate_from(const int *list, int rate)
{
    int highest = 0, above = 0;

    for (; *list; list++) {
        if (*list >= rate && (!above || *list < above))
            above = *list;
        if (*list > highest)
            highest = *list;
    }
    return above ? above : highest;
}

static int rate_for(const AVCodec *encoder, int rate)
{
    static const int flac_high[] = { 88200, 96000, 176400, 192000, 0 };

    if (encoder->id == AV_CODEC_ID_OPUS)
        return OPUS_RATE; /* what its decoders give, whatever went in */
    if (encoder->id == AV_CODEC_ID_FLAC)
        return rate <= FLAC_ANY_RATE_MAX || rate % 10 == 0 ? rate
                                                           : rate_from(flac_high, rate);
    return encoder->supported_samplerates ? rate_from(encoder->supported_samplerates, rate)
                                          : rate;
}

/* Layouts to try, in this order: the recording's own, libav's usual one of as many
 * channels, one that Opus and AAC name (the channels stay in their order), stereo. */
static int layout_candidate(const AVChannelLayout *own, int channels_max, int n,
                            AVChannelLayout *ret)
{
    static const AVChannelLayout by_count[] = {
        AV_CHANNEL_LAYOUT_MONO,         AV_CHANNEL_LAYOUT_STEREO,
        AV_CHANNEL_LAYOUT_SURROUND,     AV_CHANNEL_LAYOUT_QUAD,
        AV_CHANNEL_LAYOUT_5POINT0_BACK, AV_CHANNEL_LAYOUT_5POINT1_BACK,
        AV_CHANNEL_LAYOUT_6POINT1,      AV_CHANNEL_LAYOUT_7POINT1,
    };
    const AVChannelLayout stereo = AV_CHANNEL_LAYOUT_STEREO;

    if (own->nb_channels > channels_max || n == 3)
        return n == 0 || n == 3 ? av_channel_layout_copy(ret, &stereo) : AVERROR(EINVAL);
    if (n == 0)
        return av_channel_layout_copy(ret, own);
    if (n == 2)
        return av_channel_layout_copy(ret, &by_count[own->nb_channels - 1]);
    av_channel_layout_default(ret, own->nb_channels);
    return 0;
}

static void quality_set(const struct sink_codec *codec, AVCodecContext *e)
{
    if (codec->quality) {
        e->flags |= AV_CODEC_FLAG_QSCALE;
        e->global_quality = codec->quality * FF_QP2LAMBDA;
    }
    if (codec->bits_per_channel) {
        const int channels = e->ch_layout.nb_channels;
        const int64_t full = (int64_t)codec->bits_per_channel * channels;

        e->bit_rate = e->sample_rate < FULL_RATE ? full * e->sample_rate / FULL_RATE : full;
    }
}

static int encoder_try(const struct sink_codec *codec, const AVCodec *encoder,
                       const struct sink_config *config, bool global_header, int n,
                       AVCodecContext **ret)
{
    AVCodecContext *e = avcodec_alloc_context3(encoder);
    int rc = e ? layout_candidate(config->layout, codec->channels_max, n, &e->ch_layout)
               : AVERROR(ENOMEM);

    if (rc >= 0) {
        e->thread_count = 1;
        e->sample_rate = rate_for(encoder, config->sample_rate_hz);
        e->time_base = (AVRational){ 1, e->sample_rate };
        e->sample_fmt = codec->sample;
        if (codec->sample == AV_SAMPLE_FMT_NONE) {
            e->sample_fmt = config->is_deep ? AV_SAMPLE_FMT_S32 : AV_SAMPLE_FMT_S16;
            e->bits_per_raw_sample = config->is_deep ? 24 : 16;
        }
        if (global_header)
            e->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
        e->flags |= AV_CODEC_FLAG_BITEXACT; /* the same input gives the same file */
        quality_set(codec, e);
        rc = avcodec_open2(e, encoder, NULL);
    }
    if (rc < 0)
        avcodec_free_context(&e);
    else
        *ret = e;
    return rc;
}

int sink_encoder_open(const struct sink_codec *codec, const struct sink_config *config,
                      bool global_header, AVCodecContext **ret)
{
    const AVCodec *encoder = avcodec_find_encoder_by_name(codec->encoder);
    int rc = encoder ? AVERROR(EINVAL) : AVERROR_ENCODER_NOT_FOUND;

    for (int n = 0; n < 4 && encoder && rc < 0; n++)
        rc = encoder_try(codec, encoder, config, global_header, n, ret);
    return rc;
}
