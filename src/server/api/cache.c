#include "server/api/cache.h"

#include <stdlib.h>
#include <string.h>

enum {
    IDENTITIES = 256,
    FIGURES = 256,
    JOBS = 64,
    CREDENTIAL_MAX = 1024,
    BODY_MAX = 1024,
};

struct identity {
    int64_t version; /* of the snapshot; 0: empty */
    size_t len;
    char credential[CREDENTIAL_MAX]; /* kind, header value, address, forwarded address */
    struct principal principal;
};

struct figures {
    int64_t version;
    int64_t account_id;
    struct cache_calls calls;
    size_t len;
    char body[BODY_MAX];
};

struct kept_job {
    int64_t version;
    struct job job;
};

struct cache {
    struct identity identities[IDENTITIES];
    struct kept_job jobs[JOBS];
    struct figures figures[FIGURES];
};

struct cache *caches_new(int loops)
{
    return calloc((size_t)loops, sizeof(struct cache));
}

void caches_free(struct cache **caches)
{
    free(*caches);
    *caches = NULL;
}

static struct cache *cache_of(const struct http_request *req)
{
    return &api_of(req)->caches[req->loop];
}

/* FNV-1a over the last bytes: where tokens and ids differ. */
static size_t slot_of(struct view text, size_t slots)
{
    uint32_t hash = 2166136261u;

    for (size_t i = text.len > 32 ? text.len - 32 : 0; i < text.len; i++)
        hash = (hash ^ (unsigned char)text.ptr[i]) * 16777619u;
    return hash % slots;
}

static bool piece_add(char *to, size_t *len, struct view piece)
{
    if (piece.len + 1 > CREDENTIAL_MAX - *len)
        return false;
    if (piece.len)
        memcpy(to + *len, piece.ptr, piece.len);
    *len += piece.len;
    to[(*len)++] = '\n'; /* stands in no header value */
    return true;
}

/* Everything that auth_identify looks at; false when it is longer than is kept. The slot
 * goes by the credential itself. */
static bool credential_of(struct http_request *req, char to[CREDENTIAL_MAX],
                          size_t *ret_len, size_t *ret_slot)
{
    const struct view authorization = http_header(req, "Authorization");
    const struct view guest_id = http_header(req, "X-Guest-ID");

    *ret_len = 0;
    *ret_slot = slot_of(authorization.len ? authorization : guest_id, IDENTITIES);
    return authorization.len + guest_id.len > 0 && piece_add(to, ret_len, authorization) &&
           piece_add(to, ret_len, guest_id) &&
           piece_add(to, ret_len, view_of(req->address)) &&
           piece_add(to, ret_len, http_header_list(req, "X-Forwarded-For"));
}

bool cache_identity_find(struct http_request *req)
{
    char credential[CREDENTIAL_MAX];
    const struct identity *i;
    size_t len, slot;

    if (!credential_of(req, credential, &len, &slot))
        return false;
    i = &cache_of(req)->identities[slot];
    if (i->version != req->snapshot_version || i->len != len ||
        memcmp(i->credential, credential, len) != 0 ||
        (i->principal.token_type != TOKEN_NONE &&
         i->principal.token_expires_us <= req->now_us))
        return false;
    api_context_of(req)->principal = i->principal;
    return true;
}

void cache_identity_keep(struct http_request *req)
{
    struct identity *i;
    char credential[CREDENTIAL_MAX];
    size_t len, slot;

    if (!credential_of(req, credential, &len, &slot))
        return;
    i = &cache_of(req)->identities[slot];
    i->version = req->snapshot_version;
    i->len = len;
    memcpy(i->credential, credential, len);
    i->principal = api_context_of(req)->principal;
}

bool cache_job_find(struct http_request *req, struct view job_id, struct job *ret)
{
    const struct kept_job *k = &cache_of(req)->jobs[slot_of(job_id, JOBS)];

    if (k->version != req->snapshot_version || !view_eq(job_id, k->job.job_id))
        return false;
    *ret = k->job;
    return true;
}

void cache_job_keep(struct http_request *req, const struct job *job)
{
    cache_of(req)->jobs[slot_of(view_of(job->job_id), JOBS)] =
        (struct kept_job){ req->snapshot_version, *job };
}

static struct figures *figures_of(struct http_request *req)
{
    const int64_t account_id = api_context_of(req)->principal.account_id;

    return &cache_of(req)->figures[(uint64_t)account_id % FIGURES];
}

static struct cache_calls calls_now(const struct http_request *req, int64_t epoch)
{
    struct cache_calls now = { .epoch = epoch };

    now.pending = usage_calls_pending(
        api_of(req)->calls, api_context_of(req)->principal.account_id, epoch, &now.last_us);
    return now;
}

bool cache_figures_find(struct http_request *req, struct buf *out,
                        struct cache_calls *ret_seen)
{
    const struct figures *f = figures_of(req);
    const int64_t account_id = api_context_of(req)->principal.account_id;
    const bool is_of_snapshot = account_id != 0 && f->version == req->snapshot_version &&
                                f->account_id == account_id;
    int64_t epoch = f->calls.epoch;

    *ret_seen = (struct cache_calls){ .epoch = -1 };
    if (!is_of_snapshot && usage_calls_epoch_read(req->db, &epoch) != 0)
        return false;
    *ret_seen = calls_now(req, epoch);
    if (!is_of_snapshot || ret_seen->pending != f->calls.pending ||
        ret_seen->last_us != f->calls.last_us)
        return false;
    buf_add(out, f->body, f->len);
    return true;
}

void cache_figures_keep(struct http_request *req, const struct cache_calls *seen,
                        struct view body)
{
    struct figures *f = figures_of(req);

    if (body.len > BODY_MAX || seen->epoch < 0)
        return;
    f->version = req->snapshot_version;
    f->account_id = api_context_of(req)->principal.account_id;
    f->calls = *seen;
    f->len = body.len;
    memcpy(f->body, body.ptr, body.len);
}
