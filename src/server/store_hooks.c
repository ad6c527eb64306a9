#include "server/internal.h"

#include <assert.h>
#include <stdlib.h>
#include "store/db.h"

static struct service *service_of(void *state)
{
    return ((struct api *)state)->server_state;
}

static int hook_db_open(void *state, struct db **ret, struct err *reterr)
{
    return db_open(service_of(state)->options->database, DB_READ, ret, reterr);
}

static int hook_db_begin(struct db *db, int64_t *ret_version)
{
    const int rc = db_begin(db);

    return rc ? rc : db_get_int(db, STMT_DATA_VERSION, NULL, 0, ret_version);
}

static void hook_db_end(struct db *db)
{
    if (db_commit(db) != 0)
        db_rollback(db);
}

static unsigned long hook_generation(void *state)
{
    return committer_generation(service_of(state)->committer);
}

/* The transport's trip as an operation, in the room it left for one. */
struct request_op {
    struct commit_op op; /* first */
    struct http_write *write;
};

static_assert(sizeof(struct request_op) <= sizeof((struct http_write *)0)->application,
              "the operation fits into the request");

static int request_apply(struct db *db, struct commit_op *op, struct err *reterr)
{
    struct http_write *write = ((struct request_op *)(void *)op)->write;

    return write->run(write, db, reterr);
}

static void request_done(struct commit_op *op)
{
    struct http_write *write = ((struct request_op *)(void *)op)->write;

    write->done(write, op->rc, &op->err);
}

static int hook_write(void *state, struct http_write *write)
{
    struct request_op *r = (struct request_op *)(void *)write->application;

    *r = (struct request_op){ .op = { .apply = request_apply, .done = request_done },
                              .write = write };
    return committer_submit(service_of(state)->committer, &r->op);
}

void store_hooks(struct service *service, struct http_app *app)
{
    (void)service;
    app->db_open = hook_db_open;
    app->db_close = db_close;
    app->db_begin = hook_db_begin;
    app->db_end = hook_db_end;
    app->generation = hook_generation;
    app->write = hook_write;
}

struct late_op {
    struct commit_op op; /* first */
    struct api_op api_op;
};

static int late_apply(struct db *db, struct commit_op *op, struct err *reterr)
{
    const struct api_op *a = &((struct late_op *)(void *)op)->api_op;

    return a->apply(db, a->ctx, reterr);
}

static void late_done(struct commit_op *op)
{
    struct late_op *late = (struct late_op *)(void *)op;

    late->api_op.done(late->api_op.ctx, op->rc, &op->err);
    free(late);
}

int store_submit(struct api *api, const struct api_op *op)
{
    struct service *service = api->server_state;
    struct late_op *late = malloc(sizeof *late);
    int rc;

    if (!late)
        return ERR_NO_MEMORY;
    *late = (struct late_op){
        .op = { .apply = late_apply, .done = late_done, .is_owed = op->is_owed },
        .api_op = *op,
    };
    rc = committer_submit(service->committer, &late->op);
    if (rc)
        free(late);
    return rc;
}

int store_health(struct api *api, struct err *reterr)
{
    return committer_health(((struct service *)api->server_state)->committer, reterr);
}
