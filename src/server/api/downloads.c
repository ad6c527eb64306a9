#include "server/api/downloads.h"

#include <stdlib.h>
#include "base/clock.h"
#include "base/log.h"

/* A delivered download on its way into the ledger. */
struct late_download {
    struct job job;
    int64_t bytes;
    struct api *api;
};

static void not_counted(const struct job *job, const char *why)
{
    log_write(LOG_ERROR, "download_not_counted", LOG_STR("job_id", job->job_id),
              LOG_STR("error", why));
}

static void late_done(void *ctx, int rc, const struct err *err)
{
    struct late_download *late = ctx;

    if (rc)
        not_counted(&late->job, err->text);
    atomic_fetch_sub(&late->api->late_ops, 1);
    free(late);
}

static int late_apply(struct db *db, void *ctx, struct err *reterr)
{
    const struct late_download *late = ctx;

    (void)reterr;
    return jobs_downloaded(db, &late->job, late->bytes, clock_now_us());
}

void download_count(struct http_request *req, const struct job *job, int64_t bytes)
{
    struct api *api = api_of(req);
    struct late_download *late = malloc(sizeof *late);
    const struct api_op op = {
        .apply = late_apply, .done = late_done, .ctx = late, .is_owed = true
    };

    if (!late) {
        not_counted(job, "memory is out");
        return;
    }
    *late = (struct late_download){ *job, bytes, api };
    atomic_fetch_add(&api->late_ops, 1);
    if (api->submit(api, &op) != 0)
        late_done(late, ERR_BUSY, &(struct err){ .text = "the queue is full" });
}
