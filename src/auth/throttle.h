/* At most so many attempts per key in any stretch of time, in a fixed amount of memory.
 *
 * A window is counted in THROTTLE_PARTS parts: never more than `limit` attempts pass in any
 * `window_us`, and a slot comes back at most one part later than the exact moment. Keys are
 * kept as keyed hashes. When the table is full a key with the fewest attempts is forgotten,
 * so a flood of made-up keys does not free one that is near its limit. Any thread. */
#ifndef AUTH_THROTTLE_H
#define AUTH_THROTTLE_H

#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "base/view.h"

enum { THROTTLE_PARTS = 16 };

struct throttle;

/* `limit` 0 lets everything pass. `keys_max` is rounded up to a power of two, at least 8; a
 * key takes 104 bytes. ERR_NO_MEMORY, ERR_INVALID for a negative limit or a window shorter
 * than THROTTLE_PARTS microseconds. */
MUST_CHECK int throttle_new(int64_t limit, int64_t window_us, size_t keys_max,
                            struct throttle **ret, struct err *reterr);
/* Accepts NULL. */
void throttle_free(struct throttle **throttle);

/* Counts one attempt. ERR_THROTTLED, uncounted, with the seconds (at least 1) until the
 * next may pass in *ret_retry_s, which is 0 otherwise. A clock that goes back stands still.
 */
MUST_CHECK int throttle_count(struct throttle *t, struct view key, int64_t now_us,
                              int64_t *ret_retry_s);
/* Takes the latest attempt of `key` back; nothing when there is none. */
void throttle_forgive(struct throttle *t, struct view key);

#endif
