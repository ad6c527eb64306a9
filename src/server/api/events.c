#include "server/api/events.h"

#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "jobs/progress.h"
#include "server/api/api.h"
#include "server/api/job.h"

enum { HEARTBEAT_US = 15000000, EVENT_BYTES_MAX = 16384 };

struct events {
    struct api *api;
    char job_id[UUID_TEXT_SIZE];
    uint64_t request_number;
    int64_t listener_id;
    int64_t last_sent_us;
    struct buf out;
    size_t sent;
    char last[EVENT_BYTES_MAX]; /* the state last told, to tell only changes */
    bool is_over;
};

/* On the worker's thread. */
static void events_wake(void *ctx)
{
    struct events *e = ctx;

    http_wake(e->api->server, e->request_number);
}

static bool status_is_final(enum job_status status)
{
    return status != JOB_PENDING && status != JOB_PROCESSING;
}

static void change_tell(struct events *e, struct http_request *req, const struct job *job)
{
    struct buf state;
    struct json j;

    buf_init(&state, sizeof e->last - 1);
    json_init(&j, &state);
    job_status_write(req, &j, job);
    if (!state.error && strcmp(state.data, e->last) != 0) {
        memcpy(e->last, state.data, state.len + 1);
        buf_addf(&e->out, "event: %s\ndata: %s\n\n",
                 status_is_final(job->status) ? job_status_name(job->status) : "progress",
                 state.data);
        e->is_over = status_is_final(job->status);
    }
    buf_release(&state);
}

/* Puts the job's state into `out` when it has changed; one that is gone ends the stream.
 * What cannot be read now is told later. */
static void state_tell(struct events *e, struct http_request *req)
{
    struct job job;
    int rc;

    req->db = http_snapshot(req);
    rc = req->db ? jobs_get(req->db, view_of(e->job_id), &job) : ERR_STORE;
    if (rc == 0) {
        change_tell(e, req, &job);
    } else if (rc == ERR_NOT_FOUND) {
        e->is_over = true;
        buf_add_text(&e->out, "event: deleted\ndata: {}\n\n");
    }
    req->db = NULL;
}

static int64_t events_produce(void *ctx, struct http_request *req, char *to, size_t max)
{
    struct events *e = ctx;
    size_t len;

    if (e->sent == e->out.len) {
        if (e->is_over)
            return HTTP_STREAM_END;
        buf_clear(&e->out);
        e->sent = 0;
        state_tell(e, req);
        if (e->out.len == 0 && clock_monotonic_us() - e->last_sent_us > HEARTBEAT_US)
            buf_add_text(&e->out, ": still here\n\n");
        if (e->out.error)
            return ERR_NO_MEMORY;
        if (e->out.len)
            e->last_sent_us = clock_monotonic_us();
    }
    len = e->out.len - e->sent;
    if (len > max)
        len = max;
    if (len)
        memcpy(to, e->out.data + e->sent, len);
    e->sent += len;
    return (int64_t)len;
}

static void events_free(void *ctx)
{
    struct events *e = ctx;

    progress_unlisten(e->api->board, e->listener_id);
    buf_release(&e->out);
    free(e);
}

int events_start(struct http_request *req, struct http_reply *reply)
{
    struct events *e;
    struct job job;
    int rc = job_of_caller(req, &job);

    if (rc)
        return rc;
    e = calloc(1, sizeof *e);
    if (!e)
        return ERR_NO_MEMORY;
    e->api = api_of(req);
    e->request_number = http_request_number(req);
    memcpy(e->job_id, job.job_id, sizeof e->job_id);
    buf_init(&e->out, 4 * EVENT_BYTES_MAX);
    rc = progress_listen(e->api->board, view_of(e->job_id), events_wake, e,
                         &e->listener_id);
    if (rc) {
        free(e);
        return rc;
    }
    reply->kind = HTTP_REPLY_STREAM;
    reply->content_type = "text/event-stream";
    reply->stream = (struct http_stream){ events_produce, events_free, e };
    http_reply_header(reply, "Cache-Control", "no-cache");
    http_reply_header(reply, "X-Accel-Buffering", "no");
    return 0;
}
