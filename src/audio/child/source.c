#include "audio/child/source.h"

#include <errno.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>
#include <libswresample/swresample.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { IO_BYTES = 64 << 10, ERRORS_MAX = 200 };

struct source {
    int fd;
    AVIOContext *io;
    AVFormatContext *format;
    AVCodecContext *decoder;
    SwrContext *resampler;
    AVPacket *packet;
    AVFrame *decoded, *out;
    struct audio_info info;
    int stream, errors;
    int64_t frames_read, frames_max;
    bool is_draining, has_frame;
};

static const char NOT_AUDIO[] = "The file is not audio in a supported format.";

static int io_read(void *opaque, uint8_t *to, int size)
{
    const struct source *s = opaque;
    const ssize_t got = read(s->fd, to, (size_t)size);

    return got > 0 ? (int)got : got == 0 ? AVERROR_EOF : AVERROR(errno);
}

static int64_t io_seek(void *opaque, int64_t offset, int whence)
{
    const struct source *s = opaque;
    off_t at;

    if (whence == AVSEEK_SIZE) {
        const off_t now = lseek(s->fd, 0, SEEK_CUR);
        const off_t size = lseek(s->fd, 0, SEEK_END);

        (void)lseek(s->fd, now, SEEK_SET);
        return size;
    }
    at = lseek(s->fd, offset, whence & 3);
    return at < 0 ? AVERROR(errno) : at;
}

/* A playlist could make libav open other files: formats are named, protocols are none. */
static int container_open(struct source *s)
{
    AVDictionary *options = NULL;
    unsigned char *buffer = av_malloc(IO_BYTES);
    int rc;

    s->format = avformat_alloc_context();
    if (!buffer || !s->format)
        return AVERROR(ENOMEM);
    s->io = avio_alloc_context(buffer, IO_BYTES, 0, s, io_read, NULL, io_seek);
    if (!s->io)
        return AVERROR(ENOMEM);
    s->format->pb = s->io;
    s->format->flags |= AVFMT_FLAG_CUSTOM_IO;
    (void)av_dict_set(&options, "format_whitelist", "wav,mp3,flac,mov,ogg,w64", 0);
    (void)av_dict_set(&options, "protocol_whitelist", "none", 0);
    (void)lseek(s->fd, 0, SEEK_SET);
    rc = avformat_open_input(&s->format, NULL, NULL, &options);
    av_dict_free(&options);
    return rc < 0 ? rc : avformat_find_stream_info(s->format, NULL);
}

static const char *format_name(const AVInputFormat *format)
{
    if (strncmp(format->name, "mov", 3) == 0)
        return "m4a";
    return strcmp(format->name, "w64") == 0 ? "wav" : format->name;
}

static bool has_video(const AVFormatContext *format)
{
    for (unsigned i = 0; i < format->nb_streams; i++) {
        const AVStream *stream = format->streams[i];

        if (stream->codecpar->codec_type == AVMEDIA_TYPE_VIDEO &&
            !(stream->disposition & AV_DISPOSITION_ATTACHED_PIC))
            return true;
    }
    return false;
}

static int decoder_open(struct source *s)
{
    const AVCodec *codec;
    int rc = av_find_best_stream(s->format, AVMEDIA_TYPE_AUDIO, -1, -1, &codec, 0);

    if (rc < 0)
        return rc;
    s->stream = rc;
    s->decoder = avcodec_alloc_context3(codec);
    if (!s->decoder)
        return AVERROR(ENOMEM);
    rc = avcodec_parameters_to_context(s->decoder, s->format->streams[s->stream]->codecpar);
    if (rc < 0)
        return rc;
    s->decoder->thread_count = 1;
    s->decoder->pkt_timebase = s->format->streams[s->stream]->time_base;
    rc = avcodec_open2(s->decoder, codec, NULL);
    if (rc == 0 && s->decoder->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC) {
        const int channels = s->decoder->ch_layout.nb_channels;

        av_channel_layout_default(&s->decoder->ch_layout, channels);
    }
    return rc;
}

static int info_fill(struct source *s, struct err *reterr)
{
    const AVStream *stream = s->format->streams[s->stream];
    const AVRational us = { 1, 1000000 };
    struct audio_info *i = &s->info;

    i->sample_rate_hz = s->decoder->sample_rate;
    i->channels = s->decoder->ch_layout.nb_channels;
    if (i->sample_rate_hz < 1 || i->sample_rate_hz > AUDIO_SAMPLE_RATE_MAX_HZ)
        return err_set(reterr, ERR_NOT_MEDIA, "The file's sample rate is not supported.");
    if (i->channels < 1 || i->channels > AUDIO_CHANNELS_MAX)
        return err_set(reterr, ERR_NOT_MEDIA, "The file has more than %d channels.",
                       AUDIO_CHANNELS_MAX);
    (void)strncpy(i->format, format_name(s->format->iformat), sizeof i->format - 1);
    if (stream->duration > 0)
        i->duration_us = av_rescale_q(stream->duration, stream->time_base, us);
    else if (s->format->duration > 0)
        i->duration_us = s->format->duration;
    i->frames = av_rescale(i->duration_us, i->sample_rate_hz, 1000000);
    return 0;
}

static int resampler_open(struct source *s)
{
    AVChannelLayout *layout = &s->decoder->ch_layout;
    int rc = swr_alloc_set_opts2(&s->resampler, layout, AV_SAMPLE_FMT_FLTP,
                                 s->decoder->sample_rate, layout, s->decoder->sample_fmt,
                                 s->decoder->sample_rate, 0, NULL);

    return rc < 0 ? rc : swr_init(s->resampler);
}

static int not_audio(struct err *reterr, int rc)
{
    if (rc == AVERROR(ENOMEM))
        return err_set(reterr, ERR_TOO_LARGE,
                       "The file needs more memory than it may use.");
    return err_set(reterr, ERR_NOT_MEDIA, "%s", NOT_AUDIO);
}

int source_open(int fd, int64_t duration_us_max, struct source **ret, struct err *reterr)
{
    struct source *s = calloc(1, sizeof *s);
    int rc;

    if (!s)
        return not_audio(reterr, AVERROR(ENOMEM));
    s->fd = fd;
    s->packet = av_packet_alloc();
    s->decoded = av_frame_alloc();
    s->out = av_frame_alloc();
    rc = s->packet && s->decoded && s->out ? container_open(s) : AVERROR(ENOMEM);
    if (rc >= 0 && has_video(s->format)) {
        rc = err_set(reterr, ERR_NOT_MEDIA, "The file is a video: send its sound alone.");
        source_close(&s);
        return rc;
    }
    if (rc >= 0)
        rc = decoder_open(s);
    if (rc >= 0)
        rc = resampler_open(s);
    rc = rc < 0 ? not_audio(reterr, rc) : info_fill(s, reterr);
    if (rc == 0 && s->info.duration_us > duration_us_max)
        rc = err_set(reterr, ERR_TOO_LARGE, "The recording is longer than %lld minutes.",
                     (long long)(duration_us_max / 60000000));
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
        if (rc != AVERROR(EAGAIN) || s->is_draining)
            return rc;
        rc = av_read_frame(s->format, s->packet);
        if (rc < 0) {
            s->is_draining = true;
            rc = avcodec_send_packet(s->decoder, NULL);
        } else {
            rc = s->packet->stream_index == s->stream
                     ? avcodec_send_packet(s->decoder, s->packet)
                     : 0;
            av_packet_unref(s->packet);
        }
        /* A damaged piece is left out, many are no recording. */
        if (rc < 0 && (rc == AVERROR(ENOMEM) || ++s->errors > ERRORS_MAX))
            return rc;
    }
}

static int convert(struct source *s)
{
    av_frame_unref(s->out);
    s->out->format = AV_SAMPLE_FMT_FLTP;
    s->out->sample_rate = s->info.sample_rate_hz;
    (void)av_channel_layout_copy(&s->out->ch_layout, &s->decoder->ch_layout);
    return swr_convert_frame(s->resampler, s->out, s->decoded);
}

int source_next(struct source *s, const AVFrame **ret, struct err *reterr)
{
    const int got = decode(s);

    if (got == 0) {
        *ret = NULL;
        return s->frames_read > 0
                   ? 0
                   : err_set(reterr, ERR_NOT_MEDIA, "The file has no sound.");
    }
    if (got < 0)
        return not_audio(reterr, got);
    if (s->decoded->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC)
        (void)av_channel_layout_copy(&s->decoded->ch_layout, &s->decoder->ch_layout);
    if (s->decoded->sample_rate != s->info.sample_rate_hz ||
        s->decoded->ch_layout.nb_channels != s->info.channels)
        return err_set(reterr, ERR_NOT_MEDIA,
                       "The recording changes its sample rate or channels on the way.");
    if (convert(s) < 0)
        return not_audio(reterr, AVERROR_INVALIDDATA);
    s->frames_read += s->out->nb_samples;
    if (s->frames_read > s->frames_max)
        return err_set(reterr, ERR_TOO_LARGE, "The recording is longer than it may be.");
    *ret = s->out;
    return 0;
}

void source_close(struct source **source)
{
    struct source *s = *source;

    if (!s)
        return;
    swr_free(&s->resampler);
    avcodec_free_context(&s->decoder);
    avformat_close_input(&s->format);
    if (s->io) {
        av_freep(&s->io->buffer);
        avio_context_free(&s->io);
    }
    av_packet_free(&s->packet);
    av_frame_free(&s->decoded);
    av_frame_free(&s->out);
    free(s);
    *source = NULL;
}
