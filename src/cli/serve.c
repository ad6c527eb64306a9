/* whazz serve */
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include "base/log.h"
#include "base/options.h"
#include "base/thread.h"
#include "cli/commands.h"
#include "server/service.h"

/* Before any thread starts, so that all inherit it: signals are for sigwait alone. */
static void signals_block(sigset_t *set)
{
    (void)sigemptyset(set);
    (void)sigaddset(set, SIGTERM);
    (void)sigaddset(set, SIGINT);
    (void)pthread_sigmask(SIG_BLOCK, set, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN); /* a full file system is an error code */
}

static void log_start(const struct options *o)
{
    enum log_level level = LOG_INFO;
    enum log_format format = LOG_LOGFMT;

    (void)log_level_of(view_of(o->log_level), &level);
    (void)log_format_of(view_of(o->log_format), &format);
    log_configure(level, format);
}

/* What one request gives back the next one wants: it is not returned to the system in
 * between, and asked for in larger pieces. */
static void memory_keep(void)
{
    (void)mallopt(M_TRIM_THRESHOLD, 8 << 20);
    (void)mallopt(M_TOP_PAD, 1 << 20);
}

/* As many open files as the system allows: the usual limit of 1024 is for programs that
 * wait with select(2). */
static void files_allow(void)
{
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return;
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files);
}

static int serve(const struct options *o)
{
    struct service *service = NULL;
    struct err err = { 0 };
    sigset_t signals;
    int signal_number = 0;

    log_start(o);
    signals_block(&signals);
    thread_share(0, SHARE_ANSWER_US);
    memory_keep();
    files_allow();
    if (service_start(o, &service, &err) != 0) {
        fprintf(stderr, "whazz: %s\n", err.text);
        return 1;
    }
    log_write(LOG_INFO, "serving", LOG_STR("listen", o->listen),
              LOG_INT("port", service_port(service)), LOG_STR("data_dir", o->data_dir));
    (void)sigwait(&signals, &signal_number);
    log_write(LOG_INFO, "stopping", LOG_INT("signal", signal_number),
              LOG_INT("grace_us", o->grace_us));
    service_stop(&service);
    log_write(LOG_INFO, "stopped", LOG_INT("signal", signal_number));
    return 0;
}

int cli_serve(int argc, char **argv)
{
    const char **rest = calloc((size_t)argc + 1, sizeof *rest);
    struct options options;
    struct err err = { 0 };
    int rest_count = 0, status = 2;

    if (!rest)
        return 1;
    if (options_load(argc, argv, &options, rest, &rest_count, &err) != 0) {
        fprintf(stderr, "whazz: %s\n", err.text);
    } else {
        if (rest_count > 0)
            fprintf(stderr, "whazz: serve takes options only, not \"%s\"\n", rest[0]);
        else
            status = serve(&options);
        options_release(&options);
    }
    free(rest);
    return status;
}
