#include "audio/exec_config.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "audio/exec_folder.h"
#include "audio/exec_sandbox.h"

enum { TYPE_BYTES_MAX = 31 };

/* What programs and interpreters need; nothing of it is a secret. */
static const char *const system_paths[] = {
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/alternatives",
    "/etc/localtime",
    "/dev/urandom",
    "/dev/zero",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/stat",
    "/sys/devices/system/cpu",
};

static bool type_is_valid(const char *type)
{
    const size_t len = strlen(type);

    return len > 0 && len <= TYPE_BYTES_MAX &&
           strspn(type, "abcdefghijklmnopqrstuvwxyz0123456789_") == len;
}

static bool is_inside(const char *path, const char *folder)
{
    const size_t len = strlen(folder);

    return strcmp(folder, "/") == 0 ||
           (strncmp(path, folder, len) == 0 && (path[len] == '/' || path[len] == '\0'));
}

/* The path is the caller's until exec_engines_free. */
static int path_add(struct exec_engines *e, const char *path, struct err *reterr)
{
    char *real = realpath(path, NULL);
    bool holds_jobs;

    if (!real)
        return 0; /* what is not there cannot be read */
    holds_jobs = is_inside(e->work_dir, real);
    free(real);
    if (holds_jobs)
        return err_set(reterr, ERR_INVALID,
                       "engines may not read %.100s, which holds the data folder", path);
    if (e->read_paths_count == EXEC_PATHS_MAX + EXEC_ENGINES_MAX)
        return err_set(reterr, ERR_INVALID, "more than %d paths for engines",
                       EXEC_PATHS_MAX);
    e->read_paths[e->read_paths_count++] = path;
    return 0;
}

/* Whether the word has {outdir} or {outdir:MOST}, of which {outdir} is left. -1: MOST is no
 * number from 1 to EXEC_RESULTS_MAX. */
static int outdir_read(struct exec_engine *engine, char *word)
{
    static const char name[] = "{outdir";
    char *at = strstr(word, name), *end;
    long most;

    if (!at)
        return 0;
    at += sizeof name - 1;
    if (*at == '}')
        return 1;
    if (*at != ':')
        return 0;
    most = isdigit((unsigned char)at[1]) ? strtol(at + 1, &end, 10) : 0;
    if (most < 1 || most > EXEC_RESULTS_MAX || *end != '}')
        return -1;
    engine->results_most = (int)most;
    memmove(at, end, strlen(end) + 1);
    return 1;
}

/* How the command gives its results: one word with {out}, or one with {outdir}. */
static int results_read(struct exec_engine *engine, struct err *reterr)
{
    bool has_out = false, has_outdir = false;

    engine->results_most = EXEC_RESULTS_MAX;
    for (size_t i = 0; engine->words[i]; i++) {
        const int found = outdir_read(engine, engine->words[i]);

        if (found < 0)
            return err_set(reterr, ERR_INVALID, "%s: {outdir:N} takes 1 to %d",
                           engine->type, EXEC_RESULTS_MAX);
        has_outdir = has_outdir || found > 0;
        has_out = has_out || strstr(engine->words[i], "{out}");
    }
    if (has_out == has_outdir)
        return err_set(reterr, ERR_INVALID, "%s: the command has %s", engine->type,
                       has_out ? "both {out} and {outdir}" : "no {out} or {outdir}");
    engine->has_folder = has_outdir;
    if (!has_outdir)
        engine->results_most = 1;
    return 0;
}

static int command_read(struct exec_engines *e, struct exec_engine *engine, char *command,
                        struct err *reterr)
{
    char *state, *slash, **folder = &e->programs[e->count];
    size_t n = 0;

    for (char *w = strtok_r(command, " \t", &state); w; w = strtok_r(NULL, " \t", &state)) {
        if (n == EXEC_WORDS_MAX)
            return err_set(reterr, ERR_INVALID, "%s: more than %d words", engine->type,
                           EXEC_WORDS_MAX);
        engine->words[n++] = w;
    }
    if (n == 0 || engine->words[0][0] != '/')
        return err_set(reterr, ERR_INVALID, "%s: a command begins with an absolute path",
                       engine->type);
    if (results_read(engine, reterr) != 0)
        return ERR_INVALID;
    if (access(engine->words[0], X_OK) != 0)
        return err_set(reterr, ERR_INVALID, "%s: %.100s: %s", engine->type,
                       engine->words[0], strerror(errno));
    *folder = strdup(engine->words[0]);
    if (!*folder)
        return err_set(reterr, ERR_NO_MEMORY, "engines");
    slash = strrchr(*folder, '/');
    slash[slash == *folder] = '\0';
    return path_add(e, *folder, reterr);
}

static int engine_read(struct exec_engines *e, char *text, struct err *reterr)
{
    struct exec_engine *engine = &e->list[e->count];
    char *equals;
    int rc;

    text += strspn(text, " \t");
    if (!*text)
        return 0;
    equals = strchr(text, '=');
    if (!equals || e->count == EXEC_ENGINES_MAX)
        return err_set(reterr, ERR_INVALID, "not TYPE=COMMAND; TYPE=COMMAND, %d at most",
                       EXEC_ENGINES_MAX);
    *equals = '\0';
    if (!type_is_valid(text) || exec_engines_serve(e, view_of(text)))
        return err_set(reterr, ERR_INVALID,
                       "a type is named once, in 1 to %d of a-z, 0-9 and _",
                       TYPE_BYTES_MAX);
    engine->type = text;
    rc = command_read(e, engine, equals + 1, reterr);
    e->count++;
    return rc;
}

static int spec_read(struct exec_engines *e, struct err *reterr)
{
    char *state;
    int rc = 0;

    for (char *t = strtok_r(e->spec, ";\n", &state); t && rc == 0;
         t = strtok_r(NULL, ";\n", &state))
        rc = engine_read(e, t, reterr);
    if (rc || e->count == 0)
        return rc;
    for (size_t i = 0; i < sizeof system_paths / sizeof system_paths[0] && rc == 0; i++)
        rc = path_add(e, system_paths[i], reterr);
    for (char *t = strtok_r(e->paths, ",", &state); t && rc == 0;
         t = strtok_r(NULL, ",", &state))
        rc = path_add(e, t + strspn(t, " "), reterr);
    return rc ? rc : exec_sandbox_check(reterr);
}

int exec_engines_new(const char *spec, const struct exec_limits *limits,
                     struct exec_engines **ret, struct err *reterr)
{
    struct exec_engines *e = calloc(1, sizeof *e);
    int rc = 0;

    if (!e)
        return err_set(reterr, ERR_NO_MEMORY, "engines");
    e->limits = *limits;
    e->spec = strdup(spec);
    e->paths = strdup(limits->read_paths ? limits->read_paths : "");
    e->work_dir = realpath(limits->work_dir, NULL);
    if (!e->work_dir)
        rc = err_set_errno(reterr, errno, "the engines' folder");
    else if (!e->spec || !e->paths)
        rc = err_set(reterr, ERR_NO_MEMORY, "engines");
    if (rc == 0)
        rc = spec_read(e, reterr);
    if (rc == 0)
        exec_folders_remove(e->work_dir);
    if (rc)
        exec_engines_free(&e);
    *ret = e;
    return rc;
}

void exec_engines_free(struct exec_engines **engines)
{
    struct exec_engines *e = *engines;

    if (!e)
        return;
    for (size_t i = 0; i < EXEC_ENGINES_MAX; i++)
        free(e->programs[i]);
    free(e->spec);
    free(e->paths);
    free(e->work_dir);
    free(e);
    *engines = NULL;
}

const char *exec_engines_type(const struct exec_engines *engines, size_t i)
{
    return i < engines->count ? engines->list[i].type : NULL;
}

const struct exec_engine *exec_engine_of(const struct exec_engines *e, struct view type)
{
    for (size_t i = 0; i < e->count; i++) {
        if (view_eq(type, e->list[i].type))
            return &e->list[i];
    }
    return NULL;
}

bool exec_engines_serve(const struct exec_engines *engines, struct view type)
{
    return engines && exec_engine_of(engines, type) != NULL;
}

int exec_engines_results_most(const struct exec_engines *engines, struct view type)
{
    const struct exec_engine *engine = engines ? exec_engine_of(engines, type) : NULL;

    return engine ? engine->results_most : 1;
}
