#include "server/api/running.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Keys made to collide are walked through one by one, as many as there are connections. */
enum { CHAINS = 1024 };

struct running {
    pthread_mutex_t mutex;
    struct running_key *chains[CHAINS];
};

struct running *running_new(void)
{
    struct running *r = calloc(1, sizeof *r);

    if (r)
        (void)pthread_mutex_init(&r->mutex, NULL);
    return r;
}

void running_free(struct running **running)
{
    if (!*running)
        return;
    (void)pthread_mutex_destroy(&(*running)->mutex);
    free(*running);
    *running = NULL;
}

/* FNV-1a over caller and key. */
static struct running_key **chain_of(struct running *r, const struct running_key *k)
{
    uint32_t hash = 2166136261u ^ (uint32_t)k->user_id;

    for (const char *c = k->guest_id; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    for (size_t i = 0; i < k->key.len; i++)
        hash = (hash ^ (unsigned char)k->key.ptr[i]) * 16777619u;
    return &r->chains[hash % CHAINS];
}

static bool is_same(const struct running_key *a, const struct running_key *b)
{
    return a->user_id == b->user_id && strcmp(a->guest_id, b->guest_id) == 0 &&
           a->key.len == b->key.len && memcmp(a->key.ptr, b->key.ptr, a->key.len) == 0;
}

int running_begin(struct running *r, struct running_key *k,
                  const struct principal *principal, struct view key)
{
    const bool is_user = principal->kind == PRINCIPAL_USER;
    struct running_key **chain, *other;

    *k = (struct running_key){ .user_id = is_user ? principal->account_id : 0, .key = key };
    /* A guest is known by its id before it has an account. */
    if (!is_user)
        memcpy(k->guest_id, principal->guest_id, sizeof k->guest_id);
    (void)pthread_mutex_lock(&r->mutex);
    chain = chain_of(r, k);
    for (other = *chain; other && !is_same(other, k); other = other->next)
        ;
    if (!other) {
        k->next = *chain;
        k->is_held = true;
        *chain = k;
    }
    (void)pthread_mutex_unlock(&r->mutex);
    return other ? ERR_CONFLICT : 0;
}

void running_end(struct running *r, struct running_key *k)
{
    struct running_key **link;

    if (!k->is_held)
        return;
    (void)pthread_mutex_lock(&r->mutex);
    for (link = chain_of(r, k); *link != k; link = &(*link)->next)
        ;
    *link = k->next;
    k->is_held = false;
    (void)pthread_mutex_unlock(&r->mutex);
}
