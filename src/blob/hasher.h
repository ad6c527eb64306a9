/* The running BLAKE2b-256 (RFC 7693) of a file that is being written: without SHA
 * instructions, which many servers' processors lack, SHA-256 takes four times as long and
 * was half of an upload's cost. A large file's bytes are hashed by a thread of its own,
 * which reads them back from the page cache, so that the writer (an event loop) can go on
 * receiving; small ones, and those past a few at a time, as they come. Inside blob/ only;
 * one writer thread per hasher. */
#ifndef BLOB_HASHER_H
#define BLOB_HASHER_H

#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HASHER_DIGEST_BYTES = crypto_generichash_blake2b_BYTES };

struct hasher {
    crypto_generichash_blake2b_state state; /* aligned to 64 bytes, and so is a hasher */
    int fd;                                 /* borrowed */
    atomic_int *threads;                    /* of all hashers of a store; NULL: use none */
    atomic_bool is_abandoned;
    bool has_thread;
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows once the thread runs */
    pthread_cond_t wake;
    int64_t written_bytes, told_bytes, hashed_bytes;
    bool is_complete;
    int errnum;
};

/* Starts over an empty file. `threads`, 0 at first, is shared by a store's hashers. */
void hasher_init(struct hasher *h, int fd, atomic_int *threads);
/* `bytes` were appended to the file. */
void hasher_add(struct hasher *h, const void *bytes, size_t len);
/* Waits for the thread if there is one. 0 or an errno of reading back. Once per hasher. */
int hasher_final(struct hasher *h, unsigned char digest[HASHER_DIGEST_BYTES]);
/* Ends a hasher, finished or not; what was not hashed yet stays so. */
void hasher_release(struct hasher *h);

#endif
