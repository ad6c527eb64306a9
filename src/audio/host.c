#include "audio/audio.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "audio/look.h"
#include "audio/program.h"
#include "audio/protocol.h"
#include "base/clock.h"

enum {
    POLL_MS = 100,
};

static const int64_t PROBE_US = 10 * CLOCK_SECOND_US;
/* Processing is far faster than the recording; one that is not even as fast hangs. */
static const int64_t PROCESS_LEAST_US = 30 * CLOCK_SECOND_US;
/* That holds for this many samples a second in all channels; more take as much longer. */
static const int64_t USUAL_SAMPLES_S = INT64_C(2) * 48000;
static const int64_t OUTPUT_BYTES_USUAL = INT64_C(1) << 32;
/* Of a day of 48 kHz stereo, twice over. */
static const int64_t SCRATCH_BYTES_MAX = INT64_C(1) << 36;

struct audio_host {
    struct audio_limits limits;
    pthread_mutex_t lock; /* over what follows */
    struct program program;
    struct look look;
    atomic_bool is_stopping;
};

int audio_host_new(const struct audio_limits *limits, struct audio_host **ret,
                   struct err *reterr)
{
    struct audio_host *h = calloc(1, sizeof *h);

    if (!h)
        return err_set(reterr, ERR_NO_MEMORY, "audio host");
    h->limits = *limits;
    if (h->limits.probe_us_max == 0)
        h->limits.probe_us_max = PROBE_US;
    if (h->limits.process_us_max == 0)
        h->limits.process_us_max = PROCESS_LEAST_US;
    h->program.fd = -1;
    look_init(&h->look);
    (void)pthread_mutex_init(&h->lock, NULL);
    *ret = h;
    return 0;
}

/* ---- the program ---- */

/* The caller holds the lock. */
static int host_start(struct audio_host *h, struct err *reterr)
{
    /* Each task's child is a fork: what is bound and grown beforehand is not paid for by
     * every job, and in large pages the rest is a few faults, not a thousand. */
    static char *const environment[] = { "LANG=C", "LD_BIND_NOW=1",
                                         "GLIBC_TUNABLES=glibc.malloc.top_pad=8388608:"
                                         "glibc.malloc.hugetlb=1",
                                         NULL };
    static const struct program_image image = { "whazz-audio", audio_program,
                                                audio_program_end, environment };

    return h->program.pid > 0 ? 0 : program_start(&image, &h->program, reterr);
}

void audio_host_warm(struct audio_host *host)
{
    look_warm(&host->look);
    (void)pthread_mutex_lock(&host->lock);
    if (host_start(host, NULL) != 0)
        program_end(&host->program);
    (void)pthread_mutex_unlock(&host->lock);
}

void audio_host_free(struct audio_host **host)
{
    struct audio_host *h = *host;

    if (!h)
        return;
    atomic_store(&h->is_stopping, true);
    (void)pthread_mutex_lock(&h->lock);
    program_end(&h->program);
    (void)pthread_mutex_unlock(&h->lock);
    look_release(&h->look);
    (void)pthread_mutex_destroy(&h->lock);
    free(h);
    *host = NULL;
}

/* A task ended without a word. When that is because the program dies, it must not be sent
 * the next one: the ends of its sockets close one after the other. */
static void host_check(struct audio_host *h)
{
    struct pollfd poll_fd;

    (void)pthread_mutex_lock(&h->lock);
    poll_fd = (struct pollfd){ .fd = h->program.fd };
    if (h->program.pid > 0 && poll(&poll_fd, 1, POLL_MS) == 1 &&
        poll_fd.revents & (POLLHUP | POLLERR))
        program_end(&h->program);
    (void)pthread_mutex_unlock(&h->lock);
}

/* Sends a request, starting the program when it does not run. Fills the task's socket. */
static int task_send(struct audio_host *h, const struct audio_request *request,
                     const int *fds, size_t fds_count, int *ret_socket, struct err *reterr)
{
    int sockets[2], all[AUDIO_FDS_MAX], rc = 0;
    bool sent = false;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0)
        return err_set_errno(reterr, errno, "audio task");
    all[0] = sockets[1];
    memcpy(all + 1, fds, fds_count * sizeof *fds);
    (void)pthread_mutex_lock(&h->lock);
    for (int attempt = 0; attempt < 2 && rc == 0 && !sent; attempt++) {
        rc = host_start(h, reterr);
        if (rc == 0)
            sent = audio_send(h->program.fd, request, sizeof *request, all, fds_count + 1);
        if (!sent)
            program_end(&h->program);
    }
    (void)pthread_mutex_unlock(&h->lock);
    (void)close(sockets[1]);
    if (sent) {
        *ret_socket = sockets[0];
        return 0;
    }
    (void)close(sockets[0]);
    return rc ? rc : err_set(reterr, ERR_CRASHED, "The audio program does not start.");
}

/* ---- one task ---- */

struct waiting {
    struct audio_host *host;
    int64_t started_us, deadline_us; /* monotonic */
    int64_t budget_us;               /* for each of work_of(); 0: the deadline stays */
    int (*progress)(void *ctx, int permille);
    void *ctx;
    int permille;
    struct audio_message result; /* RESULT or FAILURE, once it came */
    bool has_result;
};

/* How many times the usual samples a second has. A child can say at most that it has the
 * most that there is. */
static int64_t work_of(const struct audio_info *i)
{
    const int64_t samples = (int64_t)i->sample_rate_hz * i->channels;

    return samples <= USUAL_SAMPLES_S ? 1 : samples / USUAL_SAMPLES_S + 1;
}

static void deadline_put_off(struct waiting *w, const struct audio_info *info)
{
    const int64_t deadline_us = w->started_us + 2 * w->budget_us * work_of(info);

    if (w->budget_us && deadline_us > w->deadline_us)
        w->deadline_us = deadline_us;
}

/* One message into the task's state. 1: the task is over. */
static int message_take(struct waiting *w, const struct audio_message *m,
                        struct err *reterr)
{
    switch (m->kind) {
    case AUDIO_MESSAGE_PROGRESS:
        w->permille = m->permille;
        deadline_put_off(w, &m->info);
        return 0;
    case AUDIO_MESSAGE_EXITED:
        w->result.memory_peak_bytes = m->memory_peak_bytes;
        if (w->has_result)
            return 1;
        if (WIFSIGNALED(m->wait_status) && WTERMSIG(m->wait_status) == SIGXCPU)
            return err_set(reterr, ERR_TIMEOUT, "Processing took too long.");
        return err_set(reterr, ERR_CRASHED, "The file made the decoder fail.");
    default:
        w->result = *m;
        w->has_result = true;
        return 0;
    }
}

static int interruption(struct waiting *w, struct err *reterr)
{
    if (atomic_load(&w->host->is_stopping))
        return err_set(reterr, ERR_CANCELLED, "The server is stopping.");
    if (clock_monotonic_us() > w->deadline_us)
        return err_set(reterr, ERR_TIMEOUT, "Processing took too long.");
    if (w->progress && w->progress(w->ctx, w->permille) != 0)
        return err_set(reterr, ERR_CANCELLED, "The job was cancelled.");
    return 0;
}

/* Reads what the task says until it has ended. */
static int task_wait(struct waiting *w, int socket_fd, struct err *reterr)
{
    struct audio_message m;
    char bytes[sizeof m];
    int fds[AUDIO_FDS_MAX];
    size_t count;
    int rc;

    for (;;) {
        struct pollfd poll_fd = { .fd = socket_fd, .events = POLLIN };
        int64_t len;

        (void)poll(&poll_fd, 1, POLL_MS);
        rc = interruption(w, reterr);
        if (rc)
            return rc;
        if (!poll_fd.revents)
            continue;
        len = audio_receive(socket_fd, bytes, sizeof bytes, fds, &count);
        for (size_t i = 0; i < count; i++)
            (void)close(fds[i]);
        if (len <= 0 && w->has_result)
            return 0;
        if (len <= 0) {
            host_check(w->host);
            return err_set(reterr, ERR_CRASHED, "The audio program ended unexpectedly.");
        }
        if (!audio_message_read(bytes, (size_t)len, &m))
            return err_set(reterr, ERR_CRASHED, "The file made the decoder fail.");
        rc = message_take(w, &m, reterr);
        if (rc)
            return rc < 0 ? rc : 0;
    }
}

/* A child may only report failures of the file, never ones that would retry or blame a
 * person. */
static int failure_of(const struct audio_message *m, struct err *reterr)
{
    const bool is_known = m->code == ERR_NOT_MEDIA || m->code == ERR_TOO_LARGE ||
                          m->code == ERR_NO_SPACE;

    return err_set(reterr, is_known ? m->code : ERR_CRASHED, "%s",
                   m->text[0] ? m->text : "The file made the decoder fail.");
}

/* A child refuses what is too long by itself. */
static int result_check(const struct audio_host *h, const struct audio_message *m,
                        struct err *reterr)
{
    if (m->kind == AUDIO_MESSAGE_FAILURE)
        return failure_of(m, reterr);
    if (m->kind != AUDIO_MESSAGE_RESULT || m->info.duration_us > h->limits.duration_us_max)
        return err_set(reterr, ERR_CRASHED, "The file made the decoder fail.");
    return 0;
}

static int task_run(struct audio_host *h, const struct audio_request *request,
                    const int *fds, size_t fds_count, struct waiting *w, struct err *reterr)
{
    int socket_fd = -1, rc = task_send(h, request, fds, fds_count, &socket_fd, reterr);

    if (rc)
        return rc;
    rc = task_wait(w, socket_fd, reterr);
    (void)close(socket_fd); /* ends a child that still runs */
    return rc ? rc : result_check(h, &w->result, reterr);
}

/* A request with the host's limits. */
static struct audio_request request_of(const struct audio_host *h,
                                       enum audio_request_kind kind, int64_t cpu_us)
{
    return (struct audio_request){ .magic = AUDIO_MAGIC,
                                   .kind = kind,
                                   .memory_bytes = h->limits.memory_bytes,
                                   .duration_us_max = h->limits.duration_us_max,
                                   .cpu_seconds_max = cpu_us / CLOCK_SECOND_US + 1,
                                   .output_bytes_max = 1,
                                   .file_bytes_max = 1 };
}

/* ---- looking ---- */

/* Whether the head says all that libav would have to be asked for. */
static bool head_says_all(struct audio_host *h, struct view head, int64_t file_bytes,
                          struct audio_info *ret)
{
    return look_ask(&h->look, head, file_bytes, h->limits.probe_us_max, ret) &&
           ret->duration_us <= h->limits.duration_us_max;
}

static int probe_by_libav(struct audio_host *h, int fd, struct audio_info *ret,
                          struct err *reterr)
{
    const int64_t budget_us = h->limits.probe_us_max;
    const struct audio_request request = request_of(h, AUDIO_REQUEST_PROBE, budget_us);
    struct waiting w = { .host = h, .deadline_us = clock_monotonic_us() + budget_us };
    const int rc = task_run(h, &request, &fd, 1, &w, reterr);

    if (rc == 0)
        *ret = w.result.info;
    return rc;
}

int audio_probe(struct audio_host *host, int fd, struct audio_info *ret, struct err *reterr)
{
    char head[AUDIO_HEAD_BYTES_MAX];
    const ssize_t got = pread(fd, head, sizeof head, 0);
    struct stat status;

    if (got < 0 || fstat(fd, &status) < 0)
        return err_set_errno(reterr, errno, "probe");
    return head_says_all(host, (struct view){ head, (size_t)got }, status.st_size, ret)
               ? 0
               : probe_by_libav(host, fd, ret, reterr);
}

int audio_probe_bytes(struct audio_host *host, struct view bytes, struct audio_info *ret,
                      struct err *reterr)
{
    int fd, rc;

    if (head_says_all(host, bytes, (int64_t)bytes.len, ret))
        return 0;
    fd = memfd_create("whazz-probe", MFD_CLOEXEC);
    if (fd < 0)
        return err_set_errno(reterr, errno, "probe");
    rc = pwrite(fd, bytes.ptr, bytes.len, 0) == (ssize_t)bytes.len
             ? probe_by_libav(host, fd, ret, reterr)
             : err_set_errno(reterr, errno, "probe");
    (void)close(fd);
    return rc;
}

/* ---- processing ---- */

/* A file that has no name and ends with its descriptor. */
static int scratch_fd(const struct audio_host *h, struct err *reterr)
{
    const char *dir = h->limits.scratch_dir ? h->limits.scratch_dir : "/tmp";
    const int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    return fd < 0 ? err_set_errno(reterr, errno, "scratch file") : fd;
}

static int process_request(const struct audio_host *h, const struct audio_task *task,
                           struct audio_request *ret, struct err *reterr)
{
    const char *format = task->format ? task->format : audio_formats[0].name;
    const struct audio_info most = { .sample_rate_hz = AUDIO_SAMPLE_RATE_MAX_HZ,
                                     .channels = AUDIO_CHANNELS_MAX };
    /* What the recording is like is known only later; the clock bounds those with less. */
    const int64_t cpu_us = (h->limits.process_us_max + task->duration_us) * work_of(&most);

    if (task->type && !audio_type_is_known(view_of(task->type)))
        return err_set(reterr, ERR_INVALID, "There is no processing type %s.", task->type);
    if (!audio_format_find(view_of(format)))
        return err_set(reterr, ERR_INVALID, "There is no output format %s.", format);
    *ret = request_of(h, AUDIO_REQUEST_PROCESS, cpu_us);
    (void)snprintf(ret->type, sizeof ret->type, "%s", task->type ? task->type : "");
    (void)snprintf(ret->format, sizeof ret->format, "%s", format);
    ret->loudness_normalise = task->loudness_normalise;
    ret->strength = (uint32_t)task->strength;
    ret->output_bytes_max = task->output_bytes_max ? task->output_bytes_max
                                                   : OUTPUT_BYTES_USUAL;
    ret->file_bytes_max = task->loudness_normalise &&
                                  ret->output_bytes_max < SCRATCH_BYTES_MAX
                              ? SCRATCH_BYTES_MAX
                              : ret->output_bytes_max;
    return 0;
}

/* What the child says of its output, against the output. */
static int output_check(const struct audio_task *task, const struct audio_request *request,
                        const struct audio_message *m, struct err *reterr)
{
    struct stat status;

    if (fstat(task->output_fd, &status) != 0)
        return err_set_errno(reterr, errno, "output");
    if (status.st_size > request->output_bytes_max)
        return err_set(reterr, ERR_TOO_LARGE, "The result is larger than it may be.");
    if (status.st_size != m->output_bytes)
        return err_set(reterr, ERR_CRASHED, "The file made the decoder fail.");
    return 0;
}

int audio_process(struct audio_host *host, const struct audio_task *task,
                  struct audio_result *ret, struct err *reterr)
{
    int fds[] = { task->input_fd, task->output_fd, -1 };
    struct audio_request request = { .kind = AUDIO_REQUEST_PROCESS };
    struct waiting w = { .host = host, .progress = task->progress, .ctx = task->ctx };
    int rc = process_request(host, task, &request, reterr);

    if (rc == 0 && task->loudness_normalise) {
        fds[2] = scratch_fd(host, reterr);
        rc = fds[2] < 0 ? fds[2] : 0;
    }
    if (rc)
        return rc;
    w.started_us = clock_monotonic_us();
    w.budget_us = host->limits.process_us_max + task->duration_us;
    w.deadline_us = w.started_us + 2 * w.budget_us;
    rc = task_run(host, &request, fds, fds[2] < 0 ? 2 : 3, &w, reterr);
    if (fds[2] >= 0)
        (void)close(fds[2]);
    if (rc == 0)
        rc = output_check(task, &request, &w.result, reterr);
    if (rc == 0)
        *ret = (struct audio_result){ .input = w.result.info,
                                      .output_bytes = w.result.output_bytes,
                                      .frames_written = w.result.frames_written,
                                      .output_rate_hz = w.result.output_rate_hz,
                                      .output_channels = w.result.output_channels,
                                      .peak_cdbfs = w.result.peak_cdbfs,
                                      .loudness_clufs = w.result.loudness_clufs,
                                      .noise_removed_cdb = w.result.noise_removed_cdb,
                                      .processing_us = w.result.processing_us,
                                      .memory_peak_bytes = w.result.memory_peak_bytes };
    return rc;
}

/* ---- waveforms ---- */

static int peaks_read(int fd, int asked, const struct audio_message *m,
                      struct audio_peaks *ret, struct err *reterr)
{
    int8_t pairs[2 * AUDIO_PEAKS_MAX];
    const size_t bytes = 2 * (size_t)m->buckets;

    if (m->buckets < 1 || m->buckets > asked ||
        pread(fd, pairs, bytes, 0) != (ssize_t)bytes)
        return err_set(reterr, ERR_CRASHED, "The file made the decoder fail.");
    ret->count = m->buckets;
    for (int i = 0; i < m->buckets; i++) {
        ret->min[i] = pairs[2 * i];
        ret->max[i] = pairs[2 * i + 1];
    }
    return 0;
}

int audio_peaks(struct audio_host *host, int fd, int buckets, struct audio_peaks *ret,
                struct err *reterr)
{
    /* Decoding alone is hundreds of times as fast as the recording. */
    const int64_t budget_us = host->limits.process_us_max +
                              host->limits.duration_us_max / 20;
    struct audio_request request = request_of(host, AUDIO_REQUEST_PEAKS, budget_us);
    struct waiting w = { .host = host,
                         .deadline_us = clock_monotonic_us() + 2 * budget_us };
    int fds[] = { fd, -1 }, rc;

    if (buckets < 1 || buckets > AUDIO_PEAKS_MAX)
        return err_set(reterr, ERR_INVALID, "A waveform has 1 to %d pieces.",
                       AUDIO_PEAKS_MAX);
    fds[1] = memfd_create("peaks", MFD_CLOEXEC);
    if (fds[1] < 0)
        return err_set_errno(reterr, errno, "waveform");
    request.buckets = (uint32_t)buckets;
    request.output_bytes_max = request.file_bytes_max = 2 * buckets;
    rc = task_run(host, &request, fds, 2, &w, reterr);
    if (rc == 0)
        rc = peaks_read(fds[1], buckets, &w.result, ret, reterr);
    (void)close(fds[1]);
    return rc;
}
