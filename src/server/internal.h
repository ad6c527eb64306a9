/* What the files of server/ share. Inside server/ only. */
#ifndef SERVER_INTERNAL_H
#define SERVER_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include "server/api/api.h"
#include "store/committer.h"
#include "worker/worker.h"

struct service {
    const struct options *options;
    struct committer *committer;
    struct workers *workers;
    struct api api;
    struct janitor *janitor;
};

/* Fills in the database's part of the transport's application: see store_hooks.c. */
void store_hooks(struct service *service, struct http_app *app);
int store_submit(struct api *api, const struct api_op *op);
int store_health(struct api *api, struct err *reterr);

/* The janitor: one thread that writes the calls counted in memory every second, and now and
 * then expires files, holds and sessions and removes what crashes left behind. */
MUST_CHECK int janitor_start(struct service *service, struct janitor **ret,
                             struct err *reterr);
/* Writes the calls once more. Accepts NULL. */
void janitor_stop(struct janitor **janitor);

#endif
