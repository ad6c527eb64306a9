#include "base/options_table.h"

#include <string.h>

static bool begins_section(size_t i)
{
    return i == 0 || strcmp(options_table[i].section, options_table[i - 1].section) != 0;
}

static void add_standard(const struct option *o, struct buf *out)
{
    const bool has_value = o->standard && *o->standard;

    if (has_value)
        buf_add_text(out, o->standard);
    if (o->standard_note)
        buf_addf(out, has_value ? " (%s)" : "%s", o->standard_note);
}

static const char *value_name(const struct option *o)
{
    switch (o->type) {
    case OPTION_INT:
        return "NUMBER";
    case OPTION_BYTES:
        return "SIZE";
    case OPTION_DURATION:
        return "TIME";
    case OPTION_CHOICE:
    case OPTION_CHOICE_INDEX:
        return "WORD";
    case OPTION_TEXT:
        break;
    }
    return "TEXT";
}

void options_help(struct buf *out)
{
    for (size_t i = 0; i < options_table_count; i++) {
        const struct option *o = &options_table[i];

        if (begins_section(i))
            buf_addf(out, "%s%s:\n", i ? "\n" : "", o->section);
        buf_addf(out, "  --%s %s\n      %s", o->name, value_name(o), o->help);
        if (o->choices)
            buf_addf(out, ": %s", o->choices);
        buf_add_text(out, "\n      (default: ");
        add_standard(o, out);
        buf_add_text(out, ")\n");
    }
}

static void add_troff(struct buf *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '-')
            buf_add_text(out, "\\-");
        else if (*text == '\\')
            buf_add_text(out, "\\e");
        else
            buf_add_char(out, *text);
    }
}

static void add_man_option(const struct option *o, struct buf *out)
{
    char env[OPTION_ENV_MAX];
    struct buf text;

    buf_init(&text, 4096);
    option_env_name(o, env);
    buf_add_text(out, ".TP\n\\fB\\-\\-");
    add_troff(out, o->name);
    buf_addf(out, "\\fR \\fI%s\\fR\n", value_name(o));
    buf_addf(&text, "%s. Default: ", o->help);
    add_standard(o, &text);
    buf_add_text(&text, ". ");
    if (o->type != OPTION_TEXT) {
        buf_add_text(&text, o->choices ? "One of " : "Range: ");
        option_range_text(o, &text);
        buf_add_text(&text, ". ");
    }
    buf_addf(&text, "Environment: %s", env);
    if (o->legacy_env)
        buf_addf(&text, ", or %s%s%s", o->legacy_env, o->legacy_unit ? " in " : "",
                 o->legacy_unit ? o->legacy_unit_name : "");
    buf_add_text(&text, ".\n");
    if (text.error)
        out->error = text.error;
    else
        add_troff(out, text.data);
    buf_release(&text);
}

void options_man(struct buf *out)
{
    buf_add_text(
        out, ".TH WHAZZ 1\n.SH NAME\nwhazz \\- audio service with exact usage metering\n"
             ".SH SYNOPSIS\n.B whazz\n.I command\n"
             "[\\fIoptions\\fR] [\\fB\\-\\-\\fR] [\\fIarguments\\fR]\n"
             ".SH DESCRIPTION\nEach option is a flag, an environment variable, or a\n"
             "line \\fIname\\fR = \\fIvalue\\fR of the configuration file; the first\n"
             "of these that sets it counts.\n"
             "Sizes are written as 100MB (powers of 1024), times as 30s, 10m, 24h, 7d.\n"
             ".SH OPTIONS\n");
    for (size_t i = 0; i < options_table_count; i++) {
        if (begins_section(i))
            buf_addf(out, ".SS %s\n", options_table[i].section);
        add_man_option(&options_table[i], out);
    }
}

/* A | would end a table's cell. */
static void add_cell(struct buf *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '|')
            buf_add_text(out, ", ");
        else
            buf_add_char(out, *text);
    }
}

static void add_markdown_row(const struct option *o, struct buf *out)
{
    char env[OPTION_ENV_MAX];
    struct buf range;

    buf_init(&range, 256);
    option_env_name(o, env);
    option_range_text(o, &range);
    buf_addf(out, "| `%s` | ", o->name);
    add_cell(out, o->help);
    buf_add_text(out, " | ");
    add_standard(o, out);
    buf_add_text(out, " | ");
    add_cell(out, range.data ? range.data : "text");
    buf_addf(out, " | `%s`", env);
    if (o->legacy_env)
        buf_addf(out, ", `%s`", o->legacy_env);
    if (o->legacy_unit)
        buf_addf(out, " (%s)", o->legacy_unit_name);
    buf_add_text(out, " |\n");
    buf_release(&range);
}

void options_markdown(struct buf *out)
{
    buf_add_text(
        out,
        "# Configuration\n\n"
        "This page is made from the option table (`src/base/options_table.c`).\n\n"
        "An option `data-dir` can be set, strongest first, by the flag `--data-dir X` or\n"
        "`--data-dir=X`, by `WHAZZ_DATA_DIR`, by the replaced system's name where there\n"
        "is one, or by a line `data-dir = X` in the file that `--config` names. An empty\n"
        "environment variable counts as unset. Of a repeated flag the last counts; `--`\n"
        "ends the flags.\n\n"
        "In the file, a line that begins with `#` is a comment; a `#` later in a line\n"
        "belongs to the value. An option may be set once.\n\n"
        "Sizes are `512`, `100MB` or `1GiB`; all units are powers of 1024. Times need a\n"
        "unit: `500ms`, `30s`, `10m`, `24h`, `7d`.\n");
    for (size_t i = 0; i < options_table_count; i++) {
        if (begins_section(i))
            buf_addf(out,
                     "\n## %s\n\n| option | meaning | default | values | environment |\n"
                     "|---|---|---|---|---|\n",
                     options_table[i].section);
        add_markdown_row(&options_table[i], out);
    }
}
