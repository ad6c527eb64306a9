/* Files that libav encodes and muxes. Exact lengths: the encoder's delay and the last
 * block's padding go into the LAME tag, the edit list or the last granule, as the muxers
 * write them. */
#include "audio/child/sink_driver.h"

#include <errno.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/audio_fifo.h>
#include <libavutil/intreadwrite.h>
#include <libavutil/opt.h>
#include <libswresample/swresample.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "audio/child/sink_codec.h"

enum { IO_BYTES = 64 << 10, BLOCK_FRAMES = 4096, TAG_BYTES_MAX = 512 };

struct av_sink {
    struct sink base;
    struct sink_config config;
    AVFormatContext *muxer;
    AVIOContext *io;
    AVCodecContext *encoder;
    AVStream *stream;
    SwrContext *resampler; /* NULL: neither rate nor channels differ */
    AVAudioFifo *fifo;     /* planar floats, as the encoder's rate and channels */
    AVFrame *planar, *block;
    AVPacket *packet;
    struct dither dither;
    int64_t at, end;               /* of the file */
    int64_t frames_in, frames_out; /* taken, given to the encoder */
    uint32_t padding;              /* that mp3 packets have told of */
    int write_errno;
};

static int io_write(void *opaque, uint8_t *bytes, int len)
{
    struct av_sink *s = opaque;

    if (s->at + len > s->config.bytes_max)
        s->write_errno = EFBIG;
    else if (!s->write_errno)
        s->write_errno = sink_pwrite(s->config.fd, bytes, (size_t)len, s->at);
    if (s->write_errno)
        return AVERROR(s->write_errno);
    s->at += len;
    if (s->at > s->end)
        s->end = s->at;
    return len;
}

static int64_t io_seek(void *opaque, int64_t offset, int whence)
{
    struct av_sink *s = opaque;

    if (whence == AVSEEK_SIZE)
        return s->end;
    if (whence != SEEK_SET || offset < 0)
        return AVERROR(EINVAL);
    return s->at = offset;
}

static int failed(const struct av_sink *s, int rc, struct err *reterr)
{
    if (s->write_errno)
        return sink_write_error(s->write_errno, reterr);
    if (rc == AVERROR(ENOMEM))
        return err_set(reterr, ERR_TOO_LARGE,
                       "The result needs more memory than it may use.");
    return err_set(reterr, ERR_INTERNAL, "The result could not be encoded (%s).",
                   av_err2str(rc));
}

/* ---- opening ---- */

static int tags_copy(const AVDictionary *from, AVDictionary **to)
{
    static const char *const kept[] = {
        "title", "artist", "album", "genre", "date", "track"
    };
    int rc = 0;

    for (size_t i = 0; i < sizeof kept / sizeof kept[0] && rc >= 0; i++) {
        const AVDictionaryEntry *tag = av_dict_get(from, kept[i], NULL, 0);

        if (tag && strlen(tag->value) <= TAG_BYTES_MAX)
            rc = av_dict_set(to, kept[i], tag->value, 0);
    }
    return rc;
}

static int resampler_open(struct av_sink *s)
{
    AVCodecContext *e = s->encoder;
    AVChannelLayout in = { .nb_channels = 0 };
    int rc;

    if (e->sample_rate == s->config.sample_rate_hz &&
        e->ch_layout.nb_channels == s->config.layout->nb_channels)
        return 0;
    /* As many channels: they stay as they are, whatever the layouts are called. */
    rc = av_channel_layout_copy(
        &in, e->ch_layout.nb_channels == s->config.layout->nb_channels ? &e->ch_layout
                                                                       : s->config.layout);
    if (rc >= 0)
        rc = swr_alloc_set_opts2(&s->resampler, &e->ch_layout, AV_SAMPLE_FMT_FLTP,
                                 e->sample_rate, &in, AV_SAMPLE_FMT_FLTP,
                                 s->config.sample_rate_hz, 0, NULL);
    av_channel_layout_uninit(&in);
    if (rc >= 0)
        rc = av_opt_set_int(s->resampler, "filter_size", 64, 0);
    if (rc >= 0)
        rc = av_opt_set_double(s->resampler, "cutoff", 0.97, 0);
    return rc < 0 ? rc : swr_init(s->resampler);
}

static int muxer_open(struct av_sink *s, const struct sink_codec *codec)
{
    AVDictionary *options = NULL;
    unsigned char *buffer = av_malloc(IO_BYTES);
    int rc = avformat_alloc_output_context2(&s->muxer, NULL, codec->muxer, NULL);

    if (rc >= 0 && buffer)
        s->io = avio_alloc_context(buffer, IO_BYTES, 1, s, NULL, io_write, io_seek);
    if (!s->io)
        av_free(buffer);
    if (rc < 0 || !s->io)
        return rc < 0 ? rc : AVERROR(ENOMEM);
    s->muxer->pb = s->io;
    s->muxer->flags |= AVFMT_FLAG_BITEXACT;
    rc = sink_encoder_open(codec, &s->config, s->muxer->oformat->flags & AVFMT_GLOBALHEADER,
                           &s->encoder);
    s->stream = rc < 0 ? NULL : avformat_new_stream(s->muxer, NULL);
    if (!s->stream)
        return rc < 0 ? rc : AVERROR(ENOMEM);
    s->stream->time_base = s->encoder->time_base;
    rc = avcodec_parameters_from_context(s->stream->codecpar, s->encoder);
    if (rc >= 0)
        rc = tags_copy(s->config.tags, &s->muxer->metadata);
    /* An edit list in milliseconds, mp4's default, cannot tell single samples. */
    (void)av_dict_set_int(&options, "movie_timescale", s->encoder->sample_rate, 0);
    if (rc >= 0)
        rc = avformat_write_header(s->muxer, &options);
    av_dict_free(&options);
    return rc;
}

static int buffers_open(struct av_sink *s)
{
    s->planar = av_frame_alloc();
    s->block = av_frame_alloc();
    s->packet = av_packet_alloc();
    s->fifo = av_audio_fifo_alloc(AV_SAMPLE_FMT_FLTP, s->encoder->ch_layout.nb_channels,
                                  BLOCK_FRAMES);
    return s->planar && s->block && s->packet && s->fifo ? 0 : AVERROR(ENOMEM);
}

/* ---- writing ---- */

/* LAME's delay can push its padding past the last packet; the muxer notes what that one
 * says alone, so each says what all so far do. */
static void padding_sum(struct av_sink *s)
{
    size_t bytes = 0;
    uint8_t *skip = av_packet_get_side_data(s->packet, AV_PKT_DATA_SKIP_SAMPLES, &bytes);

    if (!skip || bytes < 8)
        return;
    s->padding += AV_RL32(skip + 4);
    AV_WL32(skip + 4, s->padding);
}

static int packets_write(struct av_sink *s)
{
    int rc;

    while ((rc = avcodec_receive_packet(s->encoder, s->packet)) == 0) {
        av_packet_rescale_ts(s->packet, s->encoder->time_base, s->stream->time_base);
        s->packet->stream_index = s->stream->index;
        if (s->encoder->codec_id == AV_CODEC_ID_MP3)
            padding_sum(s);
        rc = av_write_frame(s->muxer, s->packet);
        av_packet_unref(s->packet);
        if (rc < 0)
            return rc;
    }
    return rc == AVERROR(EAGAIN) || rc == AVERROR_EOF ? 0 : rc;
}

static int frame_prepare(AVFrame *frame, const AVCodecContext *e,
                         enum AVSampleFormat sample, int count)
{
    int rc;

    av_frame_unref(frame);
    frame->format = sample;
    frame->sample_rate = e->sample_rate;
    frame->nb_samples = count;
    rc = av_channel_layout_copy(&frame->ch_layout, &e->ch_layout);
    return rc < 0 ? rc : av_frame_get_buffer(frame, 0);
}

static void interleave(struct av_sink *s)
{
    const int channels = s->block->ch_layout.nb_channels;
    void *to = s->block->data[0];

    for (int c = 0; c < channels; c++) {
        const float *from = (const float *)(const void *)s->planar->extended_data[c];

        for (int i = 0; i < s->block->nb_samples; i++) {
            const int at = i * channels + c;

            if (s->block->format == AV_SAMPLE_FMT_S16)
                ((int16_t *)to)[at] = (int16_t)dither_sample(&s->dither, from[i], 16);
            else if (s->block->format == AV_SAMPLE_FMT_S32)
                ((int32_t *)to)[at] = dither_sample(&s->dither, from[i], 24) * 256;
            else
                ((float *)to)[at] = from[i];
        }
    }
}

static int encode(struct av_sink *s, int count)
{
    AVCodecContext *e = s->encoder;
    AVFrame *frame = s->planar;
    int rc = frame_prepare(s->planar, e, AV_SAMPLE_FMT_FLTP, count);

    if (rc >= 0)
        rc = av_audio_fifo_read(s->fifo, (void **)s->planar->extended_data, count);
    if (rc >= 0 && e->sample_fmt != AV_SAMPLE_FMT_FLTP) {
        frame = s->block;
        rc = frame_prepare(frame, e, e->sample_fmt, count);
        if (rc >= 0)
            interleave(s);
    }
    if (rc < 0)
        return rc;
    frame->pts = s->frames_out;
    s->frames_out += count;
    rc = avcodec_send_frame(e, frame);
    return rc < 0 ? rc : packets_write(s);
}

/* Encodes whole blocks, and at the end what is left. */
static int fifo_drain(struct av_sink *s, bool is_end)
{
    const int block = s->encoder->frame_size ? s->encoder->frame_size : BLOCK_FRAMES;
    int rc = 0, held;

    while (rc >= 0 && (held = av_audio_fifo_size(s->fifo)) > 0 && (is_end || held >= block))
        rc = encode(s, held < block ? held : block);
    return rc;
}

/* NULL gives what the resampler holds back. */
static int resample(struct av_sink *s, const AVFrame *block)
{
    const uint8_t **in = block ? (const uint8_t **)block->extended_data : NULL;
    const int count = block ? block->nb_samples : 0;
    int rc = swr_get_out_samples(s->resampler, count);

    if (rc <= 0)
        return rc;
    rc = frame_prepare(s->planar, s->encoder, AV_SAMPLE_FMT_FLTP, rc);
    if (rc >= 0)
        rc = swr_convert(s->resampler, s->planar->extended_data, s->planar->nb_samples, in,
                         count);
    return rc <= 0 ? rc
                   : av_audio_fifo_write(s->fifo, (void **)s->planar->extended_data, rc);
}

static int av_write(struct sink *base, const AVFrame *block, struct err *reterr)
{
    struct av_sink *s = (struct av_sink *)base;
    int rc;

    s->frames_in += block->nb_samples;
    if (s->resampler)
        rc = resample(s, block);
    else
        rc = av_audio_fifo_write(s->fifo, (void **)block->extended_data, block->nb_samples);
    if (rc >= 0)
        rc = fifo_drain(s, false);
    return rc < 0 ? failed(s, rc, reterr) : 0;
}

/* At another rate: exactly as many frames as the recording lasts, rounded up. */
static int length_settle(struct av_sink *s)
{
    const int64_t wanted = av_rescale_rnd(s->frames_in, s->encoder->sample_rate,
                                          s->config.sample_rate_hz, AV_ROUND_UP);
    int64_t over;
    int rc = resample(s, NULL);

    over = s->frames_out + av_audio_fifo_size(s->fifo) - wanted;
    while (rc >= 0 && over < 0) {
        const int count = over < -BLOCK_FRAMES ? BLOCK_FRAMES : (int)-over;

        rc = frame_prepare(s->planar, s->encoder, AV_SAMPLE_FMT_FLTP, count);
        if (rc < 0)
            return rc;
        (void)av_samples_set_silence(s->planar->extended_data, 0, count,
                                     s->encoder->ch_layout.nb_channels, AV_SAMPLE_FMT_FLTP);
        rc = av_audio_fifo_write(s->fifo, (void **)s->planar->extended_data, count);
        over += count;
    }
    while (rc >= 0 && over > 0 && wanted > s->frames_out) {
        const int64_t keep = wanted - s->frames_out;
        const int block = s->encoder->frame_size ? s->encoder->frame_size : BLOCK_FRAMES;

        rc = encode(s, keep < block ? (int)keep : block);
    }
    if (rc >= 0 && over > 0)
        av_audio_fifo_reset(s->fifo);
    return rc;
}

static int av_finish(struct sink *base, struct sink_result *ret, struct err *reterr)
{
    struct av_sink *s = (struct av_sink *)base;
    int rc = s->resampler ? length_settle(s) : 0;

    if (rc >= 0)
        rc = fifo_drain(s, true);
    if (rc >= 0)
        rc = avcodec_send_frame(s->encoder, NULL);
    if (rc >= 0)
        rc = packets_write(s);
    if (rc >= 0)
        rc = av_write_trailer(s->muxer);
    avio_flush(s->io);
    if (rc < 0 || s->write_errno)
        return failed(s, rc, reterr);
    *ret = (struct sink_result){ s->end, s->frames_out, s->encoder->sample_rate,
                                 s->encoder->ch_layout.nb_channels };
    return 0;
}

static void av_close(struct sink *base)
{
    struct av_sink *s = (struct av_sink *)base;

    avcodec_free_context(&s->encoder);
    avformat_free_context(s->muxer);
    if (s->io) {
        av_freep(&s->io->buffer);
        avio_context_free(&s->io);
    }
    swr_free(&s->resampler);
    if (s->fifo)
        av_audio_fifo_free(s->fifo);
    av_frame_free(&s->planar);
    av_frame_free(&s->block);
    av_packet_free(&s->packet);
    free(s);
}

static const struct sink_driver av_driver = { av_write, av_finish, av_close };

int sink_av_open(const struct sink_config *config, struct sink **ret, struct err *reterr)
{
    const struct sink_codec *codec = sink_codec_find(config->format);
    struct av_sink *s;
    int rc;

    if (!codec)
        return err_set(reterr, ERR_INVALID, "There is no format %s.", config->format);
    s = calloc(1, sizeof *s);
    if (!s)
        return err_set(reterr, ERR_NO_MEMORY, "Out of memory.");
    s->base.driver = &av_driver;
    s->config = *config;
    s->dither.state = 0x9E3779B9u;
    rc = muxer_open(s, codec);
    if (rc >= 0)
        rc = resampler_open(s);
    if (rc >= 0)
        rc = buffers_open(s);
    s->config.layout = NULL; /* not ours to keep */
    s->config.tags = NULL;
    if (rc < 0) {
        rc = failed(s, rc, reterr);
        av_close(&s->base);
        return rc;
    }
    *ret = &s->base;
    return 0;
}
