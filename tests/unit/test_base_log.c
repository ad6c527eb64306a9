#include "tests/unit/unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"

/* Standard error goes to a file in memory while a test runs. */
struct capture {
    int fd, before;
    char text[1 << 20];
};

static int setup(void **state)
{
    struct capture *c = calloc(1, sizeof *c);

    assert_non_null(c);
    c->fd = memfd_create("log", 0);
    c->before = dup(STDERR_FILENO);
    assert_true(c->fd >= 0 && c->before >= 0);
    assert_int_equal(fcntl(c->fd, F_SETFL, O_APPEND), 0);
    assert_int_equal(dup2(c->fd, STDERR_FILENO), STDERR_FILENO);
    log_configure(LOG_INFO, LOG_LOGFMT);
    *state = c;
    return 0;
}

static int teardown(void **state)
{
    struct capture *c = *state;

    (void)dup2(c->before, STDERR_FILENO);
    (void)close(c->before);
    (void)close(c->fd);
    free(c);
    return 0;
}

/* What was logged since the last call. */
static char *logged(struct capture *c)
{
    const ssize_t got = pread(c->fd, c->text, sizeof c->text - 1, 0);

    assert_true(got >= 0);
    c->text[got] = '\0';
    assert_int_equal(ftruncate(c->fd, 0), 0);
    return c->text;
}

static void assert_ends(const char *text, const char *end)
{
    assert_true(strlen(text) >= strlen(end));
    assert_string_equal(text + strlen(text) - strlen(end), end);
}

static void a_line_is_logfmt(void **state)
{
    struct capture *c = *state;
    const int64_t before_us = clock_now_us();
    int64_t time_us;
    char *text;

    log_write(LOG_WARNING, "request", LOG_STR("path", "/health"), LOG_INT("status", -200),
              LOG_STR("agent", "a b"), LOG_STR("none", NULL), LOG_STR("empty", ""),
              LOG_STR("x", "a=b"), LOG_STR("y", "say \"no\""),
              LOG_STR("z", "\xc3\xa9\xff"));
    text = logged(c);
    assert_memory_equal(text, "time=", 5);
    assert_true(clock_parse((struct view){ text + 5, CLOCK_TEXT_SIZE - 1 }, &time_us));
    assert_in_range(time_us, before_us, clock_now_us());
    assert_string_equal(
        text + 5 + CLOCK_TEXT_SIZE - 1,
        " level=warning event=request path=/health status=-200 agent=\"a b\" "
        "none=\"\" empty=\"\" x=\"a=b\" y=\"say \\\"no\\\"\" z=\"\xc3\xa9\xef\xbf"
        "\xbd\"\n");
}

/* What a client sends can neither end a line nor begin another. */
static void nobody_forges_a_line(void **state)
{
    static const char evil[] = "x\nlevel=error event=forged\r\t\x1b[31m\\";
    struct capture *c = *state;
    char *text;

    for (enum log_format format = LOG_LOGFMT; format <= LOG_JSON; format++) {
        log_configure(LOG_INFO, format);
        log_write(LOG_INFO, "request",
                  LOG_TEXT("path", ((struct view){ evil, sizeof evil })));
        text = logged(c);
        assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
        for (const char *p = text; *p && *p != '\n'; p++)
            assert_true((unsigned char)*p >= ' ');
    }
}

static void a_json_line_is_json(void **state)
{
    struct json_document *doc = NULL;
    struct capture *c = *state;
    size_t offset;
    char *text;

    log_configure(LOG_DEBUG, LOG_JSON);
    log_write(LOG_DEBUG, "request", LOG_STR("path", "/a \"b\""),
              LOG_INT("status", INT64_MIN), LOG_STR("none", NULL));
    text = logged(c);
    assert_int_equal(
        json_parse((struct view){ text, strlen(text) - 1 }, &doc, &offset, NULL), 0);
    assert_true(view_eq(json_member(json_root(doc), "level")->text, "debug"));
    assert_true(view_eq(json_member(json_root(doc), "event")->text, "request"));
    assert_true(view_eq(json_member(json_root(doc), "path")->text, "/a \"b\""));
    assert_true(json_member(json_root(doc), "status")->integer == INT64_MIN);
    assert_int_equal(json_member(json_root(doc), "none")->type, JSON_NULL);
    json_document_free(&doc);
}

static void lower_levels_are_left_out(void **state)
{
    struct capture *c = *state;

    log_configure(LOG_WARNING, LOG_LOGFMT);
    assert_false(log_is_on(LOG_INFO));
    assert_true(log_is_on(LOG_WARNING));
    log_write(LOG_DEBUG, "no", LOG_INT("n", 1));
    log_write(LOG_INFO, "no", LOG_INT("n", 1));
    assert_string_equal(logged(c), "");
    log_write(LOG_ERROR, "yes", LOG_INT("n", 1));
    assert_ends(logged(c), " level=error event=yes n=1\n");
}

/* A long value is cut; the line is there all the same, and so are the fields behind it. */
static void a_long_value_does_not_hide_its_line(void **state)
{
    struct capture *c = *state;
    char path[9000];

    for (enum log_format format = LOG_LOGFMT; format <= LOG_JSON; format++) {
        log_configure(LOG_INFO, format);
        for (int byte = 1; byte < 256; byte += 96) {
            char *text;

            memset(path, byte, sizeof path);
            log_write(LOG_INFO, "request", LOG_TEXT("path", ((struct view){ path, 9000 })),
                      LOG_TEXT("agent", ((struct view){ path, 9000 })),
                      LOG_INT("status", 200));
            text = logged(c);
            assert_non_null(strstr(text, "request"));
            assert_non_null(strstr(text, "..."));
            assert_non_null(
                strstr(text, format == LOG_JSON ? "\"status\":200}\n" : " status=200\n"));
        }
    }
}

enum { WRITERS = 4, LINES = 500 };

static void *write_lines(void *context)
{
    (void)context;
    for (int i = 0; i < LINES; i++)
        log_write(LOG_INFO, "line", LOG_STR("a", "0123456789 0123456789"),
                  LOG_INT("end", 7));
    return NULL;
}

static void lines_of_threads_do_not_mix(void **state)
{
    struct capture *c = *state;
    pthread_t threads[WRITERS];
    char *line, *rest;
    int lines = 0;

    for (int i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_lines, NULL), 0);
    for (int i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (line = strtok_r(logged(c), "\n", &rest); line;
         line = strtok_r(NULL, "\n", &rest)) {
        assert_memory_equal(line, "time=", 5);
        assert_ends(line, " level=info event=line a=\"0123456789 0123456789\" end=7");
        lines++;
    }
    assert_int_equal(lines, WRITERS * LINES);
}

static void names_are_known_or_not(void **state)
{
    enum log_level level = LOG_ERROR;
    enum log_format format = LOG_JSON;

    (void)state;
    assert_true(log_level_of(view_of("debug"), &level));
    assert_int_equal(level, LOG_DEBUG);
    assert_true(log_level_of(view_of("error"), &level));
    assert_int_equal(level, LOG_ERROR);
    assert_false(log_level_of(view_of("Error"), &level));
    assert_false(log_level_of(view_of(""), &level));
    assert_true(log_format_of(view_of("logfmt"), &format));
    assert_int_equal(format, LOG_LOGFMT);
    assert_false(log_format_of(view_of("xml"), &format));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_line_is_logfmt),
        CASE(nobody_forges_a_line),
        CASE(a_json_line_is_json),
        CASE(lower_levels_are_left_out),
        CASE(a_long_value_does_not_hide_its_line),
        CASE(lines_of_threads_do_not_mix),
        CASE(names_are_known_or_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
