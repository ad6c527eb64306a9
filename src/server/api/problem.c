#include "server/api/problem.h"

#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/log.h"
#include "jobs/meters.h"

#define QUOTA_TYPE "https://iana.org/assignments/http-problem-types#quota-exceeded"

static const struct {
    int code, status;
    const char *text; /* NULL: the error's own */
} statuses[] = {
    { ERR_INVALID, 400, NULL },
    { ERR_NOT_FOUND, 404, NULL },
    { ERR_CONFLICT, 409, NULL },
    { ERR_UNAUTHENTICATED, 401, NULL },
    { ERR_FORBIDDEN, 403, NULL },
    { ERR_LIMIT, 429, NULL },
    { ERR_THROTTLED, 429, NULL },
    { ERR_TOO_LARGE, 413, NULL },
    { ERR_GONE, 410, NULL },
    { ERR_BUSY, 503, "The server is busy. Try again in a moment." },
    { ERR_TIMEOUT, 503, "This took too long. Try again later." },
    { ERR_NOT_MEDIA, 400, NULL },
    { ERR_NO_SPACE, 507, "The server is out of storage." },
    { ERR_STORE, 503, "The server cannot reach its database. Try again later." },
};

static int status_of(int code, const char **text)
{
    if (code > 0) { /* the transport's own refusal */
        *text = http_status_title(code);
        return code;
    }
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        if (statuses[i].code == code) {
            *text = statuses[i].text;
            return statuses[i].status;
        }
    }
    *text = "Internal Server Error";
    return 500;
}

const char *problem_policy_name(const struct usage_limit_state *limit)
{
    switch (limit->meter) {
    case METER_FILES_UPLOADED:
        return limit->of_group ? "network_files_per_day" : "files_per_day";
    case METER_STORED_BYTES:
        return limit->of_group ? "network_storage_mb" : "storage_mb";
    case METER_PROCESSING_TIME:
        return limit->of_group ? "network_processing_minutes" : "processing_minutes";
    default:
        return "limit";
    }
}

void problem_limit_message(const struct usage_limit_state *limit, char *to, size_t size)
{
    const char *network = limit->of_group ? " for all guests of your network" : "";

    switch (limit->meter) {
    case METER_FILES_UPLOADED:
        (void)snprintf(to, size, "Daily upload limit of %lld files%s reached",
                       (long long)limit->limit, network);
        break;
    case METER_STORED_BYTES:
        (void)snprintf(to, size, "Storage limit of %lldMB%s reached",
                       (long long)(limit->limit / MEBIBYTE), network);
        break;
    default:
        (void)snprintf(to, size, "Processing time limit of %lld minutes%s reached",
                       (long long)(limit->limit / CLOCK_MINUTE_US), network);
        break;
    }
}

static int64_t remaining(const struct usage_limit_state *l)
{
    const int64_t left = l->limit - l->used - l->reserved;

    return left > 0 ? left : 0;
}

/* Seconds until a time, rounded up so that nobody comes back too early. */
static int64_t seconds_until(int64_t time_us, int64_t now_us)
{
    return time_us > now_us ? (time_us - now_us + CLOCK_SECOND_US - 1) / CLOCK_SECOND_US
                            : 0;
}

void problem_rate_limit_headers(struct http_reply *reply,
                                const struct usage_limit_state *limits, size_t count,
                                int64_t now_us)
{
    struct buf policy, state;

    buf_init(&policy, 1024);
    buf_init(&state, 1024);
    for (size_t i = 0; i < count; i++) {
        const struct usage_limit_state *l = &limits[i];
        const char *separator = policy.len ? ", " : "";

        /* There is no registered unit for minutes; the body carries processing time. */
        if (l->limit < 0 || l->meter == METER_PROCESSING_TIME)
            continue;
        buf_addf(&policy, "%s\"%s\";q=%lld%s", separator, problem_policy_name(l),
                 (long long)l->limit,
                 l->meter == METER_STORED_BYTES ? ";qu=\"content-bytes\"" : ";w=86400");
        buf_addf(&state, "%s\"%s\";r=%lld", separator, problem_policy_name(l),
                 (long long)remaining(l));
        if (l->resets_us)
            buf_addf(&state, ";t=%lld", (long long)seconds_until(l->resets_us, now_us));
    }
    if (policy.len && !policy.error && !state.error) {
        http_reply_header(reply, "RateLimit-Policy", policy.data);
        http_reply_header(reply, "RateLimit", state.data);
    }
    buf_release(&policy);
    buf_release(&state);
}

static void violated_policies(struct json *j, const void *ctx)
{
    const struct usage_refusal *refusal = ctx;

    json_key(j, "violated-policies");
    json_array_begin(j);
    for (size_t i = 0; i < refusal->count; i++)
        json_text(j, view_of(problem_policy_name(&refusal->limits[i])));
    json_array_end(j);
    json_key(j, "limits");
    json_array_begin(j);
    for (size_t i = 0; i < refusal->count; i++) {
        const struct usage_limit_state *l = &refusal->limits[i];

        json_object_begin(j);
        json_put_str(j, "policy", problem_policy_name(l));
        json_put_int(j, "limit", l->limit);
        json_put_int(j, "used", l->used);
        json_put_int(j, "reserved", l->reserved);
        json_put_int(j, "requested", l->requested);
        json_put_time(j, "resets_at", l->resets_us);
        json_object_end(j);
    }
    json_array_end(j);
}

/* 429 where waiting helps; 403 where only deleting does. */
static void refusal_write(struct http_request *req, struct http_reply *reply)
{
    const struct usage_refusal *refusal = &api_context_of(req)->refusal;
    char message[128], quoted[160];
    int64_t resets_us = 0;
    bool is_storage = false;

    problem_limit_message(&refusal->limits[0], message, sizeof message);
    (void)snprintf(quoted, sizeof quoted, "\"%s\"", message);
    for (size_t i = 0; i < refusal->count; i++) {
        is_storage |= refusal->limits[i].resets_us == 0;
        if (refusal->limits[i].resets_us > resets_us)
            resets_us = refusal->limits[i].resets_us;
    }
    http_reply_problem_json(reply, is_storage ? 403 : 429, QUOTA_TYPE, view_of(quoted),
                            violated_policies, refusal);
    problem_rate_limit_headers(reply, refusal->limits, refusal->count, req->now_us);
    if (!is_storage)
        http_reply_header_format(reply, "Retry-After", "%lld",
                                 (long long)seconds_until(resets_us, req->now_us));
}

static void problem_headers(struct http_request *req, struct http_reply *reply)
{
    if (reply->status == 401)
        http_reply_header(reply, "WWW-Authenticate", "Bearer");
    if (req->err.retry_after_s > 0)
        http_reply_header_format(reply, "Retry-After", "%lld",
                                 (long long)req->err.retry_after_s);
    else if (reply->status == 503)
        http_reply_header(reply, "Retry-After", "1");
}

/* Forgets what a step had begun to reply, but not its headers. */
static void reply_start_over(struct http_reply *reply)
{
    const struct buf headers = reply->headers;

    buf_init(&reply->headers, headers.bytes_max);
    http_reply_clear(reply);
    reply->headers = headers;
}

void problem_write(struct http_request *req, struct http_reply *reply, int code)
{
    const struct api_context *c = api_context_of(req);
    const char *text;
    int status = status_of(code, &text);

    reply_start_over(reply);
    if (code == 307) { /* all is in the Location header */
        reply->status = code;
        reply->content_type = NULL;
        return;
    }
    if (c->invalid.len) {
        http_reply_problem_json(reply, 422, "about:blank", buf_view(&c->invalid), NULL,
                                NULL);
        return;
    }
    if (code == ERR_LIMIT && c->refusal.count) {
        refusal_write(req, reply);
        return;
    }
    if (c->status) {
        status = c->status;
        text = NULL;
    }
    if (status >= 500)
        log_write(LOG_ERROR, "request_failed", LOG_STR("request_id", req->request_id),
                  LOG_TEXT("path", req->path), LOG_STR("code", err_name(code)),
                  LOG_STR("error", req->err.text));
    if (!text)
        text = req->err.text[0] ? req->err.text : http_status_title(status);
    http_reply_problem(reply, status, view_of(text));
    problem_headers(req, reply);
}
