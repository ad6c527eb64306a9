/* whazz user: the operator's way to the people who may log in. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>
#include "auth/auth.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "jobs/meters.h"
#include "server/service.h"

enum { PASSWORD_MIN = 8, PASSWORD_MAX = 72, LIST_PAGE = 100, PAGE_BYTES_MAX = 1 << 20 };

static const char USAGE[] = "Usage:\n"
                            "  whazz user add [--admin] NAME EMAIL\n"
                            "  whazz user list [--json]\n"
                            "  whazz user promote|demote|activate|deactivate|passwd NAME\n"
                            "The password is asked for, or read from $WHAZZ_PASSWORD.\n";

/* ---- passwords ---- */

static bool line_read(const char *prompt, char *to, size_t size)
{
    struct termios before, silent;
    const bool is_terminal = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &before) == 0;
    bool got;

    if (is_terminal) {
        fprintf(stderr, "%s", prompt);
        silent = before;
        silent.c_lflag &= ~(tcflag_t)ECHO;
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    }
    got = fgets(to, (int)size, stdin) != NULL;
    if (is_terminal) {
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        fprintf(stderr, "\n");
    }
    if (got)
        to[strcspn(to, "\n")] = '\0';
    return got;
}

/* From the environment, a pipe, or twice from the terminal. Hashes it; says what is wrong.
 */
static bool password_hash(char hash[AUTH_HASH_MAX])
{
    char password[256], again[256];
    const char *given = getenv("WHAZZ_PASSWORD");
    struct err err = { 0 };
    bool ok = true;

    if (given)
        (void)snprintf(password, sizeof password, "%s", given);
    else
        ok = line_read("Password: ", password, sizeof password);
    if (ok && !given && isatty(STDIN_FILENO)) {
        ok = line_read("Once more: ", again, sizeof again) && strcmp(password, again) == 0;
        if (!ok)
            (void)cli_fail("the two passwords differ");
    } else if (!ok) {
        (void)cli_fail("no password was given");
    }
    if (ok && (strlen(password) < PASSWORD_MIN || strlen(password) > PASSWORD_MAX)) {
        ok = false;
        (void)cli_fail("a password has %d to %d bytes", PASSWORD_MIN, PASSWORD_MAX);
    }
    if (ok && auth_password_hash(view_of(password), hash, &err) != 0) {
        ok = false;
        (void)cli_fail("%s", err.text);
    }
    explicit_bzero(password, sizeof password);
    explicit_bzero(again, sizeof again);
    return ok;
}

/* ---- changing ---- */

struct change {
    const struct cli_context *context;
    const char *name;
    struct user_new new_user;    /* add */
    struct user_changes changes; /* promote, ... */
    const char *hash;            /* passwd */
    struct user user;
};

static int add_work(struct db *db, void *ctx, struct err *reterr)
{
    struct change *c = ctx;
    const struct jobs_plan_limits plans = service_plan_limits(&c->context->options);
    struct usage_limit_state limits[2 * USAGE_LIMITS_MAX];
    size_t count = 0;
    int rc = usage_plan_read(db, PLAN_USER, clock_now_us(), limits, &count);

    /* The first user may come before the first start; a server's plans are its own. */
    if (rc == ERR_NOT_FOUND || (rc == 0 && count == 0))
        rc = jobs_plans_set(db, &plans, reterr);
    return rc ? rc : auth_user_create(db, &c->new_user, clock_now_us(), &c->user, reterr);
}

static int change_work(struct db *db, void *ctx, struct err *reterr)
{
    struct change *c = ctx;
    int rc = auth_user_find(db, view_of(c->name), &c->user);

    if (rc == ERR_NOT_FOUND)
        return err_set(reterr, rc, "there is no user \"%s\"", c->name);
    if (rc)
        return rc;
    if (c->hash)
        return auth_user_password_set(db, c->user.account_id, c->hash, clock_now_us());
    return auth_user_change(db, c->user.account_id, &c->changes, clock_now_us(), &c->user,
                            reterr);
}

/* As the API takes it: 3 to 50 characters of UTF-8. */
static bool name_is_fine(struct view name)
{
    size_t characters = 0;

    for (size_t i = 0; i < name.len; i++)
        characters += ((unsigned char)name.ptr[i] & 0xC0) != 0x80;
    return utf8_is_valid(name) && characters >= 3 && characters <= 50;
}

static int user_add(struct cli_context *context, bool is_admin)
{
    char email[AUTH_EMAIL_MAX + 1], hash[AUTH_HASH_MAX];
    const char *name, *reason;
    struct change c = { .context = context };
    struct err err = { 0 };

    if (context->rest_count != 3) {
        fprintf(stderr, "%s", USAGE);
        return 2;
    }
    name = context->rest[1];
    if (!name_is_fine(view_of(name)))
        return cli_fail("a name has 3 to 50 characters");
    if (!auth_email_normalise(view_of(context->rest[2]), email, &reason))
        return cli_fail("%s: %s", context->rest[2], reason);
    (void)mkdir(context->options.data_dir, 0700);
    if (!password_hash(hash))
        return 1;
    c.new_user = (struct user_new){ .email = view_of(email),
                                    .username = view_of(name),
                                    .password_hash = hash,
                                    .is_active = true,
                                    .is_verified = true,
                                    .is_admin = is_admin };
    if (cli_db_write(context, add_work, &c, &err) != 0)
        return cli_fail("%s", err.text);
    printf("Added %s%s with id %lld.\n", is_admin ? "the admin " : "", name,
           (long long)c.user.account_id);
    return 0;
}

static int user_change(struct cli_context *context, const struct user_changes *changes,
                       const char *hash, const char *done)
{
    struct change c = { .context = context, .changes = *changes, .hash = hash };
    char username[AUTH_USERNAME_MAX + 1];
    struct err err = { 0 };

    if (context->rest_count != 2) {
        fprintf(stderr, "%s", USAGE);
        return 2;
    }
    c.name = context->rest[1];
    if (cli_db_write(context, change_work, &c, &err) != 0)
        return cli_fail("%s", err.text);
    utf8_printable(view_of(c.user.username), username, sizeof username);
    printf("%s %s.\n", username, done);
    return 0;
}

/* ---- listing ---- */

struct list {
    bool as_json;
    struct json json;
};

static void row_json(struct json *j, const struct user *u)
{
    json_object_begin(j);
    json_put_int(j, "id", u->account_id);
    json_put_str(j, "username", u->username);
    json_put_str(j, "email", u->email);
    json_put_bool(j, "is_admin", u->is_admin);
    json_put_bool(j, "is_active", u->is_active);
    json_put_time(j, "created_at", u->created_us);
    json_object_end(j);
}

static int list_row(void *ctx, const struct user *u)
{
    struct list *l = ctx;
    char username[AUTH_USERNAME_MAX + 1], email[AUTH_EMAIL_MAX + 1];
    char created[CLOCK_TEXT_SIZE];

    if (l->as_json) {
        row_json(&l->json, u);
        return 0;
    }
    utf8_printable(view_of(u->username), username, sizeof username);
    utf8_printable(view_of(u->email), email, sizeof email);
    clock_format(u->created_us, created);
    printf("%8lld  %-24s %-32s %-6s %-9s %.10s\n", (long long)u->account_id, username,
           email, u->is_admin ? "admin" : "user", u->is_active ? "active" : "inactive",
           created);
    return 0;
}

/* Page by page, so that memory does not grow with the number of users. */
static int list_pages(struct db *db, struct list *l)
{
    struct user_scan scan = {
        .filter = { .is_active = -1, .is_verified = -1, .is_admin = -1, .limit = INT64_MAX }
    };
    struct buf *out = l->json.out;
    int rc = 0;

    while (rc == 0 && !scan.is_over) {
        rc = auth_user_scan(db, &scan, LIST_PAGE, list_row, l);
        if (out->len)
            (void)fwrite(out->data, 1, out->len, stdout);
        rc = rc ? rc : out->error;
        buf_clear(out);
    }
    return rc;
}

static int user_list(struct cli_context *context, bool as_json)
{
    struct list l = { .as_json = as_json };
    struct buf out;
    struct db *db = cli_db_open(context);
    int rc;

    if (!db)
        return 1;
    buf_init(&out, PAGE_BYTES_MAX);
    json_init(&l.json, &out);
    if (as_json)
        json_array_begin(&l.json);
    else
        printf("%8s  %-24s %-32s %-6s %-9s %s\n", "ID", "NAME", "EMAIL", "ROLE", "STATE",
               "SINCE");
    rc = list_pages(db, &l);
    if (as_json && rc == 0)
        printf("]\n");
    buf_release(&out);
    db_close(&db);
    return rc ? cli_fail("the users cannot be read") : 0;
}

static int user_run(struct cli_context *c, bool is_admin, bool as_json)
{
    static const struct user_changes none = { .is_active = -1,
                                              .is_verified = -1,
                                              .is_admin = -1 };
    static const struct {
        const char *verb, *done;
        struct user_changes changes;
    } verbs[] = {
        { "promote",
          "is an admin now",
          { .is_active = -1, .is_verified = -1, .is_admin = 1 } },
        { "demote",
          "is no admin any more",
          { .is_active = -1, .is_verified = -1, .is_admin = 0 } },
        { "activate",
          "may log in again",
          { .is_active = 1, .is_verified = -1, .is_admin = -1 } },
        { "deactivate",
          "is logged out and cannot log in",
          { .is_active = 0, .is_verified = -1, .is_admin = -1 } },
    };
    const char *verb = c->rest_count ? c->rest[0] : "";
    char hash[AUTH_HASH_MAX];

    if (strcmp(verb, "add") == 0)
        return user_add(c, is_admin);
    if (strcmp(verb, "list") == 0 && c->rest_count == 1)
        return user_list(c, as_json);
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(verb, verbs[i].verb) == 0)
            return user_change(c, &verbs[i].changes, NULL, verbs[i].done);
    }
    if (strcmp(verb, "passwd") == 0 && c->rest_count == 2)
        return password_hash(hash)
                   ? user_change(c, &none, hash, "has a new password and must log in again")
                   : 1;
    fprintf(stderr, "%s", USAGE);
    return 2;
}

int cli_user(int argc, char **argv)
{
    const bool is_admin = cli_flag_take(&argc, argv, "--admin");
    struct cli_context c;
    bool as_json;
    int status;

    if (!cli_context_load(&c, argc, argv, &as_json))
        return 2;
    status = user_run(&c, is_admin, as_json);
    cli_context_release(&c);
    return status;
}
