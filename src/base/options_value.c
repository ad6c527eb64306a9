#include "base/options_table.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/clock.h"
#include "base/utf8.h"

enum { SHOWN_SIZE = 64 };

/* What an error says of a value: printable, and short enough for one line. */
static const char *shown(struct view value, char text[SHOWN_SIZE])
{
    utf8_printable(value, text, SHOWN_SIZE - 3);
    if (value.len > SHOWN_SIZE - 4)
        (void)strcat(text, "...");
    return value.len ? text : "nothing";
}

struct unit {
    const char *name;
    int64_t size;
};

static const struct unit byte_units[] = {
    { "TB", (int64_t)1 << 40 },
    { "TiB", (int64_t)1 << 40 },
    { "T", (int64_t)1 << 40 },
    { "GB", (int64_t)1 << 30 },
    { "GiB", (int64_t)1 << 30 },
    { "G", (int64_t)1 << 30 },
    { "MB", (int64_t)1 << 20 },
    { "MiB", (int64_t)1 << 20 },
    { "M", (int64_t)1 << 20 },
    { "KB", (int64_t)1 << 10 },
    { "KiB", (int64_t)1 << 10 },
    { "K", (int64_t)1 << 10 },
    { "B", 1 },
    { "", 1 },
    { NULL, 0 },
};
static const struct unit duration_units[] = {
    { "d", CLOCK_DAY_US },
    { "h", CLOCK_HOUR_US },
    { "m", CLOCK_MINUTE_US },
    { "s", CLOCK_SECOND_US },
    { "ms", 1000 },
    { "us", 1 },
    { NULL, 0 },
};
static const struct unit no_units[] = { { "", 1 }, { NULL, 0 } };

static const struct unit *units_of(enum option_type type)
{
    return type == OPTION_BYTES      ? byte_units
           : type == OPTION_DURATION ? duration_units
                                     : no_units;
}

static const char *kind_of(enum option_type type)
{
    return type == OPTION_BYTES      ? "a size (such as 100MB)"
           : type == OPTION_DURATION ? "a duration (such as 30s, 10m, 24h, 7d)"
                                     : "a whole number";
}

static void add_with_unit(const struct option *o, int64_t value, struct buf *out)
{
    const struct unit *unit = units_of(o->type);

    while (value && value % unit->size)
        unit++;
    buf_add_int(out, value ? value / unit->size : 0);
    if (value)
        buf_add_text(out, unit->name);
}

void option_range_text(const struct option *o, struct buf *out)
{
    if (o->choices) {
        buf_add_text(out, o->choices);
    } else if (o->type != OPTION_TEXT) {
        add_with_unit(o, o->min, out);
        buf_add_text(out, " to ");
        add_with_unit(o, o->max, out);
    }
}

void option_env_name(const struct option *o, char name[OPTION_ENV_MAX])
{
    (void)snprintf(name, OPTION_ENV_MAX, "WHAZZ_%s", o->name);
    for (char *c = name; *c; c++) {
        if (*c == '-')
            *c = '_';
        else if (*c >= 'a' && *c <= 'z')
            *c = (char)(*c - 'a' + 'A');
    }
}

static int out_of_range(const struct option *o, const char *value, struct err *reterr)
{
    char text[SHOWN_SIZE];
    struct buf range;

    buf_init(&range, 128);
    option_range_text(o, &range);
    (void)err_set(reterr, ERR_INVALID, "%s is not in the range %s",
                  shown(view_of(value), text), range.data ? range.data : "");
    buf_release(&range);
    return ERR_INVALID;
}

static int read_number(const struct option *o, const char *value, int64_t unit_size,
                       int64_t *ret, struct err *reterr)
{
    static const struct unit bare[] = { { "", 1 }, { NULL, 0 } };
    const bool is_negative = value[0] == '-';
    const size_t sign_len = is_negative;
    const size_t digits = strspn(value + sign_len, "0123456789");
    const struct unit *unit = unit_size ? bare : units_of(o->type);
    char text[SHOWN_SIZE];
    int64_t number = 0;
    bool overflows = false;

    while (unit->name && strcasecmp(unit->name, value + sign_len + digits) != 0)
        unit++;
    for (size_t i = sign_len; i < sign_len + digits; i++) {
        overflows |= __builtin_mul_overflow(number, 10, &number);
        overflows |= __builtin_add_overflow(number, value[i] - '0', &number);
    }
    if (digits && !unit->name && o->type == OPTION_DURATION && number == 0 &&
        value[sign_len + digits] == '\0')
        unit = bare;
    if (digits == 0 || !unit->name)
        return err_set(reterr, ERR_INVALID, "%s is not %s", shown(view_of(value), text),
                       unit_size ? "a whole number" : kind_of(o->type));
    overflows |= __builtin_mul_overflow(number, unit_size ? unit_size : unit->size,
                                        &number);
    if (overflows || (is_negative && number) || number < o->min || number > o->max)
        return out_of_range(o, value, reterr);
    *ret = number;
    return 0;
}

static int read_choice(const struct option *o, const char *value, int64_t *ret,
                       struct err *reterr)
{
    const char *word = o->choices;
    char text[SHOWN_SIZE];

    for (int64_t i = 0;; i++) {
        const size_t len = strcspn(word, "|");

        if (view_eq((struct view){ word, len }, value)) {
            *ret = i;
            return 0;
        }
        if (!word[len])
            return err_set(reterr, ERR_INVALID, "%s is not one of %s",
                           shown(view_of(value), text), o->choices);
        word += len + 1;
    }
}

static int read_text(const struct option *o, const char *value, struct buf *normal,
                     struct err *reterr)
{
    const int64_t len = (int64_t)strlen(value);

    if (len < o->min || len > o->max)
        return err_set(reterr, ERR_INVALID,
                       "needs %" PRId64 " to %" PRId64 " bytes, has %" PRId64, o->min,
                       o->max, len);
    if (o->check)
        return o->check(value, normal, reterr);
    buf_add_text(normal, value);
    return 0;
}

int option_set(const struct option *o, const char *value, int64_t unit, struct options *to,
               struct err *reterr)
{
    char *member = (char *)to + o->offset;
    char *copy = NULL;
    int64_t number = 0;
    struct buf normal;
    int code;

    buf_init(&normal, 128 * 1024);
    if (o->type == OPTION_TEXT)
        code = read_text(o, value, &normal, reterr);
    else if (o->choices)
        code = read_choice(o, value, &number, reterr);
    else
        code = read_number(o, value, unit, &number, reterr);
    if (code)
        goto done;
    if (!option_is_text(o)) {
        memcpy(member, &number, sizeof number);
        goto done;
    }
    copy = o->type == OPTION_CHOICE ? strdup(value)
                                    : strdup(normal.data ? normal.data : "");
    if (normal.error || !copy) {
        free(copy);
        code = err_set(reterr, ERR_NO_MEMORY, "out of memory");
        goto done;
    }
    free(*(char **)(void *)member);
    memcpy(member, &copy, sizeof copy);

done:
    buf_release(&normal);
    return code;
}

int option_check_listen(const char *value, struct buf *normal, struct err *reterr)
{
    const char *colon = strrchr(value, ':');
    char text[SHOWN_SIZE];
    struct in6_addr address;
    char host[INET6_ADDRSTRLEN];
    size_t host_len;

    if (!colon || colon == value || strpbrk(value, " \t/"))
        return err_set(reterr, ERR_INVALID, "%s is not host:port",
                       shown(view_of(value), text));
    host_len = (size_t)(colon - value);
    if (value[0] == '[' && host_len > 2 && host_len - 2 < sizeof host && colon[-1] == ']') {
        memcpy(host, value + 1, host_len - 2);
        host[host_len - 2] = '\0';
    } else {
        host[0] = '\0';
    }
    if (memchr(value, ':', host_len) && inet_pton(AF_INET6, host, &address) != 1)
        return err_set(reterr, ERR_INVALID, "%s is not host:port or [v6 address]:port",
                       shown(view_of(value), text));
    if (strspn(colon + 1, "0123456789") != strlen(colon + 1) || strlen(colon + 1) > 5 ||
        !colon[1] || atoi(colon + 1) > 65535)
        return err_set(reterr, ERR_INVALID, "%s is not a port (0 to 65535)",
                       shown(view_of(colon + 1), text));
    buf_add_text(normal, value);
    return 0;
}

int option_check_zone(const char *value, struct buf *normal, struct err *reterr)
{
    char text[SHOWN_SIZE], path[128];
    struct stat st;

    (void)snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", value);
    if (value[0] == '/' || strstr(value, "..") ||
        (strcmp(value, "UTC") != 0 && (stat(path, &st) != 0 || !S_ISREG(st.st_mode))))
        return err_set(reterr, ERR_INVALID, "%s is not a time zone known here",
                       shown(view_of(value), text));
    buf_add_text(normal, value);
    return 0;
}

typedef bool (*item_check)(struct view item);

static int check_list(struct view list, const char *off, item_check is_good,
                      const char *kind, struct buf *normal, struct err *reterr)
{
    char text[SHOWN_SIZE];

    list = view_trim(list, " \t\r\n");
    while (list.len) {
        const char *comma = memchr(list.ptr, ',', list.len);
        const size_t len = comma ? (size_t)(comma - list.ptr) : list.len;
        const struct view item = view_trim(view_slice(list, 0, len), off);

        if (!is_good(item))
            return err_set(reterr, ERR_INVALID, "%s is not %s", shown(item, text), kind);
        if (normal->len)
            buf_add_char(normal, ',');
        buf_add(normal, item.ptr, item.len);
        list = view_slice(list, len + (comma != NULL), list.len);
    }
    return 0;
}

static bool is_origin(struct view item)
{
    const size_t scheme = item.len > 8 && memcmp(item.ptr, "https://", 8) == 0  ? 8
                          : item.len > 7 && memcmp(item.ptr, "http://", 7) == 0 ? 7
                                                                                : 0;

    if (view_eq(item, "*"))
        return true;
    for (size_t i = scheme; i < item.len; i++) {
        if (item.ptr[i] <= ' ' || strchr("/\"'?#@\\<>", item.ptr[i]))
            return false;
    }
    return scheme != 0;
}

int option_check_origins(const char *value, struct buf *normal, struct err *reterr)
{
    struct view list = view_trim(view_of(value), " \t\r\n");
    const bool opens = list.len && list.ptr[0] == '[';
    const bool closes = list.len && list.ptr[list.len - 1] == ']';

    if (opens != closes || (opens && list.len < 2))
        return err_set(reterr, ERR_INVALID, "a list that begins with [ must end with ]");
    if (opens)
        list = view_slice(list, 1, list.len - 2);
    return check_list(list, opens ? " \t\r\n\"" : " \t\r\n", is_origin,
                      "an origin (such as https://example.org)", normal, reterr);
}

static bool is_network(struct view item)
{
    char text[INET6_ADDRSTRLEN + 4];
    unsigned char address[sizeof(struct in6_addr)];
    const char *prefix;
    char *slash;
    int bits;

    if (item.len == 0 || item.len >= sizeof text)
        return false;
    memcpy(text, item.ptr, item.len);
    text[item.len] = '\0';
    slash = strchr(text, '/');
    prefix = slash ? slash + 1 : "0";
    if (slash)
        *slash = '\0';
    bits = inet_pton(AF_INET, text, address) == 1    ? 32
           : inet_pton(AF_INET6, text, address) == 1 ? 128
                                                     : -1;
    return bits > 0 && *prefix && strlen(prefix) <= 3 &&
           strspn(prefix, "0123456789") == strlen(prefix) && atoi(prefix) <= bits;
}

int option_check_networks(const char *value, struct buf *normal, struct err *reterr)
{
    return check_list(view_of(value), " \t\r\n", is_network,
                      "a network (such as 10.0.0.0/8)", normal, reterr);
}
