#include "server/http/forms.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int percent_decode(struct view text, bool plus_is_space, char *to, size_t *ret_len)
{
    size_t len = 0;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (c == '%') {
            const int high = text.len - i > 2 ? hex_digit(text.ptr[i + 1]) : -1;
            const int low = text.len - i > 2 ? hex_digit(text.ptr[i + 2]) : -1;

            if (high < 0 || low < 0)
                return ERR_INVALID;
            c = (char)(high * 16 + low);
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        if (c == '\0')
            return ERR_INVALID;
        to[len++] = c;
    }
    *ret_len = len;
    return 0;
}

static struct view take_until(struct view *text, char end)
{
    const char *at = text->len ? memchr(text->ptr, end, text->len) : NULL;
    const size_t len = at ? (size_t)(at - text->ptr) : text->len;
    const struct view taken = view_slice(*text, 0, len);

    *text = view_slice(*text, at ? len + 1 : len, text->len);
    return taken;
}

static int decode_into(struct view text, char **storage, struct view *ret)
{
    size_t len;
    const int rc = percent_decode(text, true, *storage, &len);

    if (rc == 0) {
        *ret = (struct view){ *storage, len };
        *storage += len;
    }
    return rc;
}

int form_parse(struct view query, char *storage, struct form *ret)
{
    int rc = 0;

    ret->count = 0;
    while (query.len && rc == 0) {
        struct view value = take_until(&query, '&');
        struct form_param *param = &ret->params[ret->count];
        struct view name;

        if (value.len == 0)
            continue;
        if (ret->count == FORM_PARAMS_MAX) {
            rc = ERR_TOO_LARGE;
            break;
        }
        name = take_until(&value, '=');
        rc = decode_into(name, &storage, &param->name);
        if (rc == 0)
            rc = decode_into(value, &storage, &param->value);
        ret->count++;
    }
    if (rc)
        ret->count = 0;
    return rc;
}

struct view form_value(const struct form *f, const char *name)
{
    for (size_t i = f->count; i > 0; i--) {
        if (view_eq(f->params[i - 1].name, name))
            return f->params[i - 1].value;
    }
    return (struct view){ NULL, 0 };
}

static bool is_digit(struct view v, size_t at)
{
    return at < v.len && v.ptr[at] >= '0' && v.ptr[at] <= '9';
}

int form_int(struct view value, int64_t *ret)
{
    const struct view v = view_trim(value, " \t\r\n\v\f");
    const bool negative = v.len && v.ptr[0] == '-';
    size_t at = v.len && (v.ptr[0] == '-' || v.ptr[0] == '+');
    int64_t sum = 0; /* of the negative, which has room for INT64_MIN */
    bool overflowed = false;

    if (!is_digit(v, at))
        return ERR_INVALID;
    while (is_digit(v, at)) {
        overflowed |= __builtin_mul_overflow(sum, 10, &sum);
        overflowed |= __builtin_sub_overflow(sum, v.ptr[at] - '0', &sum);
        at++;
        if (at < v.len && v.ptr[at] == '_' && is_digit(v, at + 1))
            at++;
    }
    if (at < v.len && v.ptr[at] == '.' && at + 1 < v.len) {
        at++;
        while (at < v.len && v.ptr[at] == '0')
            at++;
    }
    if (at != v.len)
        return ERR_INVALID;
    if (overflowed || (!negative && sum == INT64_MIN))
        return ERR_TOO_LARGE;
    *ret = negative ? sum : -sum;
    return 0;
}

int form_bool(struct view value, bool *ret)
{
    static const char *const words[][2] = {
        { "false", "true" }, { "no", "yes" }, { "off", "on" },
        { "0", "1" },        { "f", "t" },    { "n", "y" },
    };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        for (int truth = 0; truth < 2; truth++) {
            if (view_eq_nocase(value, words[i][truth])) {
                *ret = truth == 1;
                return 0;
            }
        }
    }
    return ERR_INVALID;
}
