#include "server/api/downloads.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/log.h"

enum { CHAINS = 256 };

/* Delivered downloads of one job on their way into the ledger. */
struct late_download {
    struct job job;
    int64_t count, bytes;
    struct api *api;
    struct late_download *next; /* in its chain, until it is applied */
};

struct downloads {
    pthread_mutex_t lock; /* over the chains and the counts of those in them */
    struct late_download *chains[CHAINS];
};

struct downloads *downloads_new(void)
{
    struct downloads *d = calloc(1, sizeof *d);

    if (d)
        (void)pthread_mutex_init(&d->lock, NULL);
    return d;
}

void downloads_free(struct downloads **downloads)
{
    if (!*downloads)
        return;
    (void)pthread_mutex_destroy(&(*downloads)->lock);
    free(*downloads);
    *downloads = NULL;
}

/* The pointer to the job's, or to where it would be. The caller holds the lock. */
static struct late_download **place_of(struct downloads *d, const char *job_id)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    struct late_download **at;

    for (const char *c = job_id; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    at = &d->chains[hash % CHAINS];
    while (*at && strcmp((*at)->job.job_id, job_id) != 0)
        at = &(*at)->next;
    return at;
}

static bool join(struct downloads *d, const char *job_id, int64_t bytes)
{
    struct late_download *late;

    (void)pthread_mutex_lock(&d->lock);
    late = *place_of(d, job_id);
    if (late) {
        late->count++;
        late->bytes += bytes;
    }
    (void)pthread_mutex_unlock(&d->lock);
    return late != NULL;
}

/* Two threads may both find none: then there are two for a while. */
static void offer(struct downloads *d, struct late_download *late)
{
    struct late_download **at;

    (void)pthread_mutex_lock(&d->lock);
    at = place_of(d, late->job.job_id);
    late->next = *at;
    *at = late;
    (void)pthread_mutex_unlock(&d->lock);
}

/* From here on nobody joins. Harmless when it was taken before. */
static void take(struct downloads *d, struct late_download *late)
{
    struct late_download **at;

    (void)pthread_mutex_lock(&d->lock);
    at = place_of(d, late->job.job_id);
    while (*at && *at != late)
        at = &(*at)->next;
    if (*at)
        *at = late->next;
    (void)pthread_mutex_unlock(&d->lock);
}

static void not_counted(const struct job *job, int64_t count, const char *why)
{
    log_write(LOG_ERROR, "download_not_counted", LOG_STR("job_id", job->job_id),
              LOG_INT("count", count), LOG_STR("error", why));
}

static void late_done(void *ctx, int rc, const struct err *err)
{
    struct late_download *late = ctx;

    take(late->api->downloads, late);
    if (rc)
        not_counted(&late->job, late->count, err->text);
    atomic_fetch_sub(&late->api->late_ops, 1);
    free(late);
}

static int late_apply(struct db *db, void *ctx, struct err *reterr)
{
    struct late_download *late = ctx;

    (void)reterr;
    take(late->api->downloads, late);
    return jobs_downloaded(db, &late->job, late->count, late->bytes, clock_now_us());
}

void download_count(struct http_request *req, const struct job *job, int64_t bytes)
{
    struct api *api = api_of(req);
    struct late_download *late;
    struct api_op op = { .apply = late_apply, .done = late_done, .is_owed = true };

    if (join(api->downloads, job->job_id, bytes))
        return;
    op.ctx = late = malloc(sizeof *late);
    if (!late) {
        not_counted(job, 1, "memory is out");
        return;
    }
    *late = (struct late_download){ *job, 1, bytes, api, NULL };
    atomic_fetch_add(&api->late_ops, 1);
    offer(api->downloads, late);
    if (api->submit(api, &op) != 0)
        late_done(late, ERR_BUSY, &(struct err){ .text = "the queue is full" });
}
