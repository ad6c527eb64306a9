/* The idempotency keys of requests that are not answered yet, so that a second request with
 * the same key is refused rather than worked on twice. In this process only: across
 * processes and crashes the key's row decides (jobs/jobs.h). Any thread. */
#ifndef SERVER_API_RUNNING_H
#define SERVER_API_RUNNING_H

#include <stdbool.h>
#include "auth/auth.h"
#include "base/err.h"
#include "base/view.h"

struct running;

/* One request's place in the set: zeroed memory of the request's own, so that the set takes
 * none and holds as many keys as there are requests. */
struct running_key {
    bool is_held;
    int64_t user_id; /* 0: a guest's */
    char guest_id[AUTH_GUEST_ID_MAX + 1];
    struct view key; /* borrowed until running_end */
    struct running_key *next;
};

/* NULL when memory is out. */
struct running *running_new(void);
void running_free(
    struct running **running); /* accepts NULL; nothing may be held any more */

/* Holds the key for its caller. ERR_CONFLICT while another request of the same caller does.
 */
MUST_CHECK int running_begin(struct running *running, struct running_key *k,
                             const struct principal *principal, struct view key);
/* Lets it go; nothing when it is not held. */
void running_end(struct running *running, struct running_key *k);

#endif
