#include "audio/protocol.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static bool within(int64_t value, int64_t least, int64_t most)
{
    return value >= least && value <= most;
}

/* What a person may come to see is printable ASCII. */
static bool is_plain_text(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\0')
            return true;
        if (text[i] < ' ' || text[i] > '~')
            return false;
    }
    return false;
}

static bool info_is_sane(const struct audio_info *i)
{
    return is_plain_text(i->format, sizeof i->format) &&
           within(i->frames, 0, INT64_MAX / 1000000) && i->duration_us >= 0 &&
           within(i->sample_rate_hz, 0, AUDIO_SAMPLE_RATE_MAX_HZ) &&
           within(i->channels, 0, AUDIO_CHANNELS_MAX);
}

/* Of a result, whose figures people are charged for: nothing is missing, and frames and
 * duration say the same. */
static bool info_is_whole(const struct audio_info *i)
{
    return i->format[0] && i->frames > 0 && i->sample_rate_hz > 0 && i->channels > 0 &&
           within(i->duration_us - i->frames * 1000000 / i->sample_rate_hz, -1, 1);
}

static bool figures_are_sane(const struct audio_message *m)
{
    return within(m->permille, 0, 1000) && m->output_bytes >= 0 && m->frames_written >= 0 &&
           m->processing_us >= 0 && m->memory_peak_bytes >= 0 &&
           within(m->output_rate_hz, 0, AUDIO_SAMPLE_RATE_MAX_HZ) &&
           within(m->output_channels, 0, AUDIO_CHANNELS_MAX) &&
           within(m->peak_cdbfs, AUDIO_LEVEL_LEAST_CDB, AUDIO_LEVEL_MOST_CDB) &&
           within(m->loudness_clufs, AUDIO_LOUDNESS_LEAST_CLUFS, AUDIO_LEVEL_MOST_CDB) &&
           within(m->noise_removed_cdb, 0, AUDIO_LEVEL_MOST_CDB) &&
           within(m->buckets, 0, AUDIO_PEAKS_MAX);
}

bool audio_message_read(const void *bytes, size_t len, struct audio_message *ret)
{
    struct audio_message m;

    if (len != sizeof m)
        return false;
    memcpy(&m, bytes, sizeof m);
    if (m.magic != AUDIO_MAGIC || m.kind > AUDIO_MESSAGE_EXITED ||
        !is_plain_text(m.text, sizeof m.text) || !info_is_sane(&m.info) ||
        !figures_are_sane(&m) ||
        (m.kind == AUDIO_MESSAGE_RESULT && !info_is_whole(&m.info)))
        return false;
    *ret = m;
    return true;
}

bool audio_request_read(const void *bytes, size_t len, struct audio_request *ret)
{
    struct audio_request r;

    if (len != sizeof r)
        return false;
    memcpy(&r, bytes, sizeof r);
    if (r.magic != AUDIO_MAGIC || r.kind > AUDIO_REQUEST_PEAKS ||
        r.loudness_normalise > 1 || r.strength > AUDIO_STRENGTH_STRONG ||
        r.buckets > AUDIO_PEAKS_MAX || (r.kind == AUDIO_REQUEST_PEAKS && r.buckets == 0) ||
        !memchr(r.type, '\0', sizeof r.type) || !memchr(r.format, '\0', sizeof r.format) ||
        r.memory_bytes < 0 || r.duration_us_max < 0 || r.cpu_seconds_max < 0 ||
        r.output_bytes_max < 0 || r.file_bytes_max < 0)
        return false;
    *ret = r;
    return true;
}

bool audio_look_read(const void *bytes, size_t len, struct audio_look *ret,
                     size_t *ret_head_bytes)
{
    const size_t least = offsetof(struct audio_look, head);

    if (len < least || len > least + sizeof ret->head)
        return false;
    memcpy(ret, bytes, len);
    *ret_head_bytes = len - least;
    return ret->magic == AUDIO_MAGIC && ret->file_bytes >= 0;
}

bool audio_looked_read(const void *bytes, size_t len, struct audio_looked *ret)
{
    struct audio_looked m;

    if (len != sizeof m)
        return false;
    memcpy(&m, bytes, sizeof m);
    if (m.magic != AUDIO_MAGIC || m.is_sure > 1 ||
        (m.is_sure && (!info_is_sane(&m.info) || !info_is_whole(&m.info))))
        return false;
    *ret = m;
    return true;
}

union control {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(int) * AUDIO_FDS_MAX)];
};

bool audio_send(int socket_fd, const void *bytes, size_t len, const int *fds,
                size_t fds_count)
{
    union control control = { .bytes = { 0 } };
    struct iovec part = { .iov_base = (void *)(uintptr_t)bytes, .iov_len = len };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
    ssize_t sent;

    if (fds_count) {
        struct cmsghdr *header;

        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * fds_count);
        header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int) * fds_count);
        memcpy(CMSG_DATA(header), fds, sizeof(int) * fds_count);
    }
    do {
        sent = sendmsg(socket_fd, &message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)len;
}

int64_t audio_receive(int socket_fd, void *bytes, size_t size, int fds[AUDIO_FDS_MAX],
                      size_t *ret_fds_count)
{
    union control control;
    struct iovec part = { .iov_base = bytes, .iov_len = size };
    struct msghdr message = { .msg_iov = &part,
                              .msg_iovlen = 1,
                              .msg_control = control.bytes,
                              .msg_controllen = CMSG_LEN(sizeof(int) * AUDIO_FDS_MAX) };
    const struct cmsghdr *header;
    ssize_t got;

    *ret_fds_count = 0;
    do {
        got = recvmsg(socket_fd, &message, MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return got;
    header = CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
        *ret_fds_count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(fds, CMSG_DATA(header), *ret_fds_count * sizeof(int));
    }
    if (message.msg_flags & MSG_TRUNC) {
        errno = EMSGSIZE;
        return -1;
    }
    return got;
}
