#include "server/http/exchange.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include "base/clock.h"
#include "server/http/compress.h"
#include "server/http/loop.h"

enum { STREAM_BLOCK_BYTES = 32 << 10 };

static ssize_t stream_read(void *context, uint64_t position, char *to, size_t max)
{
    struct exchange *x = context;
    const int64_t got = x->reply.stream.produce(x->reply.stream.ctx, &x->request, to, max);

    (void)position;
    if (x->connection)
        x->connection->deadline_us = clock_monotonic_us() +
                                     x->loop->server->options.upload_timeout_us;
    if (got == HTTP_STREAM_END)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (got < 0)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (got == 0 && atomic_load(&x->loop->server->is_stopping))
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (got == 0 && !loop_stream_was_woken(x->loop, x)) {
        x->is_stream_waiting = true;
        MHD_suspend_connection(x->mhd);
    }
    return (ssize_t)got;
}

static struct MHD_Response *response_make(struct exchange *x)
{
    struct http_reply *reply = &x->reply;
    struct MHD_Response *response;

    switch (reply->kind) {
    case HTTP_REPLY_FILE:
        response = MHD_create_response_from_fd_at_offset64(
            (uint64_t)reply->file_bytes, reply->file_fd, (uint64_t)reply->file_offset);
        if (response)
            reply->file_fd = -1; /* the response's now */
        return response;
    case HTTP_REPLY_STREAM:
        response = MHD_create_response_from_callback(
            reply->stream_bytes ? (uint64_t)reply->stream_bytes : MHD_SIZE_UNKNOWN,
            STREAM_BLOCK_BYTES, stream_read, x, NULL);
        if (response)
            loop_stream_add(x->loop, x);
        return response;
    case HTTP_REPLY_BUFFER:
        break;
    }
    response = MHD_create_response_from_buffer(reply->body.len, reply->body.data,
                                               reply->body.data ? MHD_RESPMEM_MUST_FREE
                                                                : MHD_RESPMEM_PERSISTENT);
    if (response)
        reply->body =
            (struct buf){ .bytes_max = HTTP_REPLY_BYTES_MAX }; /* the response's now */
    return response;
}

static void headers_add(struct exchange *x, struct MHD_Response *response)
{
    const struct buf *headers = &x->reply.headers;
    size_t at = 0;

    if (x->reply.content_type)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                                      x->reply.content_type);
    while (at < headers->len && !headers->error) {
        const char *name = headers->data + at;
        const char *value = name + strlen(name) + 1;

        (void)MHD_add_response_header(response, name, value);
        at = (size_t)(value - headers->data) + strlen(value) + 1;
    }
}

/* The header of a file waits for the file's first bytes, so that both go in one packet and
 * the client wakes once (tcp(7), TCP_CORK); exchange_end() sends what is left. */
static void socket_cork(const struct exchange *x, int on)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        x->mhd, MHD_CONNECTION_INFO_CONNECTION_FD);

    if (info)
        (void)setsockopt(info->connect_fd, IPPROTO_TCP, TCP_CORK, &on, sizeof on);
}

void exchange_uncork(struct exchange *x)
{
    if (x->is_corked)
        socket_cork(x, 0);
    x->is_corked = false;
}

enum MHD_Result exchange_reply(struct exchange *x)
{
    const struct http_app *app = &x->loop->server->app;
    struct MHD_Response *response;
    enum MHD_Result queued = MHD_NO;

    if (x->rc == 0 && x->reply.body.error)
        x->rc = x->reply.body.error;
    if (x->rc)
        app->fail(&x->request, &x->reply, x->rc);
    x->step = STEP_SENDING;
    app->decorate(&x->request, &x->reply);
    compress_reply(&x->request, &x->reply);
    if (x->connection && x->reply.kind != HTTP_REPLY_BUFFER)
        x->connection->deadline_us = clock_monotonic_us() +
                                     x->loop->server->options.upload_timeout_us;
    x->is_corked = x->reply.kind == HTTP_REPLY_FILE && !x->request.is_head;
    if (x->is_corked)
        socket_cork(x, 1);
    response = response_make(x);
    if (response) {
        headers_add(x, response);
        if (atomic_load(&x->loop->server->is_stopping))
            (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
        queued = MHD_queue_response(x->mhd, (unsigned int)x->reply.status, response);
        MHD_destroy_response(response);
    }
    return queued;
}
