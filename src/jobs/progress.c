#include "jobs/progress.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/cond.h"

enum {
    JOBS_MAX = 1024,
    LISTENERS_MAX = 4096,
    JOB_ID_MAX = 64,
    READY_MAX = 64,
};

struct job_id {
    size_t len; /* 0: the slot is free */
    char text[JOB_ID_MAX];
};

struct entry {
    struct job_id job;
    struct progress progress;
};

struct listener {
    int64_t id; /* 0: removed; the slot is free once `calls` is 0 as well */
    int calls;  /* under way on any thread */
    struct job_id job;
    progress_listener call;
    void *ctx;
};

struct progress_board {
    pthread_mutex_t mutex;
    pthread_cond_t call_ended, work;
    int64_t latest_id;
    int ready; /* wake-ups that no worker has taken; kept, so none falls between two waits
                */
    size_t entries_used, listeners_used; /* slots beyond were never taken */
    struct entry entries[JOBS_MAX];
    struct listener listeners[LISTENERS_MAX];
};

/* The listeners that this thread is inside of, innermost first: one that unlistens itself
 * must not wait for itself to return. */
struct frame {
    const struct listener *listener;
    const struct frame *outer;
};

static _Thread_local const struct frame *frames;

static bool is_id(struct view id)
{
    return id.len > 0 && id.len <= JOB_ID_MAX;
}

static bool is_same(const struct job_id *job, struct view id)
{
    return job->len == id.len && memcmp(job->text, id.ptr, id.len) == 0;
}

static void set_id(struct job_id *job, struct view id)
{
    job->len = id.len;
    memcpy(job->text, id.ptr, id.len);
}

int progress_board_new(struct progress_board **ret)
{
    struct progress_board *b = calloc(1, sizeof *b);

    if (!b)
        return ERR_NO_MEMORY;
    (void)pthread_mutex_init(&b->mutex, NULL);
    (void)pthread_cond_init(&b->call_ended, NULL);
    cond_init(&b->work);
    *ret = b;
    return 0;
}

void progress_board_free(struct progress_board **board)
{
    struct progress_board *b = *board;

    *board = NULL;
    if (!b)
        return;
    (void)pthread_cond_destroy(&b->work);
    (void)pthread_cond_destroy(&b->call_ended);
    (void)pthread_mutex_destroy(&b->mutex);
    free(b);
}

static struct entry *find_entry(struct progress_board *b, struct view id)
{
    for (size_t i = 0; i < b->entries_used; i++) {
        if (is_same(&b->entries[i].job, id))
            return &b->entries[i];
    }
    return NULL;
}

static struct entry *add_entry(struct progress_board *b, struct view id)
{
    size_t i = 0;

    while (i < b->entries_used && b->entries[i].job.len != 0)
        i++;
    if (i == JOBS_MAX)
        return NULL;
    if (i == b->entries_used)
        b->entries_used++;
    set_id(&b->entries[i].job, id);
    return &b->entries[i];
}

/* Called and left with the mutex held, without it around each call. */
static void call_listeners(struct progress_board *b, struct view id)
{
    for (size_t i = 0; i < b->listeners_used; i++) {
        struct listener *l = &b->listeners[i];
        const struct frame frame = { l, frames };
        progress_listener call = l->call;
        void *ctx = l->ctx;

        if (l->id == 0 || !is_same(&l->job, id))
            continue;
        l->calls++;
        (void)pthread_mutex_unlock(&b->mutex);
        frames = &frame;
        call(ctx);
        frames = frame.outer;
        (void)pthread_mutex_lock(&b->mutex);
        l->calls--;
        (void)pthread_cond_broadcast(&b->call_ended);
    }
}

void progress_report(struct progress_board *board, struct view job_id,
                     struct progress progress)
{
    struct entry *e;

    if (!is_id(job_id))
        return;
    (void)pthread_mutex_lock(&board->mutex);
    e = find_entry(board, job_id);
    if (progress.is_over && e)
        e->job.len = 0;
    else if (!progress.is_over && !e)
        e = add_entry(board, job_id);
    if (e)
        e->progress = progress;
    call_listeners(board, job_id);
    (void)pthread_mutex_unlock(&board->mutex);
}

bool progress_read(struct progress_board *board, struct view job_id, struct progress *ret)
{
    const struct entry *e;

    if (!is_id(job_id))
        return false;
    (void)pthread_mutex_lock(&board->mutex);
    e = find_entry(board, job_id);
    if (e)
        *ret = e->progress;
    (void)pthread_mutex_unlock(&board->mutex);
    return e != NULL;
}

int progress_listen(struct progress_board *board, struct view job_id,
                    progress_listener listener, void *ctx, int64_t *ret_listener_id)
{
    struct listener *l;
    size_t i = 0;

    if (!is_id(job_id))
        return ERR_INVALID;
    (void)pthread_mutex_lock(&board->mutex);
    while (i < board->listeners_used &&
           (board->listeners[i].id != 0 || board->listeners[i].calls != 0))
        i++;
    if (i == LISTENERS_MAX) {
        (void)pthread_mutex_unlock(&board->mutex);
        return ERR_BUSY;
    }
    if (i == board->listeners_used)
        board->listeners_used++;
    l = &board->listeners[i];
    l->id = ++board->latest_id;
    l->call = listener;
    l->ctx = ctx;
    set_id(&l->job, job_id);
    *ret_listener_id = l->id;
    (void)pthread_mutex_unlock(&board->mutex);
    return 0;
}

static int own_calls(const struct listener *l)
{
    int calls = 0;

    for (const struct frame *f = frames; f; f = f->outer)
        calls += f->listener == l;
    return calls;
}

void progress_unlisten(struct progress_board *board, int64_t listener_id)
{
    size_t i = 0;

    if (listener_id <= 0)
        return;
    (void)pthread_mutex_lock(&board->mutex);
    while (i < board->listeners_used && board->listeners[i].id != listener_id)
        i++;
    if (i < board->listeners_used) {
        struct listener *l = &board->listeners[i];
        const int own = own_calls(l);

        l->id = 0;
        /* A slot that others reuse meanwhile has another id; this listener's calls ended.
         */
        while (l->id == 0 && l->calls > own)
            (void)pthread_cond_wait(&board->call_ended, &board->mutex);
    }
    (void)pthread_mutex_unlock(&board->mutex);
}

void progress_work_ready(struct progress_board *board)
{
    (void)pthread_mutex_lock(&board->mutex);
    if (board->ready < READY_MAX)
        board->ready++;
    (void)pthread_cond_signal(&board->work);
    (void)pthread_mutex_unlock(&board->mutex);
}

void progress_work_wait(struct progress_board *board, int64_t timeout_us)
{
    const int64_t wait_us = timeout_us < 0
                                ? 0
                                : (timeout_us > CLOCK_DAY_US ? CLOCK_DAY_US : timeout_us);
    const int64_t until_us = clock_monotonic_us() + wait_us;

    (void)pthread_mutex_lock(&board->mutex);
    while (board->ready == 0 && cond_wait_until(&board->work, &board->mutex, until_us))
        continue;
    if (board->ready > 0)
        board->ready--;
    (void)pthread_mutex_unlock(&board->mutex);
}
