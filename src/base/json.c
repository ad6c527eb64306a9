#include "base/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/clock.h"
#include "base/utf8.h"

void json_init(struct json *j, struct buf *out)
{
    *j = (struct json){ .out = out };
}

static void value_begin(struct json *j)
{
    if (j->needs_comma)
        buf_add_char(j->out, ',');
    j->needs_comma = true;
}

static void nested_begin(struct json *j, char bracket)
{
    value_begin(j);
    buf_add_char(j->out, bracket);
    j->needs_comma = false;
}

static void nested_end(struct json *j, char bracket)
{
    buf_add_char(j->out, bracket);
    j->needs_comma = true;
}

void json_object_begin(struct json *j)
{
    nested_begin(j, '{');
}

void json_object_end(struct json *j)
{
    nested_end(j, '}');
}

void json_array_begin(struct json *j)
{
    nested_begin(j, '[');
}

void json_array_end(struct json *j)
{
    nested_end(j, ']');
}

static void escaped_char(struct buf *out, unsigned char c)
{
    static const char named[] = "btn.fr"; /* of 8 to 13; 11 has none */

    if (c == '"' || c == '\\')
        buf_addf(out, "\\%c", c);
    else if (c >= 8 && c <= 13 && c != 11)
        buf_addf(out, "\\%c", named[c - 8]);
    else
        buf_addf(out, "\\u%04x", c);
}

static void quoted(struct buf *out, struct view text)
{
    size_t at = 0;

    buf_add_char(out, '"');
    while (at < text.len) {
        const unsigned char c = (unsigned char)text.ptr[at];
        size_t run = utf8_plain_run(view_slice(text, at, text.len));

        if (run > 0) {
            buf_add(out, text.ptr + at, run);
        } else if (c < 0x80) {
            escaped_char(out, c);
            run = 1;
        } else {
            buf_add_text(out, "\xEF\xBF\xBD");
            run = 1;
        }
        at += run;
    }
    buf_add_char(out, '"');
}

void json_key(struct json *j, const char *name)
{
    value_begin(j);
    buf_add_char(j->out, '"');
    buf_add_text(j->out, name);
    buf_add(j->out, "\":", 2);
    j->needs_comma = false;
}

void json_text(struct json *j, struct view value)
{
    if (!value.ptr) {
        json_null(j);
        return;
    }
    value_begin(j);
    quoted(j->out, value);
}

void json_int(struct json *j, int64_t value)
{
    value_begin(j);
    buf_add_int(j->out, value);
}

void json_raw(struct json *j, struct view value)
{
    value_begin(j);
    buf_add(j->out, value.ptr, value.len);
}

void json_bool(struct json *j, bool value)
{
    json_raw(j, view_of(value ? "true" : "false"));
}

void json_null(struct json *j)
{
    json_raw(j, view_of("null"));
}

static void json_moment(struct json *j, int64_t time_us)
{
    char text[CLOCK_TEXT_SIZE];

    clock_format(time_us, text);
    json_text(j, view_of(text));
}

void json_time(struct json *j, int64_t time_us)
{
    if (time_us == 0)
        json_null(j);
    else
        json_moment(j, time_us);
}

void json_double(struct json *j, double value)
{
    char text[40];

    if (!isfinite(value)) {
        json_null(j);
        return;
    }
    for (int digits = 1; digits <= 17; digits++) {
        (void)snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    if (strchr(text, 'e') && fabs(value) >= 1e-4 && fabs(value) < 1e16)
        (void)snprintf(text, sizeof text, "%.0f", value);
    if (!strpbrk(text, ".e"))
        (void)strcat(text, ".0");
    json_raw(j, view_of(text));
}

void json_ratio(struct json *j, int64_t numerator, int64_t denominator)
{
    char text[360];

    if (denominator == 0) {
        json_int(j, 0);
        return;
    }
    (void)snprintf(text, sizeof text, "%.2f", (double)numerator / (double)denominator);
    json_double(j, strtod(text, NULL));
}

void json_put_text(struct json *j, const char *name, struct view value)
{
    json_key(j, name);
    json_text(j, value);
}

void json_put_str(struct json *j, const char *name, const char *value)
{
    json_put_text(j, name, view_of(value));
}

void json_put_int(struct json *j, const char *name, int64_t value)
{
    json_key(j, name);
    json_int(j, value);
}

void json_put_bool(struct json *j, const char *name, bool value)
{
    json_key(j, name);
    json_bool(j, value);
}

void json_put_null(struct json *j, const char *name)
{
    json_key(j, name);
    json_null(j);
}

void json_put_time(struct json *j, const char *name, int64_t time_us)
{
    json_key(j, name);
    json_time(j, time_us);
}

void json_put_moment(struct json *j, const char *name, int64_t time_us)
{
    json_key(j, name);
    json_moment(j, time_us);
}

void json_put_ratio(struct json *j, const char *name, int64_t numerator,
                    int64_t denominator)
{
    json_key(j, name);
    json_ratio(j, numerator, denominator);
}

void json_put_double(struct json *j, const char *name, double value)
{
    json_key(j, name);
    json_double(j, value);
}
