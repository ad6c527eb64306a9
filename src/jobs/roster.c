#include "jobs/roster.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct roster {
    pthread_mutex_t mutex;
    int64_t started_us;
    int count;
    struct roster_worker workers[];
};

int roster_new(int workers, int64_t now_us, struct roster **ret)
{
    struct roster *r = calloc(1, sizeof *r + (size_t)workers * sizeof r->workers[0]);

    if (!r)
        return ERR_NO_MEMORY;
    (void)pthread_mutex_init(&r->mutex, NULL);
    r->started_us = now_us;
    r->count = workers;
    for (int i = 0; i < workers; i++)
        r->workers[i].since_us = now_us;
    *ret = r;
    return 0;
}

void roster_free(struct roster **roster)
{
    struct roster *r = *roster;

    *roster = NULL;
    if (!r)
        return;
    (void)pthread_mutex_destroy(&r->mutex);
    free(r);
}

void roster_begin(struct roster *roster, int number, const char *job_id, int64_t now_us)
{
    struct roster_worker *w = &roster->workers[number];

    (void)pthread_mutex_lock(&roster->mutex);
    memset(w->job_id, 0, sizeof w->job_id);
    memcpy(w->job_id, job_id, strnlen(job_id, sizeof w->job_id - 1));
    w->since_us = now_us;
    (void)pthread_mutex_unlock(&roster->mutex);
}

void roster_end(struct roster *roster, int number, enum roster_end end, int64_t now_us)
{
    struct roster_worker *w = &roster->workers[number];

    (void)pthread_mutex_lock(&roster->mutex);
    w->busy_us += now_us - w->since_us;
    w->ended[end]++;
    w->job_id[0] = '\0';
    w->since_us = now_us;
    (void)pthread_mutex_unlock(&roster->mutex);
}

int roster_count(const struct roster *roster)
{
    return roster->count;
}

int64_t roster_started_us(const struct roster *roster)
{
    return roster->started_us;
}

struct roster_worker roster_read(struct roster *roster, int number, int64_t now_us)
{
    struct roster_worker w;

    (void)pthread_mutex_lock(&roster->mutex);
    w = roster->workers[number];
    (void)pthread_mutex_unlock(&roster->mutex);
    if (w.job_id[0] && now_us > w.since_us)
        w.busy_us += now_us - w.since_us;
    return w;
}
