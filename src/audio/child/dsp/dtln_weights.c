#include "audio/child/dsp/dtln_weights.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum { LARGE_PAGE_BYTES = 2 << 20 };

static const struct dtln_weights *held = &dtln_weights;

const struct dtln_weights *dtln_weights_held(void)
{
    return held;
}

void dtln_weights_gather(void)
{
    const size_t bytes = (sizeof dtln_weights + LARGE_PAGE_BYTES - 1) / LARGE_PAGE_BYTES *
                         LARGE_PAGE_BYTES;
    char *room = mmap(NULL, bytes + LARGE_PAGE_BYTES, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *at;

    if (room == MAP_FAILED)
        return;
    at = room + (LARGE_PAGE_BYTES - (uintptr_t)room % LARGE_PAGE_BYTES) % LARGE_PAGE_BYTES;
    (void)madvise(at, bytes, MADV_HUGEPAGE);
    memcpy(at, &dtln_weights, sizeof dtln_weights);
    (void)mprotect(at, bytes, PROT_READ);
    held = (const struct dtln_weights *)(const void *)at;
}
