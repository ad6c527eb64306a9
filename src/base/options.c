#include "base/options_table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/utf8.h"

enum {
    OPTIONS_MAX = 64,
    FILE_BYTES_MAX = 1 << 20,
    SOURCE_SIZE = 160,
};

enum source { FROM_STANDARD, FROM_FILE, FROM_LEGACY, FROM_ENV, FROM_FLAG };

/* The strongest source of one option so far. Weaker ones are not looked at: a generic name
 * such as SECRET_KEY may be set for some other program. */
struct setting {
    const char *value; /* borrowed from argv, the environment or the file's text */
    enum source source;
    int line; /* FROM_FILE */
};

struct reading {
    struct setting settings[OPTIONS_MAX];
    struct buf file;
    const char *file_path;
};

static const struct option *find(struct view name)
{
    for (size_t i = 0; i < options_table_count; i++) {
        if (view_eq(name, options_table[i].name))
            return &options_table[i];
    }
    return NULL;
}

static struct setting *setting_of(struct reading *r, const struct option *o)
{
    return &r->settings[o - options_table];
}

static int read_flags(struct reading *r, int argc, char **argv, const char **args_rest,
                      int *ret_rest_count, struct err *reterr)
{
    bool is_rest = false;

    *ret_rest_count = 0;
    for (int i = 0; i < argc; i++) {
        const char *arg = argv[i];
        const char *equals = strchr(arg, '=');
        const size_t len = equals ? (size_t)(equals - arg) : strlen(arg);
        const struct option *o;
        char name[80];

        if (is_rest || arg[0] != '-' || !arg[1]) {
            args_rest[(*ret_rest_count)++] = arg;
            continue;
        }
        if (strcmp(arg, "--") == 0) {
            is_rest = true;
            continue;
        }
        utf8_printable((struct view){ arg, len }, name, sizeof name);
        o = len > 2 && arg[1] == '-' ? find((struct view){ arg + 2, len - 2 }) : NULL;
        if (!o)
            return err_set(reterr, ERR_INVALID, "%s: there is no such option", name);
        if (!equals && (i + 1 == argc || strncmp(argv[i + 1], "--", 2) == 0))
            return err_set(reterr, ERR_INVALID, "%s: needs a value", name);
        *setting_of(r, o) = (struct setting){ .value = equals ? equals + 1 : argv[++i],
                                              .source = FROM_FLAG };
    }
    return 0;
}

static void read_environment(struct reading *r)
{
    char name[OPTION_ENV_MAX];

    for (size_t i = 0; i < options_table_count; i++) {
        const struct option *o = &options_table[i];
        struct setting *s = &r->settings[i];
        const char *value;

        if (s->source == FROM_FLAG)
            continue;
        option_env_name(o, name);
        value = getenv(name);
        s->source = FROM_ENV;
        if ((!value || !*value) && o->legacy_env) {
            value = getenv(o->legacy_env);
            s->source = FROM_LEGACY;
        }
        if (value && *value)
            s->value = value;
        else
            s->source = FROM_STANDARD;
    }
}

static int load_file(struct reading *r, struct err *reterr)
{
    FILE *f = fopen(r->file_path, "re");
    size_t got = 1;
    int code = 0;

    if (!f)
        return err_set(reterr, ERR_INVALID, "%.*s: %s", SOURCE_SIZE, r->file_path,
                       strerror(errno));
    while (got) {
        char *to = buf_reserve(&r->file, 4096);

        if (!to)
            break;
        got = fread(to, 1, 4096, f);
        r->file.len += got;
    }
    if (ferror(f))
        code = err_set(reterr, ERR_INVALID, "%.*s: %s", SOURCE_SIZE, r->file_path,
                       strerror(errno));
    buf_add_char(&r->file, '\n');
    if (!code && r->file.error)
        code = err_set(reterr, ERR_INVALID, "%.*s: larger than %d bytes", SOURCE_SIZE,
                       r->file_path, FILE_BYTES_MAX);
    (void)fclose(f);
    return code;
}

static char *trim(char *from, char *end)
{
    while (from < end && strchr(" \t\r", *from))
        from++;
    while (end > from && strchr(" \t\r", end[-1]))
        end--;
    *end = '\0';
    return from;
}

/* Cuts `text` up in place. A line does not show in an error, as it may be (the end of) a
 * secret, but for what looks like a misspelt name. */
static int read_line(struct reading *r, char *text, int line, int first_lines[],
                     struct err *reterr)
{
    const struct option *o;
    struct setting *s;
    char *equals, *name, *value;
    char shown[48];

    text = trim(text, text + strlen(text));
    if (!*text || *text == '#')
        return 0;
    equals = strchr(text, '=');
    if (!equals)
        return err_set(reterr, ERR_INVALID, "%.*s line %d: is not \"name = value\"",
                       SOURCE_SIZE, r->file_path, line);
    value = trim(equals + 1, equals + strlen(equals));
    name = trim(text, equals);
    o = find(view_of(name));
    if (strspn(name, "abcdefghijklmnopqrstuvwxyz-_") == strlen(name))
        utf8_printable(view_of(name), shown, sizeof shown);
    else
        strcpy(shown, "...");
    if (!o)
        return err_set(reterr, ERR_INVALID, "%.*s line %d: there is no option \"%s\"",
                       SOURCE_SIZE, r->file_path, line, shown);
    if (strcmp(o->name, "config") == 0)
        return err_set(reterr, ERR_INVALID,
                       "%.*s line %d: config cannot be set in the file", SOURCE_SIZE,
                       r->file_path, line);
    if (first_lines[o - options_table])
        return err_set(reterr, ERR_INVALID, "%.*s line %d: %s is in line %d already",
                       SOURCE_SIZE, r->file_path, line, o->name,
                       first_lines[o - options_table]);
    first_lines[o - options_table] = line;
    s = setting_of(r, o);
    if (s->source <= FROM_FILE)
        *s = (struct setting){ .value = value, .source = FROM_FILE, .line = line };
    return 0;
}

static int read_file(struct reading *r, struct err *reterr)
{
    int first_lines[OPTIONS_MAX] = { 0 };
    int code = load_file(r, reterr);
    int line = 0;
    char *at, *end;

    if (code)
        return code;
    end = r->file.data + r->file.len;
    for (at = r->file.data; at < end && !code;) {
        char *newline = memchr(at, '\n', (size_t)(end - at));

        line++;
        if (!newline)
            break;
        *newline = '\0';
        if (strlen(at) != (size_t)(newline - at))
            return err_set(reterr, ERR_INVALID, "%.*s line %d: holds a NUL byte",
                           SOURCE_SIZE, r->file_path, line);
        code = read_line(r, at, line, first_lines, reterr);
        at = newline + 1;
    }
    return code;
}

static void source_text(const struct reading *r, const struct option *o,
                        const struct setting *s, char text[SOURCE_SIZE + 32])
{
    char env[OPTION_ENV_MAX];

    option_env_name(o, env);
    if (s->source == FROM_FLAG)
        (void)snprintf(text, SOURCE_SIZE + 32, "--%s", o->name);
    else if (s->source == FROM_FILE)
        (void)snprintf(text, SOURCE_SIZE + 32, "%.*s line %d", SOURCE_SIZE - 1,
                       r->file_path, s->line);
    else if (s->source == FROM_STANDARD)
        (void)snprintf(text, SOURCE_SIZE + 32, "default of --%s", o->name);
    else
        (void)snprintf(text, SOURCE_SIZE + 32, "%s",
                       s->source == FROM_LEGACY ? o->legacy_env : env);
}

static int set_all(const struct reading *r, struct options *to, struct err *reterr)
{
    for (size_t i = 0; i < options_table_count; i++) {
        const struct option *o = &options_table[i];
        const struct setting *s = &r->settings[i];
        const char *value = s->source == FROM_STANDARD ? o->standard : s->value;
        const int64_t unit = s->source == FROM_LEGACY ? o->legacy_unit : 0;
        char source[SOURCE_SIZE + 32];
        struct err why = { 0 };
        int code = value ? option_set(o, value, unit, to, &why) : 0;

        if (code) {
            source_text(r, o, s, source);
            return err_set(reterr, code, "%s: %s", source, why.text);
        }
    }
    return 0;
}

static int set_database(struct options *to, struct err *reterr)
{
    char *url;

    if (to->database)
        return 0;
    if (asprintf(&url, "sqlite:%s/whazz.db", to->data_dir) < 0)
        return err_set(reterr, ERR_NO_MEMORY, "out of memory");
    to->database = url;
    return 0;
}

int options_load(int argc, char **argv, struct options *ret, const char **args_rest,
                 int *ret_rest_count, struct err *reterr)
{
    struct reading r = { 0 };
    int code;

    _Static_assert(OPTIONS_MAX >= sizeof(struct options) / sizeof(int64_t),
                   "a setting for each member");
    *ret = (struct options){ 0 };
    buf_init(&r.file, FILE_BYTES_MAX);
    code = read_flags(&r, argc, argv, args_rest, ret_rest_count, reterr);
    if (code)
        goto done;
    read_environment(&r);
    r.file_path = setting_of(&r, find(view_of("config")))->value;
    if (r.file_path)
        code = read_file(&r, reterr);
    if (!code)
        code = set_all(&r, ret, reterr);
    if (!code)
        code = set_database(ret, reterr);

done:
    if (code)
        options_release(ret);
    buf_release(&r.file);
    return code;
}

void options_release(struct options *o)
{
    for (size_t i = 0; i < options_table_count; i++) {
        if (option_is_text(&options_table[i]))
            free(*(char **)(void *)((char *)o + options_table[i].offset));
    }
    *o = (struct options){ 0 };
}
