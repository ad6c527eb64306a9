#include "server/api/upload.h"

#include <stdio.h>
#include <string.h>
#include "audio/audio.h"
#include "audio/exec.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "blob/blob.h"
#include "jobs/progress.h"
#include "server/api/api.h"
#include "server/api/metrics.h"
#include "server/api/problem.h"
#include "server/api/running.h"
#include "server/api/types.h"
#include "server/api/validate.h"
#include "server/http/multipart.h"

enum {
    FIELD_BYTES_MAX = 256,
    IDEMPOTENCY_KEY_MAX = 255,
    /* Multipart framing and small fields around the file. */
    FRAMING_BYTES_MAX = 64 << 10,
};

static const char *const formats[] = { "wav", "mp3", "flac", "m4a", "ogg" };

/* The small fields beside the file. */
enum upload_field { FIELD_TYPE, FIELD_FORMAT, FIELD_STRENGTH, FIELD_LOUDNESS, FIELD_COUNT };

static const char *const field_names[FIELD_COUNT] = { "processing_type", "output_format",
                                                      "strength", "loudness" };

enum upload_part { PART_OTHER, PART_FILE, PART_FIELD };

struct upload {
    struct multipart multipart;
    enum upload_part part;
    bool has_file, file_is_text;
    int rc; /* the first failure inside the file; told once the body is over */
    int64_t body_bytes;
    char filename[JOB_NAME_MAX + 1];
    const char *format;      /* by name */
    enum upload_field field; /* of PART_FIELD */
    struct {
        char text[FIELD_BYTES_MAX + 1];
        size_t len;
    } fields[FIELD_COUNT];
    const struct audio_format *output;
    struct job_choice choice;
    char idempotency_key[IDEMPOTENCY_KEY_MAX + 1];
    struct running_key running;
    struct blob_writer *writer;
    struct audio_info info;
    char digest[BLOB_DIGEST_SIZE];
    char request_digest[BLOB_DIGEST_SIZE + 3 * FIELD_BYTES_MAX];
    int64_t bytes;
    struct job job;
    bool is_replayed;
    struct api *api;
    const struct http_request *req;
};

/* Nothing of an upload that did not become a job remains. */
static void upload_release(void *own)
{
    struct upload *u = own;
    char name[BLOB_NAME_SIZE] = "";

    running_end(u->api->running, &u->running);
    if (u->writer && (u->is_replayed || !u->job.job_id[0] || !u->req->is_committed))
        (void)snprintf(name, sizeof name, "%s", blob_writer_name(u->writer));
    blob_writer_close(&u->writer);
    if (name[0])
        blob_discard(u->api->blobs, name);
}

/* The last extension names the format; NULL for one that is not taken, and for a bare
 * ".wav". */
static const char *format_of_name(struct view name)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        const size_t len = strlen(formats[i]) + 1;

        if (name.len > len && name.ptr[name.len - len] == '.' &&
            view_eq_nocase(view_slice(name, name.len - len + 1, len), formats[i]))
            return formats[i];
    }
    return NULL;
}

/* Keeps the client's name as UTF-8 without control characters, cut at a whole character. */
static void filename_keep(struct upload *u, struct view name)
{
    size_t kept = 0;

    while (name.len > 0) {
        uint32_t code = 0xFFFD;
        size_t len = utf8_next(name, &code);
        struct view c = len ? view_slice(name, 0, len) : view_of("\xEF\xBF\xBD");

        name = view_slice(name, len ? len : 1, name.len);
        if (code < 0x20 || (code >= 0x7f && code < 0xa0))
            continue;
        if (kept + c.len > JOB_NAME_MAX)
            break;
        memcpy(u->filename + kept, c.ptr, c.len);
        kept += c.len;
    }
    u->filename[kept] = '\0';
}

static int file_begin(struct http_request *req, struct upload *u, struct view filename)
{
    const int64_t length = http_content_length(req); /* the file is shorter */

    blob_writer_close(&u->writer); /* of two files the last counts */
    u->has_file = true;
    u->bytes = 0;
    filename_keep(u, filename);
    u->format = format_of_name(filename);
    if (!u->format)
        return api_refuse(
            req, 400,
            "Invalid audio format. Allowed formats: .wav, .mp3, .flac, .m4a, .ogg");
    return blob_writer_open_bounded(u->api->blobs, u->format,
                                    length < 0 ? INT64_MAX : length, &u->writer, &req->err);
}

static int part_begin(void *context, const struct multipart_part *part)
{
    struct http_request *req = context;
    struct upload *u = api_context_of(req)->own;

    u->part = PART_OTHER;
    for (int i = 0; i < FIELD_COUNT; i++) {
        if (view_eq(part->name, field_names[i])) {
            u->part = PART_FIELD;
            u->field = (enum upload_field)i;
            u->fields[i].len = 0;
        }
    }
    if (view_eq(part->name, "file") && part->filename.ptr) {
        u->part = PART_FILE;
        u->rc = file_begin(req, u, part->filename);
    } else if (view_eq(part->name, "file")) {
        u->file_is_text = true;
    }
    return 0;
}

static int64_t body_bytes_max(const struct http_request *req)
{
    return api_of(req)->options->upload_bytes_max + FRAMING_BYTES_MAX;
}

static int file_too_large(struct http_request *req)
{
    return api_refuse(req, 413, "File too large. Maximum size: %lldMB",
                      (long long)(api_of(req)->options->upload_bytes_max / MEBIBYTE));
}

static int part_data(void *context, struct view data)
{
    struct http_request *req = context;
    struct upload *u = api_context_of(req)->own;

    if (u->part == PART_FIELD) {
        const size_t room = FIELD_BYTES_MAX - u->fields[u->field].len;
        const size_t len = data.len < room ? data.len : room;

        memcpy(u->fields[u->field].text + u->fields[u->field].len, data.ptr, len);
        u->fields[u->field].len += len;
        u->fields[u->field].text[u->fields[u->field].len] = '\0';
        return 0;
    }
    if (u->part != PART_FILE || u->rc)
        return 0;
    u->bytes += (int64_t)data.len;
    u->rc = u->bytes > u->api->options->upload_bytes_max
                ? file_too_large(req)
                : blob_writer_add(u->writer, data.ptr, data.len, &req->err);
    /* Ends the reading: the transport drains what is left. */
    return u->rc;
}

static int part_end(void *context)
{
    (void)context;
    return 0;
}

static const struct multipart_events events = { part_begin, part_data, part_end };

static int key_read(struct http_request *req, struct upload *u)
{
    const struct view key = api_idempotency_key(req);

    if (key.len > IDEMPOTENCY_KEY_MAX)
        return api_refuse(req, 400, "Idempotency-Key is longer than %d characters",
                          IDEMPOTENCY_KEY_MAX);
    if (key.len)
        memcpy(u->idempotency_key, key.ptr, key.len);
    return 0;
}

/* Before the reply, since whoever has read it may send the next request. */
static void key_let_go(struct http_request *req)
{
    struct upload *u = api_context_of(req)->own;

    running_end(u->api->running, &u->running);
}

static int key_hold(struct http_request *req, struct upload *u)
{
    struct api_context *c = api_context_of(req);
    int rc;

    if (!u->idempotency_key[0])
        return 0;
    rc = running_begin(u->api->running, &u->running, &c->principal,
                       view_of(u->idempotency_key));
    if (rc) {
        (void)err_set(&req->err, rc,
                      "A request with this Idempotency-Key is still running");
        req->err.retry_after_s = 1;
    }
    c->on_reply = key_let_go;
    return rc;
}

/* What the headers can tell is told before the body is sent. */
static int early_check(struct http_request *req, const struct upload *u)
{
    struct api_context *c = api_context_of(req);
    const struct usage_subject subject = api_subject(req);
    const int64_t length = http_content_length(req);
    int64_t at_least = length - FRAMING_BYTES_MAX;
    bool is_known = false;
    int rc;

    if (length > body_bytes_max(req))
        return file_too_large(req);
    rc = blob_store_room_check(api_of(req)->blobs, length > 0 ? length : 0, &req->err);
    if (rc || subject.account_id == 0)
        return rc;
    /* What was accepted is answered again, limits or not. */
    if (u->idempotency_key[0])
        rc = jobs_key_is_known(req->db, subject.account_id, view_of(u->idempotency_key),
                               &is_known);
    if (rc || is_known)
        return rc;
    rc = jobs_precheck(req->db, &subject, at_least > 1 ? at_least : 1, req->now_us,
                       &c->refusal);
    if (rc == ERR_LIMIT)
        metrics_quota_decision(api_of(req)->metrics, c->principal.kind == PRINCIPAL_GUEST,
                               false);
    return rc;
}

static int file_missing(struct http_request *req)
{
    validate_add(req, "missing", "body", "file", "Field required", NULL);
    return ERR_INVALID;
}

int upload_prepare(struct http_request *req, struct http_reply *reply)
{
    struct upload *u = api_own(req, sizeof *u, upload_release);
    char boundary[MULTIPART_BOUNDARY_SIZE];
    enum multipart_result result;
    int rc;

    (void)reply;
    if (!u)
        return ERR_NO_MEMORY;
    u->api = api_of(req);
    u->req = req;
    result = boundary_of_content_type(http_header(req, "Content-Type"), boundary);
    if (result == MULTIPART_OTHER_TYPE)
        return file_missing(req);
    if (result == MULTIPART_OK)
        result = multipart_init(&u->multipart, view_of(boundary), &events, req);
    if (result != MULTIPART_OK)
        return api_refuse(req, 400, "%s", multipart_text(result));
    rc = key_read(req, u);
    if (rc == 0)
        rc = key_hold(req, u);
    return rc ? rc : early_check(req, u);
}

static int malformed(struct http_request *req, enum multipart_result result)
{
    return result == MULTIPART_TRUNCATED
               ? file_missing(req)
               : api_refuse(req, 400, "%s", multipart_text(result));
}

int upload_body(struct http_request *req, const char *bytes, size_t len)
{
    struct upload *u = api_context_of(req)->own;
    enum multipart_result result;

    u->body_bytes += (int64_t)len;
    if (u->body_bytes > body_bytes_max(req))
        return file_too_large(req);
    result = multipart_feed(&u->multipart, (struct view){ bytes, len });
    if (result == MULTIPART_OK)
        return 0;
    return result == MULTIPART_STOPPED ? u->rc : malformed(req, result);
}

/* A field's text, or what stands for one that is empty or was not sent. */
static const char *field_text(const struct upload *u, enum upload_field field,
                              const char *standard)
{
    return u->fields[field].len ? u->fields[field].text : standard;
}

/* 400 with `text` and the names of the list. */
static int names_refuse(struct http_request *req, const char *text,
                        const char *(*name)(size_t i))
{
    struct buf names;
    int rc;

    buf_init(&names, 1024);
    for (size_t i = 0; name(i); i++)
        buf_addf(&names, "%s%s", i ? ", " : "", name(i));
    rc = api_refuse(req, 400, "%s Available: %s", text, names.error ? "" : names.data);
    buf_release(&names);
    return rc;
}

static int type_refuse(struct http_request *req, const struct upload *u)
{
    struct buf names;
    int rc;

    buf_init(&names, 1024);
    types_list(u->api, &names);
    rc = api_refuse(req, 400, "Unknown processing type. Available: %s",
                    names.error ? "" : names.data);
    buf_release(&names);
    return rc;
}

static const char *format_name(size_t i)
{
    return audio_formats[i].name;
}

static const char *strength_name(size_t i)
{
    return audio_strengths[i];
}

static int fields_check(struct http_request *req, struct upload *u)
{
    const char *loudness = field_text(u, FIELD_LOUDNESS, "false");
    enum audio_strength strength;

    if (!type_is_available(u->api, view_of(field_text(u, FIELD_TYPE, audio_types[0]))))
        return type_refuse(req, u);
    u->output = audio_format_find(
        view_of(field_text(u, FIELD_FORMAT, audio_formats[0].name)));
    if (!u->output)
        return names_refuse(req, "Unknown output format.", format_name);
    if (!audio_strength_of(view_of(field_text(u, FIELD_STRENGTH, audio_strengths[0])),
                           &strength))
        return names_refuse(req, "Unknown strength.", strength_name);
    if (strcmp(loudness, "true") != 0 && strcmp(loudness, "false") != 0)
        return api_refuse(req, 400, "loudness is true or false.");
    (void)snprintf(u->choice.output_format, sizeof u->choice.output_format, "%s",
                   u->output->name);
    (void)snprintf(u->choice.strength, sizeof u->choice.strength, "%s",
                   audio_strengths[strength]);
    u->choice.loudness_normalise = strcmp(loudness, "true") == 0;
    return 0;
}

/* What an idempotency key stands for. Without options it is what it was before there were
 * any, so that keys outlive an upgrade. */
static void request_digest_make(struct upload *u)
{
    const int len = snprintf(u->request_digest, sizeof u->request_digest, "%s:%s",
                             u->digest, field_text(u, FIELD_TYPE, audio_types[0]));

    if (u->output == &audio_formats[0] && !u->choice.loudness_normalise &&
        strcmp(u->choice.strength, audio_strengths[0]) == 0)
        return;
    (void)snprintf(u->request_digest + len, sizeof u->request_digest - (size_t)len,
                   ":%s:%s:%d", u->choice.output_format, u->choice.strength,
                   u->choice.loudness_normalise);
}

static int upload_complete_check(struct http_request *req, struct upload *u)
{
    const enum multipart_result result = multipart_finish(&u->multipart);

    if (result != MULTIPART_OK)
        return malformed(req, result);
    if (!u->has_file && u->file_is_text) {
        validate_add(req, "value_error", "body", "file",
                     "Value error, Expected UploadFile, received: <class 'str'>",
                     "{\"error\":{}}");
        return ERR_INVALID;
    }
    if (!u->has_file)
        return file_missing(req);
    if (u->rc)
        return u->rc;
    if (u->bytes == 0)
        return api_refuse(req, 400, "The file is empty.");
    return fields_check(req, u);
}

static int look(struct audio_host *audio, const struct blob_writer *w,
                struct audio_info *ret, struct err *reterr)
{
    const struct view held = blob_writer_held(w);

    return held.ptr ? audio_probe_bytes(audio, held, ret, reterr)
                    : audio_probe(audio, blob_writer_fd(w), ret, reterr);
}

/* Looked at in the sandboxed child, then stored. */
int upload_work(struct http_request *req, struct http_reply *reply)
{
    struct upload *u = api_context_of(req)->own;
    int rc = upload_complete_check(req, u);

    (void)reply;
    if (rc == 0)
        rc = look(u->api->audio, u->writer, &u->info, &req->err);
    if (rc == 0 && strcmp(u->info.format, u->format) != 0)
        return api_refuse(req, 400, "The file's content is %s, its name says %s.",
                          u->info.format, u->format);
    if (rc == 0)
        rc = blob_writer_commit(u->writer, u->digest, &req->err);
    if (rc == 0)
        request_digest_make(u);
    return rc;
}

/* Of all outputs together: what the worker keeps them to. */
static int64_t output_bytes_most(const struct upload *u)
{
    const struct view type = view_of(field_text(u, FIELD_TYPE, audio_types[0]));
    const int64_t each = audio_output_bytes_most(u->output, u->info.duration_us,
                                                 u->info.sample_rate_hz, u->info.channels);
    int64_t all;

    return __builtin_mul_overflow(
               each, (int64_t)exec_engines_results_most(u->api->engines, type), &all)
               ? INT64_MAX
               : all;
}

int upload_write(struct http_request *req, struct http_reply *reply)
{
    struct api_context *c = api_context_of(req);
    struct upload *u = c->own;
    const struct job_new new_job = {
        .subject = api_subject(req),
        .processing_type = view_of(field_text(u, FIELD_TYPE, audio_types[0])),
        .original_filename = view_of(u->filename),
        .format = u->format,
        .input_blob = blob_writer_name(u->writer),
        .input_bytes = u->bytes,
        .input_digest = u->digest,
        .duration_us = u->info.duration_us,
        .sample_rate_hz = u->info.sample_rate_hz,
        .channels = u->info.channels,
        .choice = u->choice,
        .output_bytes_most = output_bytes_most(u),
        .expires_us = req->now_us + u->api->options->file_expiry_us,
        .idempotency_key = u->idempotency_key[0] ? view_of(u->idempotency_key)
                                                 : (struct view){ NULL, 0 },
        .request_digest = u->request_digest,
    };
    int rc = blob_writer_rely(u->writer, &req->err);

    (void)reply;
    if (rc == 0)
        rc = jobs_accept(req->db, &new_job, clock_now_us(), &u->job, &u->is_replayed,
                         &c->refusal, &req->err);
    if (rc == ERR_NOT_FOUND) /* closed while the file came */
        rc = err_set(&req->err, ERR_UNAUTHENTICATED, "Could not validate credentials");
    if (rc == ERR_CONFLICT)
        c->status = 422; /* the key was used with another file, type or options */
    if (rc == 0 || rc == ERR_LIMIT)
        metrics_quota_decision(u->api->metrics, c->principal.kind == PRINCIPAL_GUEST,
                               rc == 0);
    return rc;
}

static void owner_write(struct json *j, const struct principal *p)
{
    if (p->kind == PRINCIPAL_USER) {
        json_put_int(j, "user_id", p->account_id);
        json_put_null(j, "guest_id");
    } else {
        json_put_null(j, "user_id");
        json_put_str(j, "guest_id", p->guest_id);
    }
}

/* Runs once the job is durable. */
int upload_reply(struct http_request *req, struct http_reply *reply)
{
    struct upload *u = api_context_of(req)->own;
    const struct job *job = &u->job;
    const struct usage_subject subject = api_subject(req);
    struct usage_limit_state limits[2 * USAGE_LIMITS_MAX];
    size_t limits_count = 0;
    struct json j;
    const int rc = usage_limits_read(req->db, &subject, req->now_us, limits, &limits_count);

    if (!u->is_replayed)
        progress_work_ready(u->api->board);
    http_reply_json(reply, 201, &j);
    json_object_begin(&j);
    json_put_str(&j, "job_id", job->job_id);
    json_put_str(&j, "status", job_status_name(job->status));
    json_put_str(&j, "filename", job->input_blob);
    json_put_str(&j, "original_filename", job->original_filename);
    json_put_double(&j, "file_size", (double)job->input_bytes);
    json_put_str(&j, "file_format", job->format);
    json_put_double(&j, "duration", (double)job->duration_us / 1e6);
    json_put_int(&j, "sample_rate", job->sample_rate_hz);
    json_put_int(&j, "channels", job->channels);
    owner_write(&j, &api_context_of(req)->principal);
    json_put_time(&j, "created_at", job->created_us);
    json_put_time(&j, "expires_at", job->expires_us);
    json_put_str(&j, "message",
                 "File uploaded successfully. Processing will begin shortly.");
    json_object_end(&j);
    http_reply_header_format(reply, "Location", "/audio/status/%s", job->job_id);
    if (rc == 0)
        problem_rate_limit_headers(reply, limits, limits_count, req->now_us);
    if (u->is_replayed)
        http_reply_header(reply, "Idempotent-Replayed", "true");
    return 0;
}
