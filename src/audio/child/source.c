#include "audio/child/source.h"

#include <libavcodec/avcodec.h>
#include <libavutil/intreadwrite.h>
#include <libswresample/swresample.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "audio/child/container.h"

enum { ERRORS_MAX = 200, VORBIS_BLOCK_MAX = 8192 };

struct source {
    struct container container;
    AVCodecContext *decoder;
    SwrContext *converter;
    AVPacket *packet;
    AVFrame *decoded, *out;
    AVDictionary *tags;
    struct audio_info info;
    int sample_fmt;
    int errors;
    int64_t duration_us_max;
    int64_t frames_read, frames_max; /* the most that are allowed */
    int64_t frames_end;              /* what follows is padding */
    int64_t to_skip;                 /* of the encoder's delay, still to come */
    bool is_draining;
};

static const char NOT_AUDIO[] = "The file is not audio in a supported format.";

static int not_audio(struct err *reterr, int rc)
{
    if (rc == AVERROR(ENOMEM))
        return err_set(reterr, ERR_TOO_LARGE,
                       "The file needs more memory than it may use.");
    return err_set(reterr, ERR_NOT_MEDIA, "%s", NOT_AUDIO);
}

static AVStream *stream_of(const struct source *s)
{
    return s->container.format->streams[s->container.stream];
}

/* ---- opening ---- */

static int decoder_open(struct source *s)
{
    const AVCodecParameters *parameters = stream_of(s)->codecpar;
    const AVCodec *codec = avcodec_find_decoder(parameters->codec_id);
    int rc;

    if (!codec)
        return AVERROR_DECODER_NOT_FOUND;
    s->decoder = avcodec_alloc_context3(codec);
    if (!s->decoder)
        return AVERROR(ENOMEM);
    rc = avcodec_parameters_to_context(s->decoder, parameters);
    if (rc < 0)
        return rc;
    s->decoder->thread_count = 1;
    s->decoder->flags2 |= AV_CODEC_FLAG2_SKIP_MANUAL; /* see trim() */
    s->decoder->pkt_timebase = stream_of(s)->time_base;
    rc = avcodec_open2(s->decoder, codec, NULL);
    if (rc == 0 && s->decoder->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC) {
        const int channels = s->decoder->ch_layout.nb_channels;

        av_channel_layout_default(&s->decoder->ch_layout, channels);
    }
    return rc;
}

static int info_fill(struct source *s, struct err *reterr)
{
    const AVStream *stream = stream_of(s);
    struct audio_info *i = &s->info;

    i->sample_rate_hz = s->decoder->sample_rate;
    i->channels = s->decoder->ch_layout.nb_channels;
    if (i->sample_rate_hz < 1 || i->sample_rate_hz > AUDIO_SAMPLE_RATE_MAX_HZ)
        return err_set(reterr, ERR_NOT_MEDIA, "The file's sample rate is not supported.");
    if (i->channels < 1 || i->channels > AUDIO_CHANNELS_MAX)
        return err_set(reterr, ERR_NOT_MEDIA, "The file has more than %d channels.",
                       AUDIO_CHANNELS_MAX);
    (void)strncpy(i->format, container_format(&s->container), sizeof i->format - 1);
    s->frames_end = container_frames(&s->container, i->sample_rate_hz);
    if (s->frames_end != INT64_MAX)
        i->frames = s->frames_end;
    else if (stream->duration > 0)
        i->frames = av_rescale_q(stream->duration, stream->time_base,
                                 (AVRational){ 1, i->sample_rate_hz });
    else if (s->container.format->duration > 0)
        i->frames = av_rescale(s->container.format->duration, i->sample_rate_hz, 1000000);
    i->duration_us = av_rescale(i->frames, 1000000, i->sample_rate_hz);
    return 0;
}

static int converter_open(struct source *s)
{
    AVChannelLayout *layout = &s->decoder->ch_layout;
    int rc = swr_alloc_set_opts2(&s->converter, layout, AV_SAMPLE_FMT_FLTP,
                                 s->decoder->sample_rate, layout, s->decoder->sample_fmt,
                                 s->decoder->sample_rate, 0, NULL);

    s->sample_fmt = s->decoder->sample_fmt;
    return rc < 0 ? rc : swr_init(s->converter);
}

/* Ogg keeps them with the stream. */
static int tags_collect(struct source *s)
{
    const int rc = av_dict_copy(&s->tags, s->container.format->metadata, 0);

    return rc < 0 ? rc
                  : av_dict_copy(&s->tags, stream_of(s)->metadata, AV_DICT_DONT_OVERWRITE);
}

static int parts_open(struct source *s, int fd, struct err *reterr)
{
    int rc;

    s->packet = av_packet_alloc();
    s->decoded = av_frame_alloc();
    s->out = av_frame_alloc();
    if (!s->packet || !s->decoded || !s->out)
        return not_audio(reterr, AVERROR(ENOMEM));
    if (lseek(fd, 0, SEEK_END) == 0)
        return err_set(reterr, ERR_NOT_MEDIA, "The file is empty.");
    rc = container_open(fd, &s->container);
    if (s->container.format && container_has_video(&s->container))
        return err_set(reterr, ERR_NOT_MEDIA, "The file is a video: send its sound alone.");
    if (rc >= 0)
        rc = decoder_open(s);
    if (rc >= 0)
        rc = converter_open(s);
    if (rc >= 0)
        rc = tags_collect(s);
    return rc < 0 ? not_audio(reterr, rc) : info_fill(s, reterr);
}

static int too_long(const struct source *s, struct err *reterr)
{
    return err_set(reterr, ERR_TOO_LARGE, "The recording is longer than %lld minutes.",
                   (long long)(s->duration_us_max / 60000000));
}

int source_open(int fd, int64_t duration_us_max, struct source **ret, struct err *reterr)
{
    struct source *s = calloc(1, sizeof *s);
    int rc;

    if (!s)
        return not_audio(reterr, AVERROR(ENOMEM));
    s->duration_us_max = duration_us_max;
    rc = parts_open(s, fd, reterr);
    if (rc == 0 && s->info.duration_us > duration_us_max)
        rc = too_long(s, reterr);
    if (rc == 0) {
        s->frames_max = av_rescale(duration_us_max, s->info.sample_rate_hz, 1000000);
        *ret = s;
        s = NULL;
    }
    source_close(&s);
    return rc;
}

const struct audio_info *source_info(const struct source *s)
{
    return &s->info;
}

const AVChannelLayout *source_layout(const struct source *s)
{
    return &s->decoder->ch_layout;
}

const AVDictionary *source_tags(const struct source *s)
{
    return s->tags;
}

bool source_is_deep(const struct source *s)
{
    return av_get_bits_per_sample(s->decoder->codec_id) > 16 ||
           s->decoder->bits_per_raw_sample > 16;
}

/* ---- decoding ---- */

static int feed(struct source *s)
{
    int rc = av_read_frame(s->container.format, s->packet);

    if (rc < 0) {
        s->is_draining = true;
        return avcodec_send_packet(s->decoder, NULL);
    }
    rc = s->packet->stream_index == s->container.stream
             ? avcodec_send_packet(s->decoder, s->packet)
             : 0;
    av_packet_unref(s->packet);
    return rc;
}

/* Feeds the decoder until it has a frame. 1: one is there, 0: the end, < 0: libav's error.
 */
static int decode(struct source *s)
{
    for (;;) {
        int rc = avcodec_receive_frame(s->decoder, s->decoded);

        if (rc == 0)
            return 1;
        if (rc == AVERROR_EOF)
            return 0;
        if (rc == AVERROR(EAGAIN))
            rc = s->is_draining ? AVERROR_BUG : feed(s);
        /* A damaged piece is left out, many are no recording. */
        if (rc < 0 && (rc == AVERROR(ENOMEM) || ++s->errors > ERRORS_MAX))
            return rc;
    }
}

static int changes_check(struct source *s, struct err *reterr)
{
    if (s->decoded->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC &&
        av_channel_layout_copy(&s->decoded->ch_layout, &s->decoder->ch_layout) < 0)
        return not_audio(reterr, AVERROR(ENOMEM));
    if (s->decoded->sample_rate != s->info.sample_rate_hz ||
        s->decoded->ch_layout.nb_channels != s->info.channels ||
        s->decoded->format != s->sample_fmt)
        return err_set(reterr, ERR_NOT_MEDIA,
                       "The recording changes its sample rate or channels on the way.");
    return 0;
}

static int convert(struct source *s)
{
    int rc;

    av_frame_unref(s->out);
    s->out->format = AV_SAMPLE_FMT_FLTP;
    s->out->sample_rate = s->info.sample_rate_hz;
    rc = av_channel_layout_copy(&s->out->ch_layout, &s->decoder->ch_layout);
    /* Only the number of channels has been compared: their names may differ. */
    if (rc >= 0)
        rc = av_channel_layout_copy(&s->decoded->ch_layout, &s->decoder->ch_layout);
    return rc < 0 ? rc : swr_convert_frame(s->converter, s->out, s->decoded);
}

static bool is_finite(const AVFrame *block)
{
    for (int c = 0; c < block->ch_layout.nb_channels; c++) {
        const float *plane = (const float *)(const void *)block->extended_data[c];
        float sum = 0.0f;

        /* Times zero, only what is no number or infinite is not zero. */
        for (int i = 0; i < block->nb_samples; i++)
            sum += plane[i] * 0.0f;
        if (sum != 0.0f || isnan(sum))
            return false;
    }
    return true;
}

/* The padding in the last block. libav miscounts that of Vorbis in an Ogg of one page by
 * the first block, which gives no samples; the end that it computes for the packet is
 * right. */
static int64_t padding_of(const struct source *s, int64_t told)
{
    const AVFrame *f = s->decoded;
    int64_t over;

    if (told == 0 || s->decoder->codec_id != AV_CODEC_ID_VORBIS || f->pts == AV_NOPTS_VALUE)
        return told;
    over = s->frames_read + s->out->nb_samples - (f->pts + (int32_t)f->pkt_duration);
    if (llabs(over - told) > VORBIS_BLOCK_MAX) /* another part of a chain */
        return told;
    return over < 0 ? 0 : over;
}

/* Takes the encoder's delay and padding off the block, as the container tells of them with
 * its packets. libav would do so, but it forgets what is left of a delay when padding is
 * told, which makes very short mp3s too long. */
static void trim(struct source *s)
{
    const AVFrameSideData *told = av_frame_get_side_data(s->decoded,
                                                         AV_FRAME_DATA_SKIP_SAMPLES);
    int64_t skip, padding = 0;

    if (told && told->size >= 8) {
        if (AV_RL32(told->data) > 0)
            s->to_skip = AV_RL32(told->data);
        padding = padding_of(s, AV_RL32(told->data + 4));
    }
    skip = s->to_skip;
    if (s->decoded->flags & AV_FRAME_FLAG_DISCARD || skip > s->out->nb_samples)
        skip = s->out->nb_samples;
    s->to_skip -= skip < s->to_skip ? skip : s->to_skip;
    for (int c = 0; c < s->out->ch_layout.nb_channels; c++)
        s->out->extended_data[c] += (size_t)skip * sizeof(float);
    s->out->nb_samples -= (int)skip;
    s->out->nb_samples -= padding < s->out->nb_samples ? (int)padding : s->out->nb_samples;
    if (s->out->nb_samples > s->frames_end - s->frames_read)
        s->out->nb_samples = (int)(s->frames_end - s->frames_read);
}

static int end(const struct source *s, const AVFrame **ret, struct err *reterr)
{
    *ret = NULL;
    return s->frames_read > 0 ? 0
                              : err_set(reterr, ERR_NOT_MEDIA, "The file has no sound.");
}

/* The next decoded block, checked, as floats; it may have been all delay. 1: there is one.
 */
static int block_next(struct source *s, struct err *reterr)
{
    const int got = s->frames_read < s->frames_end ? decode(s) : 0;
    int rc;

    if (got == 0)
        return 0;
    if (got < 0)
        return not_audio(reterr, got);
    rc = changes_check(s, reterr);
    if (rc)
        return rc;
    if (convert(s) < 0)
        return not_audio(reterr, AVERROR_INVALIDDATA);
    trim(s);
    if (!is_finite(s->out))
        return err_set(reterr, ERR_NOT_MEDIA,
                       "The recording has samples that are no numbers.");
    return 1;
}

int source_next(struct source *s, const AVFrame **ret, struct err *reterr)
{
    int rc;

    do {
        rc = block_next(s, reterr);
        if (rc == 0)
            return end(s, ret, reterr);
    } while (rc > 0 && s->out->nb_samples == 0);
    if (rc < 0)
        return rc;
    s->frames_read += s->out->nb_samples;
    if (s->frames_read > s->frames_max)
        return too_long(s, reterr);
    *ret = s->out;
    return 0;
}

int source_count(struct source *s, struct err *reterr)
{
    const AVRational frame = { 1, s->info.sample_rate_hz };
    const AVRational unit = stream_of(s)->time_base;
    int64_t frames = s->frames_read, told;

    if (s->info.frames > 0)
        return 0;
    while (frames <= s->frames_max && av_read_frame(s->container.format, s->packet) >= 0) {
        if (s->packet->stream_index == s->container.stream)
            told = av_rescale_q(s->packet->duration, unit, frame);
        else
            told = 0;
        frames += told >= 0 && told <= s->frames_max ? told : s->frames_max;
        av_packet_unref(s->packet);
    }
    if (frames > s->frames_max)
        return too_long(s, reterr);
    s->info.frames = frames;
    s->info.duration_us = av_rescale(frames, 1000000, s->info.sample_rate_hz);
    return 0;
}

/* PCM has no state, and its positions in a file are exact. */
static bool rewind_pcm(struct source *s)
{
    const bool is_wav = strcmp(s->container.format->iformat->name, "wav") == 0;

    if (!is_wav || av_get_exact_bits_per_sample(s->decoder->codec_id) == 0 ||
        av_seek_frame(s->container.format, s->container.stream, 0, 0) < 0)
        return false;
    avcodec_flush_buffers(s->decoder);
    s->errors = 0;
    s->frames_read = s->to_skip = 0;
    s->is_draining = false;
    return true;
}

int source_restart(struct source **source, struct err *reterr)
{
    const int fd = (*source)->container.fd;
    const int64_t duration_us_max = (*source)->duration_us_max;

    if (rewind_pcm(*source))
        return 0;
    source_close(source);
    return source_open(fd, duration_us_max, source, reterr);
}

void source_close(struct source **source)
{
    struct source *s = *source;

    if (!s)
        return;
    swr_free(&s->converter);
    avcodec_free_context(&s->decoder);
    container_close(&s->container);
    av_dict_free(&s->tags);
    av_packet_free(&s->packet);
    av_frame_free(&s->decoded);
    av_frame_free(&s->out);
    free(s);
    *source = NULL;
}
