#include "worker/worker.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "audio/audio.h"
#include "audio/exec.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "blob/blob.h"
#include "jobs/jobs.h"
#include "jobs/progress.h"
#include "jobs/roster.h"
#include "store/committer.h"
#include "worker/outputs.h"

enum {
    IDLE_US = 1000000,
    FULL_US = 5000000, /* between tries while the disk is full */
    RETRY_US = 200000,
    STORED_BYTES_PER_S = 10 << 20, /* by a slow disk */
};

struct workers {
    struct workers_config config;
    atomic_bool is_stopping; /* claim nothing more */
    atomic_bool is_cutting;  /* give back what runs */
    char name[64];
    int count;
    struct worker {
        struct workers *all;
        int number; /* in the roster */
        pthread_t thread;
    } each[];
};

/* One job in one thread's hands. */
struct run {
    struct workers *workers;
    struct job job;
    int64_t renew_at_us; /* monotonic */
    int permille;        /* last reported */
    bool is_lost;        /* another has the job, or nobody wants it any more */
    bool is_put_off;     /* the disk was full */
    enum roster_end end;
};

/* ---- steps through the committer ---- */

struct step {
    struct commit_op op; /* first */
    struct run *run;
    const struct job_outcome *outcome;
    const char *reason;
    int64_t lease_us;
    bool counts, found;
};

static struct step *step_of(struct commit_op *op)
{
    return (struct step *)(void *)op;
}

/* Succeeds without a job too: claiming may have failed others for good. */
static int claim_apply(struct db *db, struct commit_op *op, struct err *reterr)
{
    struct step *s = step_of(op);
    const int rc = jobs_claim(db, s->run->workers->name, clock_now_us(),
                              s->run->workers->config.lease_us, &s->run->job);

    (void)reterr;
    s->found = rc == 0;
    return rc == ERR_NOT_FOUND ? 0 : rc;
}

static int renew_apply(struct db *db, struct commit_op *op, struct err *reterr)
{
    const struct step *s = step_of(op);

    (void)reterr;
    return jobs_renew(db, &s->run->job, clock_now_us(), s->lease_us);
}

static int finish_apply(struct db *db, struct commit_op *op, struct err *reterr)
{
    const struct step *s = step_of(op);

    (void)reterr;
    return jobs_finish(db, &s->run->job, s->outcome, clock_now_us());
}

static int give_back_apply(struct db *db, struct commit_op *op, struct err *reterr)
{
    const struct step *s = step_of(op);

    (void)reterr;
    return jobs_give_back(db, &s->run->job, s->reason, s->counts, clock_now_us());
}

static int put_off_apply(struct db *db, struct commit_op *op, struct err *reterr)
{
    const struct step *s = step_of(op);
    const int64_t now_us = clock_now_us();

    (void)reterr;
    return jobs_put_off(db, &s->run->job, now_us + s->run->workers->config.no_space_us,
                        now_us);
}

static int step_run(struct run *r, struct step *s,
                    int (*apply)(struct db *db, struct commit_op *op, struct err *reterr))
{
    s->run = r;
    s->op.apply = apply;
    return committer_run(r->workers->config.committer, &s->op);
}

/* A step of a job that is in hand is not refused when the queue is full: there are no more
 * of them than workers. */
static int step_run_owed(struct run *r, struct step *s,
                         int (*apply)(struct db *db, struct commit_op *op,
                                      struct err *reterr))
{
    const int rc = step_run(r, s, apply);

    if (rc != ERR_BUSY)
        return rc;
    s->op.is_owed = true;
    return step_run(r, s, apply);
}

/* An outcome must not be lost to a moment's trouble: tried until the lease would be over.
 */
static int step_insist(struct run *r, struct step *s,
                       int (*apply)(struct db *db, struct commit_op *op,
                                    struct err *reterr))
{
    const int64_t end_us = clock_monotonic_us() + r->workers->config.lease_us;
    int rc;

    do {
        rc = step_run_owed(r, s, apply);
        if (rc == 0 || rc == ERR_CONFLICT || rc == ERR_NOT_FOUND)
            return rc;
        (void)usleep(RETRY_US);
    } while (clock_monotonic_us() < end_us);
    log_write(LOG_ERROR, "outcome_not_recorded", LOG_STR("job_id", r->job.job_id),
              LOG_STR("error", s->op.err.text));
    return rc;
}

/* ---- one job ---- */

/* For the lease's time, and longer where something takes longer. */
static void run_renew(struct run *r, int64_t longer_us)
{
    const int64_t lease_us = r->workers->config.lease_us;
    struct step s = { .lease_us = lease_us + longer_us };

    r->renew_at_us = clock_monotonic_us() + lease_us / 3;
    r->is_lost = step_run_owed(r, &s, renew_apply) == ERR_CONFLICT;
}

static int run_progress(void *ctx, int permille)
{
    struct run *r = ctx;

    struct progress_board *board = r->workers->config.board;
    const struct view id = view_of(r->job.job_id);
    struct progress before;

    if (!progress_read(board, id, &before) || clock_monotonic_us() >= r->renew_at_us)
        run_renew(r, 0); /* it was ended elsewhere, or it is time */
    if (!r->is_lost && permille / 10 != r->permille / 10)
        progress_report(board, id, (struct progress){ .permille = permille });
    r->permille = permille;
    return r->is_lost || atomic_load(&r->workers->is_cutting);
}

/* By an engine of ours, which has one result. */
static int run_own(struct run *r, struct audio_task *task, struct outputs *o,
                   struct audio_work *ret, struct err *err)
{
    struct audio_result result;
    int rc = outputs_open(o, "", &task->output_fd, &task->output_bytes_max, err);

    if (rc == 0)
        rc = audio_process(r->workers->config.audio, task, &result, err);
    if (rc)
        return rc;
    *ret = (struct audio_work){ result.input.duration_us, result.processing_us };
    return outputs_done(o, &result, err);
}

static int run_process(struct run *r, struct outputs *o, struct audio_work *ret,
                       struct err *err)
{
    struct audio_task task = { .type = r->job.processing_type,
                               .format = r->job.choice.output_format,
                               .loudness_normalise = r->job.choice.loudness_normalise,
                               .duration_us = r->job.duration_us,
                               .progress = run_progress,
                               .ctx = r };
    const struct exec_results results = { outputs_open, outputs_done, o };
    const struct exec_engines *engines = r->workers->config.engines;
    int64_t bytes;
    int rc;

    if (!audio_strength_of(view_of(r->job.choice.strength), &task.strength))
        return err_set(err, ERR_INVALID, "There is no strength %s.",
                       r->job.choice.strength);
    rc = blob_open(r->workers->config.blobs, r->job.input_blob, &task.input_fd, &bytes,
                   err);

    if (rc == ERR_NOT_FOUND)
        return err_set(err, ERR_GONE, "The uploaded file is missing.");
    if (rc)
        return rc;
    if (exec_engines_serve(engines, view_of(task.type)))
        rc = exec_process(engines, r->workers->config.audio, &task, &results, ret, err);
    else
        rc = run_own(r, &task, o, ret, err);
    (void)close(task.input_fd);
    return rc;
}

/* Reading a large result back and syncing it may take longer than the lease, and nothing
 * renews it meanwhile. */
static int run_store(struct run *r, struct outputs *o, struct err *err)
{
    const int64_t most_us = o->bytes * CLOCK_SECOND_US / STORED_BYTES_PER_S;

    if (most_us > r->workers->config.lease_us / 3)
        run_renew(r, most_us);
    return outputs_commit(o, err);
}

/* A full disk is no fault of the job's: it waits, until its files expire. */
static void run_put_off(struct run *r, const struct err *err)
{
    struct step s = { 0 };

    r->is_put_off = true;
    log_write(LOG_WARNING, "job_put_off", LOG_STR("job_id", r->job.job_id),
              LOG_STR("error", err->text));
    (void)step_insist(r, &s, put_off_apply);
}

static void run_completed(struct run *r, struct outputs *o, struct audio_work work)
{
    struct job_outcome outcome = { .completed = true,
                                   .outputs = o->list,
                                   .outputs_count = o->count,
                                   .processing_us = work.processing_us,
                                   .duration_us = work.duration_us };
    struct step s = { .outcome = &outcome };
    struct err err = { 0 };
    const int rc = run_store(r, o, &err);

    if (rc == ERR_NO_SPACE) {
        run_put_off(r, &err);
        return;
    }
    if (rc) {
        outcome = (struct job_outcome){ .error = "The result could not be stored.",
                                        .processing_us = work.processing_us };
        log_write(LOG_ERROR, "result_not_stored", LOG_STR("job_id", r->job.job_id),
                  LOG_STR("error", err.text));
    }
    if (step_insist(r, &s, finish_apply) == 0)
        r->end = rc ? ROSTER_FAILED : ROSTER_COMPLETED;
    else if (rc == 0)
        outputs_discard(o);
}

/* The server's trouble, not the file's, in the words of whatever met it. Else the text is a
 * sentence for the file's owner. */
static bool is_our_trouble(int rc)
{
    return rc == ERR_IO || rc == ERR_NO_MEMORY || rc == ERR_CORRUPT || rc == ERR_INTERNAL;
}

static void run_failed(struct run *r, int rc, const struct err *err, int64_t elapsed_us)
{
    const bool is_ours = is_our_trouble(rc);
    const char *told = is_ours ? "The server could not process the file. Try again later."
                               : err->text;
    const struct job_outcome outcome = { .error = told, .processing_us = elapsed_us };
    struct step s = { .outcome = &outcome,
                      .reason = told,
                      .counts = rc == ERR_CRASHED || is_ours };

    if (r->is_lost)
        return;
    if (rc == ERR_NO_SPACE) {
        run_put_off(r, err);
        return;
    }
    if (rc == ERR_CANCELLED) { /* the server stops: its next start goes on with the job */
        log_write(LOG_INFO, "job_given_back", LOG_STR("job_id", r->job.job_id));
        (void)step_insist(r, &s, give_back_apply);
        return;
    }
    log_write(LOG_WARNING, "job_failed", LOG_STR("job_id", r->job.job_id),
              LOG_STR("code", err_name(rc)), LOG_STR("error", err->text),
              LOG_INT("attempt", r->job.attempts));
    if (step_insist(r, &s, s.counts ? give_back_apply : finish_apply) == 0 &&
        (!s.counts || r->job.attempts >= JOB_ATTEMPTS_MAX))
        r->end = ROSTER_FAILED;
}

static void run_job(struct run *r)
{
    const int64_t started_us = clock_monotonic_us();
    const struct workers_config *c = &r->workers->config;
    struct audio_work work = { 0, 0 };
    struct outputs outputs;
    struct err err = { 0 };
    int rc;

    r->renew_at_us = started_us + r->workers->config.lease_us / 3;
    progress_report(c->board, view_of(r->job.job_id), (struct progress){ 0 });
    rc = outputs_init(
        &outputs, c->blobs, &r->job,
        exec_engines_results_most(c->engines, view_of(r->job.processing_type)), &err);
    if (rc == 0)
        rc = run_process(r, &outputs, &work, &err);
    if (rc == 0)
        run_completed(r, &outputs, work);
    else
        run_failed(r, rc, &err, clock_monotonic_us() - started_us);
    outputs_release(&outputs);
    progress_report(c->board, view_of(r->job.job_id),
                    (struct progress){ .permille = 1000, .is_over = true });
}

static void *worker_thread(void *context)
{
    const struct worker *worker = context;
    struct workers *w = worker->all;
    struct roster *roster = w->config.roster;

    while (!atomic_load(&w->is_stopping)) {
        struct run r = { .workers = w, .end = ROSTER_RETURNED };
        struct step s = { 0 };

        if (step_run(&r, &s, claim_apply) != 0 || !s.found) {
            progress_work_wait(w->config.board, IDLE_US);
            continue;
        }
        roster_begin(roster, worker->number, r.job.job_id, clock_now_us());
        run_job(&r);
        roster_end(roster, worker->number, r.end, clock_now_us());
        if (r.is_put_off)
            progress_work_wait(w->config.board, FULL_US);
    }
    return NULL;
}

int workers_start(const struct workers_config *config, struct workers **ret,
                  struct err *reterr)
{
    const int wanted = roster_count(config->roster);
    struct workers *w = calloc(1, sizeof *w + (size_t)wanted * sizeof w->each[0]);
    int errnum = 0;

    if (!w)
        return err_set(reterr, ERR_NO_MEMORY, "workers");
    w->config = *config;
    (void)snprintf(w->name, sizeof w->name, "pid-%ld", (long)getpid());
    while (w->count < wanted && errnum == 0) {
        struct worker *worker = &w->each[w->count];

        *worker = (struct worker){ .all = w, .number = w->count };
        errnum = thread_start(&worker->thread, "worker", worker_thread, worker);
        w->count += errnum == 0;
    }
    if (errnum) {
        workers_stop(&w, 0);
        return err_set_errno(reterr, errnum, "worker thread");
    }
    *ret = w;
    return 0;
}

void workers_stop(struct workers **workers, int64_t grace_us)
{
    struct workers *w = *workers;
    const int64_t end_us = clock_monotonic_us() + grace_us;

    if (!w)
        return;
    atomic_store(&w->is_stopping, true);
    for (int i = 0; i < w->count; i++)
        progress_work_ready(w->config.board);
    for (int i = 0; i < w->count; i++) {
        const int64_t left_us = end_us - clock_monotonic_us();
        const int64_t until_us = clock_now_us() + (left_us > 0 ? left_us : 0);
        const struct timespec until = { .tv_sec = until_us / CLOCK_SECOND_US,
                                        .tv_nsec = until_us % CLOCK_SECOND_US * 1000 };

        progress_work_ready(w->config.board);
        if (pthread_timedjoin_np(w->each[i].thread, NULL, &until) == 0)
            continue;
        atomic_store(&w->is_cutting, true);
        (void)pthread_join(w->each[i].thread, NULL);
    }
    free(w);
    *workers = NULL;
}
