#include "audio/child/container.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { IO_BYTES = 64 << 10, PACKET_FRAMES_MAX = 8192 };

static int io_read(void *opaque, uint8_t *to, int size)
{
    const struct container *c = opaque;
    const ssize_t got = read(c->fd, to, (size_t)size);

    return got > 0 ? (int)got : got == 0 ? AVERROR_EOF : AVERROR(errno);
}

static int64_t io_seek(void *opaque, int64_t offset, int whence)
{
    const struct container *c = opaque;
    off_t at;

    if (whence == AVSEEK_SIZE) {
        const off_t now = lseek(c->fd, 0, SEEK_CUR);
        const off_t size = lseek(c->fd, 0, SEEK_END);

        (void)lseek(c->fd, now, SEEK_SET);
        return size;
    }
    at = lseek(c->fd, offset, whence & 3);
    return at < 0 ? AVERROR(errno) : at;
}

/* What libav would take much longer to find out; NULL: let it look. */
static const AVInputFormat *format_at_a_glance(int fd)
{
    char head[12];

    if (pread(fd, head, sizeof head, 0) != (ssize_t)sizeof head ||
        (memcmp(head, "RIFF", 4) != 0 && memcmp(head, "RF64", 4) != 0) ||
        memcmp(head + 8, "WAVE", 4) != 0)
        return NULL;
    return av_find_input_format("wav");
}

/* Up to the header. `c` must not move from here on. */
static int header_read(struct container *c, bool with_edits)
{
    AVDictionary *options = NULL;
    unsigned char *buffer = av_malloc(IO_BYTES);
    int rc;

    c->format = avformat_alloc_context();
    if (buffer)
        c->io = avio_alloc_context(buffer, IO_BYTES, 0, c, io_read, NULL, io_seek);
    if (!c->io)
        av_free(buffer);
    if (!c->format || !c->io)
        return AVERROR(ENOMEM);
    c->format->pb = c->io;
    c->format->flags |= AVFMT_FLAG_CUSTOM_IO;
    (void)av_dict_set(&options, "format_whitelist", "wav,mp3,flac,mov,ogg,w64", 0);
    (void)av_dict_set(&options, "protocol_whitelist", "none", 0);
    /* Whether PCM is in truth something else is asked of its first packet only, not of
     * twice as much again and again. */
    (void)av_dict_set(&options, "max_probe_packets", "1", 0);
    (void)av_dict_set(&options, "advanced_editlist", with_edits ? "1" : "0", 0);
    (void)lseek(c->fd, 0, SEEK_SET);
    rc = avformat_open_input(&c->format, NULL, format_at_a_glance(c->fd), &options);
    av_dict_free(&options);
    return rc;
}

int container_open(int fd, struct container *ret)
{
    int rc;

    *ret = (struct container){ .fd = fd };
    rc = header_read(ret, true);
    if (rc >= 0)
        rc = avformat_find_stream_info(ret->format, NULL);
    if (rc >= 0)
        rc = av_find_best_stream(ret->format, AVMEDIA_TYPE_AUDIO, -1, -1, NULL, 0);
    ret->stream = rc;
    return rc;
}

void container_close(struct container *c)
{
    avformat_close_input(&c->format);
    if (c->io) {
        av_freep(&c->io->buffer);
        avio_context_free(&c->io);
    }
}

const char *container_format(const struct container *c)
{
    const char *name = c->format->iformat->name;

    if (strncmp(name, "mov", 3) == 0)
        return "m4a";
    return strcmp(name, "w64") == 0 ? "wav" : name;
}

bool container_has_video(const struct container *c)
{
    for (unsigned i = 0; i < c->format->nb_streams; i++) {
        const AVStream *stream = c->format->streams[i];

        if (stream->codecpar->codec_type == AVMEDIA_TYPE_VIDEO &&
            !(stream->disposition & AV_DISPOSITION_ATTACHED_PIC))
            return true;
    }
    return false;
}

/* Whether an mp4's index reaches to its stated end: it does not when the file is
 * fragmented. */
static bool index_is_whole(AVStream *stream, int64_t end)
{
    const int count = avformat_index_get_entries_count(stream);
    const AVIndexEntry *last = count > 0 ? avformat_index_get_entry(stream, count - 1)
                                         : NULL;
    const int64_t packet = av_rescale_q(PACKET_FRAMES_MAX, (AVRational){ 1, 8000 },
                                        stream->time_base);

    return last && last->timestamp <= end && end - last->timestamp <= packet;
}

/* What follows the delay by the track's own duration, which counts samples, in its time
 * base. An edit list only counts milliseconds or the like. 0: unknown. */
static int64_t track_length(const struct container *c)
{
    struct container plain = { .fd = c->fd };
    const int64_t at = lseek(c->fd, 0, SEEK_CUR);
    AVPacket *packet = av_packet_alloc();
    int64_t length = 0;

    if (packet && header_read(&plain, false) >= 0 &&
        (unsigned)c->stream < plain.format->nb_streams) {
        AVStream *stream = plain.format->streams[c->stream];

        while (length == 0 && av_read_frame(plain.format, packet) >= 0) {
            if (packet->stream_index == c->stream)
                length = packet->pts < 0 ? stream->duration + packet->pts
                                         : stream->duration;
            av_packet_unref(packet);
        }
    }
    av_packet_free(&packet);
    container_close(&plain);
    (void)lseek(c->fd, at, SEEK_SET);
    return length;
}

int64_t container_frames(const struct container *c, int rate)
{
    AVStream *stream = c->format->streams[c->stream];
    const AVRational frame = { 1, rate };
    int64_t edited = stream->duration, exact, tick;

    if (strcmp(container_format(c), "m4a") != 0 || edited <= 0 ||
        !index_is_whole(stream, edited))
        return INT64_MAX;
    exact = track_length(c);
    tick = av_rescale_q(2, (AVRational){ 1, 1000 }, stream->time_base);
    if (exact <= 0 || llabs(exact - edited) > tick)
        exact = edited; /* edits that cut on purpose */
    return av_rescale_q(exact, stream->time_base, frame);
}
