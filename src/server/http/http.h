/* The transport: requests in, replies out, on libmicrohttpd, and nothing of what they mean.
 *
 * A route is a row of a const table. Its steps are plain functions that return 0 or an
 * error code; the transport runs them in order and parks the request between them:
 *
 *   prepare  event loop   reads parameters and a small body; no disk, no waiting
 *   body     event loop   takes pieces of a large body as they come
 *   work     work pool    what takes long: password hashes, fsync, the audio child
 *   write    committer    inside one transaction, on request->db; durable once it is over
 *   read     event loop   on the loop's own snapshot, request->db
 *
 * A step that is NULL is left out. The first error ends the request: the application's
 * fail() writes the reply. */
#ifndef SERVER_HTTP_HTTP_H
#define SERVER_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/view.h"
#include "server/http/forms.h"

struct db;
struct http_request;
struct http_reply;
struct http_server;

enum http_method {
    HTTP_GET, /* HEAD too: see is_head */
    HTTP_POST,
    HTTP_PUT,
    HTTP_PATCH,
    HTTP_DELETE,
    HTTP_OPTIONS,
    HTTP_METHOD_OTHER,
};

const char *http_method_name(enum http_method method);

/* Who may call a route. Left out, it stops the start. */
enum route_auth {
    ROUTE_AUTH_UNSET,
    ROUTE_PUBLIC,     /* credentials are not looked at */
    ROUTE_OPTIONAL,   /* looked at when present */
    ROUTE_IDENTIFIED, /* a user or a guest */
    ROUTE_USER,
    ROUTE_ADMIN,
};

typedef int (*http_step)(struct http_request *req, struct http_reply *reply);

struct route {
    enum http_method method;
    const char *path; /* "/audio/status/{job_id}" */
    enum route_auth auth;
    http_step prepare;
    int (*body)(struct http_request *req, const char *bytes, size_t len);
    http_step work, write, read;
    int64_t body_bytes_max; /* 0: no body is taken; a route with body() bounds its own */
    bool is_uncounted;      /* identified requests count as API calls but here */
};

enum {
    HTTP_PATH_PARAMS_MAX = 2,
    HTTP_TARGET_BYTES_MAX = 8192,
    HTTP_REQUEST_ID_SIZE = 65,
    HTTP_ADDRESS_SIZE = 46,
};

struct http_request {
    enum http_method method;
    bool is_head;
    bool is_readable;          /* the target could be decoded */
    struct view path;          /* decoded */
    const struct route *route; /* NULL: none fits */
    struct view path_params[HTTP_PATH_PARAMS_MAX];
    struct form query;
    struct buf body; /* of a route without body() */
    char request_id[HTTP_REQUEST_ID_SIZE];
    char address[HTTP_ADDRESS_SIZE]; /* the socket's peer */
    int64_t now_us;                  /* when the headers were complete */
    int64_t started_monotonic_us;
    struct db *db;            /* in write and read */
    int loop;                 /* the event loop's number */
    int64_t snapshot_version; /* of db in read: the same as long as nothing was committed */
    struct err err;           /* why a step failed */
    /* Set by admit() or prepare(): run the committer's part although the route has no
     * write. */
    bool wants_write;
    bool is_committed; /* write() has passed and is durable */
    void *state;       /* the application's, the same for all */
    void *context;     /* the application's, one per request, zeroed */
};

/* A header's value, valid while the request lasts; ptr NULL when absent. Event loop only.
 */
struct view http_header(struct http_request *req, const char *name);
/* A list's value: all its lines, joined with commas in their order (RFC 9110, 5.3). Valid
 * until the next call; ptr NULL when absent or memory is out. Event loop only. */
struct view http_header_list(struct http_request *req, const char *name);
/* The last query parameter of that name; ptr NULL when absent. */
struct view http_query(const struct http_request *req, const char *name);
/* The loop's snapshot, for a stream's produce(); NULL when there is none to be had. Valid
 * until produce() returns. */
struct db *http_snapshot(struct http_request *req);
/* Runs a step on the loop's snapshot at once, from prepare(). */
int http_read_now(struct http_request *req, struct http_reply *reply, http_step step);
/* -1: none, or of unknown size (chunked). */
int64_t http_content_length(struct http_request *req);

/* ---- replies ---- */

enum http_reply_kind { HTTP_REPLY_BUFFER, HTTP_REPLY_FILE, HTTP_REPLY_STREAM };

enum { HTTP_HEADERS_MAX = 24, HTTP_REPLY_BYTES_MAX = 16 << 20 };

/* A producer of a reply, piece after piece. On the event loop. */
struct http_stream {
    /* Writes at most `max` bytes: their count, 0 when there is nothing yet (http_wake()
     * must follow), HTTP_STREAM_END or a negative error, which ends the connection. */
    int64_t (*produce)(void *ctx, struct http_request *req, char *to, size_t max);
    void (*close)(void *ctx);
    void *ctx;
};

#define HTTP_STREAM_END INT64_MIN

struct http_reply {
    int status; /* 200 until set */
    enum http_reply_kind kind;
    struct buf body;
    const char *content_type; /* a constant; application/json until set */
    struct buf headers; /* "Name: value\0" one after the other: see http_reply_header */
    int file_fd;        /* owned; -1: none */
    int64_t file_offset, file_bytes;
    struct http_stream stream;
    int64_t
        stream_bytes; /* the stream's exact length, told as Content-Length; 0: not known */
};

/* Adds a header. The value must be free of control characters; others are dropped. One that
 * is longer than HTTP_TARGET_BYTES_MAX is left out whole: nothing is ever sent in part. */
void http_reply_header(struct http_reply *reply, const char *name, const char *value);
void http_reply_header_format(struct http_reply *reply, const char *name,
                              const char *format, ...) PRINTF_LIKE(3, 4);
/* Adds a header that is a time, whole seconds in GMT (RFC 9110, 5.6.7). */
void http_reply_header_time(struct http_reply *reply, const char *name, int64_t time_us);
/* A writer over the reply's emptied body. */
void http_reply_json(struct http_reply *reply, int status, struct json *ret);
/* RFC 9457: type about:blank, title, status and the text that old clients read as detail.
 */
void http_reply_problem(struct http_reply *reply, int status, struct view detail);
/* The same with a JSON value as detail and further members written by `more` (may be NULL).
 */
void http_reply_problem_json(struct http_reply *reply, int status, const char *type,
                             struct view detail_json,
                             void (*more)(struct json *j, const void *ctx),
                             const void *ctx);
/* Empties and resets, releasing what it owns. */
void http_reply_clear(struct http_reply *reply);
/* "Not Found" for 404, ... */
const char *http_status_title(int status);

/* ---- the server ---- */

/* One trip through the committer. The transport's; the application passes it on. */
struct http_write {
    /* On the committer, inside a transaction; non-zero undoes it. */
    int (*run)(struct http_write *write, struct db *db, struct err *reterr);
    /* On the committer, once `rc` holds: the result, or the commit's failure. */
    void (*done)(struct http_write *write, int rc, const struct err *err);
    max_align_t application[32]; /* the application's, for its own operation */
};

/* What the application gives the transport. Steps of requests and these run on event loops
 * unless they say otherwise. */
struct http_app {
    const struct route *const *tables; /* each ends with a row whose path is NULL */
    size_t tables_count;
    /* Takes GET requests of paths that no row has; NULL: they are 404. */
    const struct route *fallback;
    void *state;
    size_t context_bytes;

    /* Before the body: identity and whatever else headers can tell. Without a route the
     * method is OPTIONS: 405 has the transport refuse it. */
    http_step admit;
    /* On the committer, before the route's write, when there is one or wants_write is set.
     */
    http_step write_first;
    /* Writes the reply of a failed request: `code` is a negative error, or the HTTP status
     * 400, 404, 405, 413, 414, 501 when the transport itself refuses. */
    void (*fail)(struct http_request *req, struct http_reply *reply, int code);
    /* Adds what every reply carries. */
    void (*decorate)(struct http_request *req, struct http_reply *reply);
    /* Once per request, after the last byte (is_delivered) or when the client went away. */
    void (*finish)(struct http_request *req, const struct http_reply *reply,
                   bool is_delivered);

    /* A loop's snapshot: opened on the loop's thread, begun before its first read of a turn
     * and ended before the loop waits. */
    int (*db_open)(void *state, struct db **ret, struct err *reterr);
    void (*db_close)(struct db **db);
    /* Begins; *ret_version changes with every change of the data by anybody. */
    int (*db_begin)(struct db *db, int64_t *ret_version);
    void (*db_end)(struct db *db);
    unsigned long (*generation)(void *state); /* grows with every commit */
    /* Has `run` called on the committer inside a transaction and `done` after it, with its
     * result or the commit's failure. ERR_BUSY when the queue is full. */
    int (*write)(void *state, struct http_write *write);
};

struct http_options {
    const char *listen; /* host:port, [v6]:port; port 0: any */
    int loops;
    int64_t connections_max;
    int64_t request_timeout_us, upload_timeout_us, idle_timeout_us;
    int work_threads;
    size_t work_max;
};

/* Checks the tables, listens, starts the loops. *ret is set before the first request, and
 * NULL after a failure. ERR_INVALID for a route without auth or two of the same method and
 * path. */
MUST_CHECK int http_server_start(const struct http_options *options,
                                 const struct http_app *app, struct http_server **ret,
                                 struct err *reterr);
/* The port that is listened on. */
int http_server_port(const struct http_server *server);
/* Stops accepting, gives running requests `grace_us`, ends the loops. Accepts NULL. */
void http_server_stop(struct http_server **server, int64_t grace_us);
/* Lets a stream's produce() be called again. Any thread; harmless when the request is over.
 */
void http_wake(struct http_server *server, uint64_t request_number);
uint64_t http_request_number(const struct http_request *req);

#endif
