#include "cli/context.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "whazz/usage.h"

int cli_fail(const char *format, ...)
{
    va_list args;

    fprintf(stderr, "whazz: ");
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\n");
    return 1;
}

bool cli_flag_take(int *argc, char **argv, const char *flag)
{
    bool found = false;
    int kept = 0;

    for (int i = 0; i < *argc; i++) {
        if (strcmp(argv[i], flag) == 0)
            found = true;
        else
            argv[kept++] = argv[i];
    }
    *argc = kept;
    return found;
}

bool cli_context_load(struct cli_context *c, int argc, char **argv, bool *json)
{
    struct err err = { 0 };

    if (json)
        *json = cli_flag_take(&argc, argv, "--json");
    *c = (struct cli_context){ .rest = calloc((size_t)argc + 1, sizeof *c->rest) };
    if (!c->rest)
        return false;
    if (options_load(argc, argv, &c->options, c->rest, &c->rest_count, &err) != 0) {
        (void)cli_fail("%s", err.text);
        free(c->rest);
        return false;
    }
    if (usage_zone_set(c->options.day_zone) == 0)
        return true;
    (void)cli_fail("--day-zone: %s is not a time zone known here", c->options.day_zone);
    cli_context_release(c);
    return false;
}

void cli_context_release(struct cli_context *c)
{
    options_release(&c->options);
    free(c->rest);
}

struct db *cli_db_open(const struct cli_context *c)
{
    struct db *db = NULL;
    struct err err = { 0 };

    if (db_open(c->options.database, DB_READ, &db, &err) == 0 && db_begin(db) == 0 &&
        db_schema_check(db, &err) == 0)
        return db;
    (void)cli_fail("%s", err.text[0] ? err.text : "the database cannot be read");
    db_close(&db);
    return NULL;
}

struct write_op {
    struct commit_op op; /* first */
    int (*work)(struct db *db, void *ctx, struct err *reterr);
    void *ctx;
};

static int write_apply(struct db *db, struct commit_op *op, struct err *reterr)
{
    const struct write_op *w = (const struct write_op *)(void *)op;

    return w->work(db, w->ctx, reterr);
}

int cli_db_write(const struct cli_context *c,
                 int (*work)(struct db *db, void *ctx, struct err *reterr), void *ctx,
                 struct err *reterr)
{
    struct write_op w = { .op = { .apply = write_apply }, .work = work, .ctx = ctx };
    struct committer *committer = NULL;
    int rc = committer_start(c->options.database, 1, &committer, reterr);

    if (rc)
        return rc;
    rc = committer_run(committer, &w.op);
    if (rc)
        *reterr = w.op.err;
    committer_stop(&committer);
    return rc;
}
