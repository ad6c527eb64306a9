#include "server/service.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "audio/audio.h"
#include "audio/exec.h"
#include "base/clock.h"
#include "base/log.h"
#include "blob/blob.h"
#include "jobs/meters.h"
#include "jobs/progress.h"
#include "jobs/roster.h"
#include "server/api/cache.h"
#include "server/api/downloads.h"
#include "server/api/metrics.h"
#include "server/api/running.h"
#include "server/internal.h"

enum {
    CALLS_ACCOUNTS_MAX = 65536, /* accounts whose calls wait to be written */
    WORK_MAX = 1024,            /* requests that wait for a work thread */
    WORK_THREADS_PER_CORE = 8,  /* most of them wait for the disk or a child */
    LEASE_US = 30000000,
    NO_SPACE_US = 20000000,
    FILES_PER_CONNECTION = 2, /* its socket, and what it sends or receives */
    FILES_BESIDE = 256,       /* the database's, the children's, ... */
};

static int cores(void)
{
    const long count = sysconf(_SC_NPROCESSORS_ONLN);

    return count > 0 ? (int)count : 1;
}

static int loops_count(const struct options *o)
{
    return o->loops ? (int)o->loops : cores();
}

struct plans_op {
    struct commit_op op; /* first */
    struct jobs_plan_limits plans;
};

static int plans_apply(struct db *db, struct commit_op *op, struct err *reterr)
{
    return jobs_plans_set(db, &((struct plans_op *)(void *)op)->plans, reterr);
}

struct jobs_plan_limits service_plan_limits(const struct options *o)
{
    return (struct jobs_plan_limits){
        .user = { o->user_files_per_day, o->user_storage_bytes, o->user_processing_us },
        .guest = { o->guest_files_per_day, o->guest_storage_bytes, o->guest_processing_us },
        .network_factor = o->network_factor,
    };
}

static int store_start(struct service *s, struct err *reterr)
{
    const struct options *o = s->options;
    struct plans_op p = { .op = { .apply = plans_apply }, .plans = service_plan_limits(o) };
    int rc = usage_zone_set(o->day_zone);

    if (rc)
        return err_set(reterr, rc, "--day-zone: %s is not a time zone known here",
                       o->day_zone);
    rc = committer_start(o->database, (size_t)o->queue_max, &s->committer, reterr);
    if (rc == 0 && committer_run(s->committer, &p.op) != 0)
        rc = err_set(reterr, p.op.rc, "%s", p.op.err.text);
    return rc;
}

static int auth_start(struct service *s, struct err *reterr)
{
    const struct options *o = s->options;
    unsigned char key[64];
    struct auth_config config = { .secret = key,
                                  .access_token_us = o->access_token_us,
                                  .refresh_token_us = o->refresh_token_us,
                                  .guest_token_us = o->guest_token_us,
                                  .guest_ids = (int)o->guest_ids,
                                  .guests_per_hour = o->guests_per_hour,
                                  .logins_per_minute = o->logins_per_minute,
                                  .signups_per_hour = o->signups_per_hour };
    int rc = auth_secret_load(o->secret_key, o->data_dir, key, &config.secret_len, reterr);

    if (rc == 0)
        rc = auth_new(&config, &s->api.auth, reterr);
    explicit_bzero(key, sizeof key);
    return rc;
}

static int engines_start(struct service *s, struct err *reterr)
{
    const struct options *o = s->options;
    const struct exec_limits limits = { .memory_bytes = o->engine_memory_bytes,
                                        .time_us = o->engine_timeout_us,
                                        .processes_max = (int)o->engine_processes,
                                        .work_dir = o->data_dir,
                                        .read_paths = o->engine_paths };
    struct err why = { 0 };
    const int rc = exec_engines_new(o->engines, &limits, &s->api.engines, &why);

    return rc ? err_set(reterr, rc, "--engines: %s", why.text) : 0;
}

static int files_settle(void *blobs, struct err *reterr)
{
    return blob_store_settle(blobs, reterr);
}

static int files_start(struct service *s, struct err *reterr)
{
    const struct audio_limits limits = { .memory_bytes = s->options->child_memory_bytes,
                                         .duration_us_max = s->options->duration_us_max,
                                         .scratch_dir = s->options->data_dir };
    char dir[4096];
    int rc;

    if (snprintf(dir, sizeof dir, "%s/blobs", s->options->data_dir) >= (int)sizeof dir)
        return err_set(reterr, ERR_INVALID, "the data folder's path is too long");
    rc = blob_store_open(dir, &s->api.blobs, reterr);
    if (rc == 0) {
        blob_store_reserve_set(s->api.blobs, s->options->disk_reserve_bytes);
        committer_before_set(s->committer, files_settle, s->api.blobs);
        rc = progress_board_new(&s->api.board);
    }
    if (rc == 0)
        rc = roster_new(s->options->workers ? (int)s->options->workers : cores(),
                        clock_now_us(), &s->api.roster);
    if (rc == 0)
        rc = audio_host_new(&limits, &s->api.audio, reterr);
    return rc ? rc : engines_start(s, reterr);
}

static int memory_start(struct service *s, struct err *reterr)
{
    struct err why = { 0 };
    int rc = network_ranges_parse(s->options->trusted_proxies, &s->api.trusted_proxies,
                                  &why);

    if (rc)
        return err_set(reterr, rc, "--trusted-proxies: %s", why.text);
    s->api.metrics = metrics_new();
    s->api.running = running_new();
    s->api.downloads = downloads_new();
    s->api.caches = caches_new(loops_count(s->options));
    if (!s->api.metrics || !s->api.running || !s->api.downloads || !s->api.caches ||
        usage_calls_new(METER_API_CALLS, CALLS_ACCOUNTS_MAX, &s->api.calls) != 0)
        return err_set(reterr, ERR_NO_MEMORY, "memory of requests");
    return 0;
}

static int work_start(struct service *s, struct err *reterr)
{
    const struct workers_config config = {
        .committer = s->committer,
        .blobs = s->api.blobs,
        .audio = s->api.audio,
        .engines = s->api.engines,
        .board = s->api.board,
        .roster = s->api.roster,
        .lease_us = LEASE_US,
        .no_space_us = NO_SPACE_US,
    };
    const int rc = workers_start(&config, &s->workers, reterr);

    return rc ? rc : janitor_start(s, &s->janitor, reterr);
}

/* No more than there may be open files for: without one, nothing that a connection asks for
 * could be done. */
static int64_t connections_max(const struct options *o)
{
    struct rlimit files;
    int64_t most;

    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= INT64_MAX)
        return o->connections_max;
    most = ((int64_t)files.rlim_cur - FILES_BESIDE) / FILES_PER_CONNECTION;
    if (most >= o->connections_max)
        return o->connections_max;
    most = most > 1 ? most : 1;
    log_write(LOG_WARNING, "few_files", LOG_INT("files_max", files.rlim_cur),
              LOG_INT("connections_max", most));
    return most;
}

static int http_start(struct service *s, struct err *reterr)
{
    const struct options *o = s->options;
    const struct http_options http = {
        .listen = o->listen,
        .loops = loops_count(o),
        .connections_max = connections_max(o),
        .request_timeout_us = o->request_timeout_us,
        .upload_timeout_us = o->upload_timeout_us,
        .idle_timeout_us = o->idle_timeout_us,
        .work_threads = WORK_THREADS_PER_CORE * cores(),
        .work_max = WORK_MAX,
    };
    struct http_app app;

    api_app(&s->api, &app);
    store_hooks(s, &app);
    return http_server_start(&http, &app, &s->api.server, reterr);
}

static int data_dir_make(const char *dir, struct err *reterr)
{
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return err_set_errno(reterr, errno, dir);
    if (access(dir, R_OK | W_OK | X_OK) != 0)
        return err_set_errno(reterr, errno, dir);
    return 0;
}

int service_start(const struct options *options, struct service **ret, struct err *reterr)
{
    static int (*const steps[])(struct service *, struct err *) = {
        store_start, auth_start, files_start, memory_start, work_start, http_start,
    };
    struct service *s = calloc(1, sizeof *s);
    int rc;

    if (!s)
        return err_set(reterr, ERR_NO_MEMORY, "service");
    s->options = options;
    s->api.options = options;
    s->api.server_state = s;
    s->api.submit = store_submit;
    s->api.store_health = store_health;
    rc = data_dir_make(options->data_dir, reterr);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && rc == 0; i++)
        rc = steps[i](s, reterr);
    if (rc == 0) {
        audio_host_warm(s->api.audio);
        *ret = s;
        s = NULL;
    }
    service_stop(&s);
    return rc;
}

int service_port(const struct service *service)
{
    return http_server_port(service->api.server);
}

void service_stop(struct service **service)
{
    struct service *s = *service;
    int64_t end_us, left_us;

    if (!s)
        return;
    end_us = clock_monotonic_us() + s->options->grace_us;
    http_server_stop(&s->api.server, s->options->grace_us);
    left_us = end_us - clock_monotonic_us();
    workers_stop(&s->workers, left_us > 0 ? left_us : 0);
    janitor_stop(&s->janitor);
    committer_stop(&s->committer);
    audio_host_free(&s->api.audio);
    exec_engines_free(&s->api.engines);
    roster_free(&s->api.roster);
    progress_board_free(&s->api.board);
    blob_store_close(&s->api.blobs);
    usage_calls_free(&s->api.calls);
    metrics_free(&s->api.metrics);
    running_free(&s->api.running);
    downloads_free(&s->api.downloads);
    caches_free(&s->api.caches);
    auth_free(&s->api.auth);
    free(s);
    *service = NULL;
}
