#include "server/api/peaks.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "audio/audio.h"
#include "base/log.h"
#include "blob/blob.h"
#include "server/api/api.h"
#include "server/api/job.h"

enum { BUCKETS = 500, FULL_SCALE = 127, WAVEFORM_BYTES_MAX = 64 << 10 };

struct peaks {
    struct job job;
    int number; /* of the output */
    struct job_output output;
    struct buf original, result,
        first; /* JSON; first: the first output's, if it is not it */
};

static void peaks_release(void *own)
{
    struct peaks *p = own;

    buf_release(&p->original);
    buf_release(&p->result);
    buf_release(&p->first);
}

/* On the loop's snapshot. */
static int peaks_find(struct http_request *req, struct http_reply *reply)
{
    struct peaks *p = api_context_of(req)->own;
    int rc = job_of_caller(req, &p->job);

    (void)reply;
    if (rc == 0)
        rc = job_result_check(req, &p->job);
    if (rc)
        return rc;
    rc = job_output_of(req, &p->job, &p->number, &p->output);
    if (rc)
        return rc;
    rc = jobs_waveforms_get(req->db, &p->job, &p->original,
                            p->number ? &p->first : &p->result);
    if ((rc == 0 || rc == ERR_NOT_FOUND) && p->number)
        rc = jobs_output_waveform_get(req->db, &p->job, p->number, &p->result);
    return rc == ERR_NOT_FOUND ? 0 : rc;
}

int peaks_prepare(struct http_request *req, struct http_reply *reply)
{
    struct peaks *p = api_own(req, sizeof *p, peaks_release);

    if (!p)
        return ERR_NO_MEMORY;
    buf_init(&p->original, WAVEFORM_BYTES_MAX);
    buf_init(&p->result, WAVEFORM_BYTES_MAX);
    buf_init(&p->first, WAVEFORM_BYTES_MAX);
    return http_read_now(req, reply, peaks_find);
}

static void side_write(struct json *j, const char *name, const int8_t *values, int count)
{
    json_key(j, name);
    json_array_begin(j);
    for (int i = 0; i < count; i++)
        json_int(j, values[i]);
    json_array_end(j);
}

static int waveform_make(struct http_request *req, const char *blob, struct buf *out)
{
    struct audio_peaks peaks;
    struct json j;
    int64_t bytes;
    int fd, rc = blob_open(api_of(req)->blobs, blob, &fd, &bytes, &req->err);

    if (rc)
        return rc;
    rc = audio_peaks(api_of(req)->audio, fd, BUCKETS, &peaks, &req->err);
    (void)close(fd);
    if (rc)
        return rc;
    json_init(&j, out);
    json_object_begin(&j);
    side_write(&j, "min", peaks.min, peaks.count);
    side_write(&j, "max", peaks.max, peaks.count);
    json_object_end(&j);
    return out->error;
}

/* ---- keeping them: nobody waits for that ---- */

struct keep {
    char job_id[UUID_TEXT_SIZE];
    int number;
    struct buf original, result;
};

static int keep_apply(struct db *db, void *ctx, struct err *reterr)
{
    const struct keep *k = ctx;

    (void)reterr;
    if (k->number)
        return jobs_output_waveform_set(db, view_of(k->job_id), k->number,
                                        buf_view(&k->result));
    return jobs_waveforms_set(db, view_of(k->job_id), buf_view(&k->original),
                              buf_view(&k->result));
}

static void keep_done(void *ctx, int rc, const struct err *err)
{
    struct keep *k = ctx;

    if (rc)
        log_write(LOG_WARNING, "waveform_not_kept", LOG_STR("job_id", k->job_id),
                  LOG_STR("error", err->text));
    buf_release(&k->original);
    buf_release(&k->result);
    free(k);
}

static void keep(struct api *api, const struct peaks *p)
{
    struct keep *k = calloc(1, sizeof *k);
    const struct api_op op = { .apply = keep_apply, .done = keep_done, .ctx = k };

    if (!k)
        return; /* made again the next time */
    memcpy(k->job_id, p->job.job_id, sizeof k->job_id);
    k->number = p->number;
    buf_init(&k->original, WAVEFORM_BYTES_MAX);
    buf_init(&k->result, WAVEFORM_BYTES_MAX);
    buf_add(&k->original, p->original.data, p->original.len);
    buf_add(&k->result, p->result.data, p->result.len);
    if (k->original.error || k->result.error)
        keep_done(k, ERR_NO_MEMORY, &(struct err){ .text = "memory is out" });
    else if (api->submit(api, &op) != 0)
        keep_done(k, ERR_BUSY, &(struct err){ .text = "the queue is full" });
}

int peaks_work(struct http_request *req, struct http_reply *reply)
{
    struct peaks *p = api_context_of(req)->own;
    const bool is_kept = p->original.len && p->result.len;
    int rc = 0;

    (void)reply;
    if (p->original.len == 0)
        rc = waveform_make(req, p->job.input_blob, &p->original);
    if (rc == 0 && p->result.len == 0)
        rc = waveform_make(req, p->output.blob, &p->result);
    if (rc == ERR_NOT_FOUND)
        return api_refuse(req, 500, "Processed file not found");
    if (rc == 0 && !is_kept)
        keep(api_of(req), p);
    return rc;
}

int peaks_reply(struct http_request *req, struct http_reply *reply)
{
    const struct peaks *p = api_context_of(req)->own;
    struct json j;

    http_reply_json(reply, 200, &j);
    json_object_begin(&j);
    json_put_str(&j, "job_id", p->job.job_id);
    json_put_double(&j, "duration", (double)p->job.duration_us / 1e6);
    json_put_int(&j, "full_scale", FULL_SCALE);
    json_key(&j, "original");
    json_raw(&j, buf_view(&p->original));
    json_key(&j, "result");
    json_raw(&j, buf_view(&p->result));
    json_object_end(&j);
    http_reply_header(reply, "Cache-Control", "private");
    return 0;
}
