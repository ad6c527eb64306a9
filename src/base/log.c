#include "base/log.h"

#include <string.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"

enum {
    VALUE_BYTES_MAX = 1024,
    LINE_BYTES_MAX = 64 << 10, /* room for ten values, each byte escaped */
};

static enum log_level least_level = LOG_INFO;
static enum log_format line_format = LOG_LOGFMT;

static const char *const level_names[] = { "debug", "info", "warning", "error" };
static const char *const format_names[] = { "logfmt", "json" };

void log_configure(enum log_level least, enum log_format format)
{
    least_level = least;
    line_format = format;
}

bool log_is_on(enum log_level level)
{
    return level >= least_level;
}

bool log_level_of(struct view name, enum log_level *ret)
{
    for (int i = 0; i < 4; i++) {
        if (view_eq(name, level_names[i])) {
            *ret = (enum log_level)i;
            return true;
        }
    }
    return false;
}

bool log_format_of(struct view name, enum log_format *ret)
{
    for (int i = 0; i < 2; i++) {
        if (view_eq(name, format_names[i])) {
            *ret = (enum log_format)i;
            return true;
        }
    }
    return false;
}

/* A value stands bare when no reader could take it for anything else. */
static bool is_bare(struct view text)
{
    for (size_t i = 0; i < text.len; i++) {
        const unsigned char c = (unsigned char)text.ptr[i];

        if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c >= 0x7f)
            return false;
    }
    return text.len > 0;
}

/* A value that is too long is cut and shows it: a line never fails to appear because of
 * what a client sent. */
static struct view shortened(struct view text, char copy[VALUE_BYTES_MAX + 3])
{
    if (text.len <= VALUE_BYTES_MAX)
        return text;
    memcpy(copy, text.ptr, VALUE_BYTES_MAX);
    memcpy(copy + VALUE_BYTES_MAX, "...", 3);
    return (struct view){ copy, VALUE_BYTES_MAX + 3 };
}

static void logfmt_text(struct buf *line, const char *name, struct view text)
{
    struct json j;

    buf_addf(line, " %s=", name);
    if (is_bare(text)) {
        buf_add(line, text.ptr, text.len);
        return;
    }
    json_init(&j, line);
    json_text(&j, text.ptr ? text : view_of(""));
}

static void logfmt_line(struct buf *line, enum log_level level, const char *event,
                        const struct log_field *fields, size_t count)
{
    char time[CLOCK_TEXT_SIZE];

    clock_format(clock_now_us(), time);
    buf_addf(line, "time=%s level=%s event=%s", time, level_names[level], event);
    for (size_t i = 0; i < count; i++) {
        char copy[VALUE_BYTES_MAX + 3];

        if (fields[i].is_int)
            buf_addf(line, " %s=%lld", fields[i].name, (long long)fields[i].integer);
        else
            logfmt_text(line, fields[i].name, shortened(fields[i].text, copy));
    }
}

static void json_line(struct buf *line, enum log_level level, const char *event,
                      const struct log_field *fields, size_t count)
{
    struct json j;

    json_init(&j, line);
    json_object_begin(&j);
    json_put_time(&j, "time", clock_now_us());
    json_put_str(&j, "level", level_names[level]);
    json_put_str(&j, "event", event);
    for (size_t i = 0; i < count; i++) {
        char copy[VALUE_BYTES_MAX + 3];

        if (fields[i].is_int)
            json_put_int(&j, fields[i].name, fields[i].integer);
        else
            json_put_text(&j, fields[i].name, shortened(fields[i].text, copy));
    }
    json_object_end(&j);
}

void log_write_fields(enum log_level level, const char *event,
                      const struct log_field *fields, size_t fields_count)
{
    struct buf line;

    if (!log_is_on(level))
        return;
    buf_init(&line, LINE_BYTES_MAX);
    (line_format == LOG_JSON ? json_line : logfmt_line)(&line, level, event, fields,
                                                        fields_count);
    buf_add_char(&line, '\n');
    if (!line.error)
        (void)!write(STDERR_FILENO, line.data, line.len);
    buf_release(&line);
}
