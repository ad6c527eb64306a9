#include "base/pool.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include "base/thread.h"

struct pool {
    pthread_mutex_t lock;
    pthread_cond_t queued;
    struct pool_task *first, *last;
    size_t count, tasks_max;
    bool stopping;
    int threads_count;
    pthread_t threads[];
};

static struct pool_task *task_take(struct pool *p)
{
    struct pool_task *task;

    (void)pthread_mutex_lock(&p->lock);
    while (!p->first && !p->stopping)
        (void)pthread_cond_wait(&p->queued, &p->lock);
    task = p->first;
    if (task) {
        p->first = task->next;
        p->last = p->first ? p->last : NULL;
        p->count--;
    }
    (void)pthread_mutex_unlock(&p->lock);
    return task;
}

static void *pool_thread(void *ctx)
{
    struct pool_task *task;

    while ((task = task_take(ctx)) != NULL)
        task->run(task);
    return NULL;
}

int pool_start(const char *name, int threads, size_t tasks_max, struct pool **ret,
               struct err *reterr)
{
    struct pool *p = calloc(1, sizeof *p + (size_t)threads * sizeof p->threads[0]);
    int errnum = 0;

    if (!p)
        return err_set(reterr, ERR_NO_MEMORY, "thread pool");
    p->tasks_max = tasks_max;
    (void)pthread_mutex_init(&p->lock, NULL);
    (void)pthread_cond_init(&p->queued, NULL);
    while (p->threads_count < threads && errnum == 0) {
        errnum = thread_start(&p->threads[p->threads_count], name, pool_thread, p);
        p->threads_count += errnum == 0;
    }
    if (errnum) {
        pool_stop(&p);
        return err_set_errno(reterr, errnum, "thread pool");
    }
    *ret = p;
    return 0;
}

int pool_submit(struct pool *p, struct pool_task *task)
{
    int rc = 0;

    task->next = NULL;
    (void)pthread_mutex_lock(&p->lock);
    if (p->stopping || p->count >= p->tasks_max) {
        rc = ERR_BUSY;
    } else {
        if (p->last)
            p->last->next = task;
        else
            p->first = task;
        p->last = task;
        p->count++;
        (void)pthread_cond_signal(&p->queued);
    }
    (void)pthread_mutex_unlock(&p->lock);
    return rc;
}

void pool_stop(struct pool **p)
{
    if (!*p)
        return;
    (void)pthread_mutex_lock(&(*p)->lock);
    (*p)->stopping = true;
    (void)pthread_cond_broadcast(&(*p)->queued);
    (void)pthread_mutex_unlock(&(*p)->lock);
    for (int i = 0; i < (*p)->threads_count; i++)
        (void)pthread_join((*p)->threads[i], NULL);
    (void)pthread_cond_destroy(&(*p)->queued);
    (void)pthread_mutex_destroy(&(*p)->lock);
    free(*p);
    *p = NULL;
}
