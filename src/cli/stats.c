/* whazz stats: the figures of a user, a guest or the platform. */
#include <stdio.h>
#include <string.h>
#include "auth/auth.h"
#include "base/clock.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "jobs/meters.h"

enum { MEBIBYTE = 1 << 20 };

struct stats {
    int64_t account_id; /* 0: the platform */
    int64_t group_id;
    char title[320];
    struct usage_totals totals;
    struct usage_limit_state limits[2 * USAGE_LIMITS_MAX];
    size_t limits_count;
};

static int stats_find(struct db *db, const char *kind, const char *name, struct stats *s)
{
    struct user user;
    struct guest guest;
    int rc;

    if (strcmp(kind, "user") == 0) {
        rc = auth_user_find(db, view_of(name), &user);
        s->account_id = rc ? 0 : user.account_id;
    } else {
        rc = auth_guest_get(db, view_of(name), &guest);
        s->account_id = rc ? 0 : guest.account_id;
        s->group_id = rc ? 0 : guest.group_id;
    }
    (void)snprintf(s->title, sizeof s->title, "%s %s",
                   strcmp(kind, "user") ? "Guest" : "User", name);
    return rc;
}

static int stats_read(struct db *db, struct stats *s)
{
    const struct usage_subject subject = { s->account_id, s->group_id };

    if (s->account_id == 0)
        return usage_platform_read(db, &s->totals);
    if (usage_totals_read(db, s->account_id, &s->totals) != 0)
        return ERR_STORE;
    return usage_limits_read(db, &subject, clock_now_us(), s->limits, &s->limits_count);
}

/* ---- as a table ---- */

static void amount_format(int meter, int64_t amount, char *to, size_t size)
{
    if (amount < 0)
        (void)snprintf(to, size, "no limit");
    else if (strcmp(meters[meter].unit, "bytes") == 0)
        (void)snprintf(to, size, "%.2f MB", (double)amount / MEBIBYTE);
    else if (strcmp(meters[meter].unit, "us") == 0)
        (void)snprintf(to, size, "%.2f min", (double)amount / (double)CLOCK_MINUTE_US);
    else
        (void)snprintf(to, size, "%lld", (long long)amount);
}

static void limit_print(const struct usage_limit_state *l)
{
    static const char *const windows[] = { "today", "this month", "ever", "stored now" };
    char used[32], reserved[32], limit[32], name[64];

    amount_format(l->meter, l->used, used, sizeof used);
    amount_format(l->meter, l->reserved, reserved, sizeof reserved);
    amount_format(l->meter, l->limit, limit, sizeof limit);
    (void)snprintf(name, sizeof name, "%s%s, %s", l->of_group ? "network: " : "",
                   meters[l->meter].name, windows[l->window]);
    printf("  %-40s %12s %12s %12s\n", name, used, reserved, limit);
}

static void stats_print(const struct stats *s)
{
    char amount[32], last[CLOCK_TEXT_SIZE];

    printf("%s\n\n  %-24s %16s   %s\n", s->title, "FIGURE", "TOTAL", "LAST");
    for (int m = 0; m < METERS_COUNT; m++) {
        const struct usage_figure *f = &s->totals.meters[m];

        amount_format(m, f->sum, amount, sizeof amount);
        clock_format(f->last_us, last);
        printf("  %-24s %16s   %s\n", meters[m].name, amount, f->last_us ? last : "-");
    }
    if (s->limits_count)
        printf("\n  %-40s %12s %12s %12s\n", "LIMIT", "USED", "RESERVED", "LIMIT");
    for (size_t i = 0; i < s->limits_count; i++)
        limit_print(&s->limits[i]);
}

/* ---- as JSON ---- */

static void limits_json(struct json *j, const struct stats *s)
{
    json_key(j, "limits");
    json_array_begin(j);
    for (size_t i = 0; i < s->limits_count; i++) {
        const struct usage_limit_state *l = &s->limits[i];

        json_object_begin(j);
        json_put_str(j, "meter", meters[l->meter].name);
        json_put_str(j, "unit", meters[l->meter].unit);
        json_put_bool(j, "of_network", l->of_group);
        json_put_int(j, "used", l->used);
        json_put_int(j, "reserved", l->reserved);
        json_put_int(j, "limit", l->limit);
        json_put_time(j, "resets_at", l->resets_us);
        json_object_end(j);
    }
    json_array_end(j);
}

static void stats_json(const struct stats *s)
{
    struct buf out;
    struct json j;

    buf_init(&out, 1 << 20);
    json_init(&j, &out);
    json_object_begin(&j);
    json_put_str(&j, "subject", s->title);
    json_key(&j, "figures");
    json_object_begin(&j);
    for (int m = 0; m < METERS_COUNT; m++) {
        json_key(&j, meters[m].name);
        json_object_begin(&j);
        json_put_int(&j, "sum", s->totals.meters[m].sum);
        json_put_str(&j, "unit", meters[m].unit);
        json_put_time(&j, "first_at", s->totals.meters[m].first_us);
        json_put_time(&j, "last_at", s->totals.meters[m].last_us);
        json_object_end(&j);
    }
    json_object_end(&j);
    limits_json(&j, s);
    json_object_end(&j);
    printf("%s\n", out.data ? out.data : "");
    buf_release(&out);
}

static int stats(const struct cli_context *c, bool as_json)
{
    const bool is_platform = c->rest_count == 0;
    struct stats s = { .title = "Platform" };
    struct db *db;
    int rc;

    if (!is_platform && (c->rest_count != 2 || (strcmp(c->rest[0], "user") != 0 &&
                                                strcmp(c->rest[0], "guest") != 0))) {
        fprintf(stderr, "Usage: whazz stats [user NAME|guest ID] [--json]\n");
        return 2;
    }
    db = cli_db_open(c);
    if (!db)
        return 1;
    rc = is_platform ? 0 : stats_find(db, c->rest[0], c->rest[1], &s);
    if (rc == ERR_NOT_FOUND) {
        db_close(&db);
        return cli_fail("there is no %s \"%s\"", c->rest[0], c->rest[1]);
    }
    if (rc == 0)
        rc = stats_read(db, &s);
    db_close(&db);
    if (rc)
        return cli_fail("the figures cannot be read");
    if (as_json)
        stats_json(&s);
    else
        stats_print(&s);
    return 0;
}

int cli_stats(int argc, char **argv)
{
    struct cli_context c;
    bool as_json;
    int status;

    if (!cli_context_load(&c, argc, argv, &as_json))
        return 2;
    status = stats(&c, as_json);
    cli_context_release(&c);
    return status;
}
