/* Structured logs, one line per event to standard error: logfmt or JSON.
 *
 *   log_write(LOG_INFO, "request", LOG_TEXT("path", path), LOG_INT("status", 200));
 *   -> time=2026-11-24T03:09:26.879675Z level=info event=request path=/health status=200
 *
 * Called by the server, the worker and the commands; layers below return errors instead.
 * Any thread; a line is written with one write(2), so lines never mix. A value
 * of more than 1024 bytes is cut and ends with "...". Secrets (tokens,
 * passwords, keys) are never passed here. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/view.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };
enum log_format { LOG_LOGFMT, LOG_JSON };

struct log_field {
    const char *name;
    struct view text; /* used when is_int is false */
    int64_t integer;
    bool is_int;
};

#define LOG_TEXT(name_, view_) ((struct log_field){ .name = (name_), .text = (view_) })
#define LOG_STR(name_, str_)   LOG_TEXT(name_, view_of(str_))
#define LOG_INT(name_, int_)                                                               \
    ((struct log_field){ .name = (name_), .integer = (int64_t)(int_), .is_int = true })

/* Before any other thread starts. Default: LOG_INFO and above as logfmt. */
void log_configure(enum log_level least, enum log_format format);
bool log_is_on(enum log_level level);
/* Whether the names "debug", "info", "warning", "error" / "logfmt", "json" are known. */
bool log_level_of(struct view name, enum log_level *ret);
bool log_format_of(struct view name, enum log_format *ret);

void log_write_fields(enum log_level level, const char *event,
                      const struct log_field *fields, size_t fields_count);
#define log_write(level, event, ...)                                                       \
    log_write_fields((level), (event), (const struct log_field[]){ __VA_ARGS__ },          \
                     sizeof((const struct log_field[]){ __VA_ARGS__ }) /                   \
                         sizeof(struct log_field))

#endif
