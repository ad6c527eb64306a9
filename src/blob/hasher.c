#include "blob/hasher.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/thread.h"

enum {
    APART_BYTES = 4 << 20, /* from this size on a thread is worth its start */
    PIECE_BYTES = 256 << 10,
    TELL_BYTES = 1 << 20, /* waking the thread costs more than a small piece does */
    THREADS_MAX = 4,
};

void hasher_init(struct hasher *h, int fd, atomic_int *threads)
{
    *h = (struct hasher){ .fd = fd, .threads = threads };
    (void)pthread_mutex_init(&h->lock, NULL);
    (void)pthread_cond_init(&h->wake, NULL);
    (void)crypto_generichash_blake2b_init(&h->state, NULL, 0, HASHER_DIGEST_BYTES);
}

/* Hashes the file's bytes up to `end`. */
static int catch_up(struct hasher *h, unsigned char *piece, int64_t end)
{
    while (h->hashed_bytes < end && !atomic_load(&h->is_abandoned)) {
        const int64_t left = end - h->hashed_bytes;
        const ssize_t got = pread(
            h->fd, piece, left < PIECE_BYTES ? (size_t)left : PIECE_BYTES, h->hashed_bytes);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? errno : EIO;
        (void)crypto_generichash_blake2b_update(&h->state, piece, (size_t)got);
        h->hashed_bytes += got;
    }
    return 0;
}

/* How far the file has come; false when nothing follows. */
static bool wait_for_bytes(struct hasher *h, int64_t *ret_end)
{
    bool more;

    (void)pthread_mutex_lock(&h->lock);
    while (h->told_bytes == h->hashed_bytes && !h->is_complete)
        (void)pthread_cond_wait(&h->wake, &h->lock);
    more = h->told_bytes > h->hashed_bytes && !atomic_load(&h->is_abandoned);
    *ret_end = h->told_bytes;
    (void)pthread_mutex_unlock(&h->lock);
    return more;
}

static void *hash_thread(void *context)
{
    struct hasher *h = context;
    unsigned char *piece = malloc(PIECE_BYTES);
    int64_t end;

    h->errnum = piece ? 0 : ENOMEM;
    while (h->errnum == 0 && wait_for_bytes(h, &end))
        h->errnum = catch_up(h, piece, end);
    free(piece);
    return NULL;
}

/* Without a thread, for want of one, hashing goes on as before. */
static void hash_apart(struct hasher *h)
{
    if (atomic_fetch_add(h->threads, 1) < THREADS_MAX)
        h->has_thread = thread_start(&h->thread, "hash", hash_thread, h) == 0;
    if (!h->has_thread)
        (void)atomic_fetch_sub(h->threads, 1);
}

static void tell(struct hasher *h, bool is_complete)
{
    (void)pthread_mutex_lock(&h->lock);
    h->told_bytes = h->written_bytes;
    h->is_complete = is_complete;
    (void)pthread_cond_signal(&h->wake);
    (void)pthread_mutex_unlock(&h->lock);
}

static void thread_end(struct hasher *h)
{
    (void)pthread_join(h->thread, NULL);
    (void)atomic_fetch_sub(h->threads, 1);
    h->has_thread = false;
}

void hasher_add(struct hasher *h, const void *bytes, size_t len)
{
    const int64_t before = h->written_bytes;

    h->written_bytes += (int64_t)len;
    if (h->has_thread) {
        if (h->written_bytes / TELL_BYTES > before / TELL_BYTES)
            tell(h, false);
        return;
    }
    (void)crypto_generichash_blake2b_update(&h->state, bytes, len);
    if (h->threads && before < APART_BYTES && h->written_bytes >= APART_BYTES) {
        h->hashed_bytes = h->told_bytes = h->written_bytes;
        hash_apart(h);
    }
}

int hasher_final(struct hasher *h, unsigned char digest[HASHER_DIGEST_BYTES])
{
    if (h->has_thread) {
        tell(h, true);
        thread_end(h);
    }
    (void)crypto_generichash_blake2b_final(&h->state, digest, HASHER_DIGEST_BYTES);
    return h->errnum;
}

void hasher_release(struct hasher *h)
{
    if (h->has_thread) {
        atomic_store(&h->is_abandoned, true);
        tell(h, true);
        thread_end(h);
    }
    (void)pthread_cond_destroy(&h->wake);
    (void)pthread_mutex_destroy(&h->lock);
}
