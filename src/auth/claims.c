#include "auth/claims.h"

struct reader {
    const char *at, *end;
    struct claims *to;
};

static void skip_space(struct reader *r)
{
    while (r->at < r->end &&
           (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r'))
        r->at++;
}

static bool take(struct reader *r, char c)
{
    if (r->at == r->end || *r->at != c)
        return false;
    r->at++;
    return true;
}

static bool take_token(struct reader *r, char c)
{
    skip_space(r);
    return take(r, c);
}

static bool read_hex4(struct reader *r, uint32_t *ret)
{
    uint32_t value = 0;

    if (r->end - r->at < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        const char c = *r->at++;

        value <<= 4;
        if (c >= '0' && c <= '9')
            value |= (uint32_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            value |= (uint32_t)(c - 'a' + 10);
        else if (c >= 'A' && c <= 'F')
            value |= (uint32_t)(c - 'A' + 10);
        else
            return false;
    }
    *ret = value;
    return true;
}

/* Room is certain: unescaped text is never longer than its source, which has fewer bytes
 * than `text`. */
static void put(struct claims *c, uint32_t byte)
{
    c->text[c->text_len++] = (char)(unsigned char)byte;
}

static void put_utf8(struct claims *c, uint32_t point)
{
    if (point < 0x80) {
        put(c, point);
    } else if (point < 0x800) {
        put(c, 0xc0 | point >> 6);
        put(c, 0x80 | (point & 0x3f));
    } else if (point < 0x10000) {
        put(c, 0xe0 | point >> 12);
        put(c, 0x80 | (point >> 6 & 0x3f));
        put(c, 0x80 | (point & 0x3f));
    } else {
        put(c, 0xf0 | point >> 18);
        put(c, 0x80 | (point >> 12 & 0x3f));
        put(c, 0x80 | (point >> 6 & 0x3f));
        put(c, 0x80 | (point & 0x3f));
    }
}

static bool read_unicode_escape(struct reader *r)
{
    uint32_t point, low;

    if (!read_hex4(r, &point) || point == 0 || (point >= 0xdc00 && point < 0xe000))
        return false;
    if (point >= 0xd800 && point < 0xdc00) {
        if (!take(r, '\\') || !take(r, 'u') || !read_hex4(r, &low) || low < 0xdc00 ||
            low > 0xdfff)
            return false;
        point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
    }
    put_utf8(r->to, point);
    return true;
}

static bool read_escape(struct reader *r)
{
    static const char from[] = "\"\\/bfnrt";
    static const char to[] = "\"\\/\b\f\n\r\t";
    const char *known;
    char c;

    if (r->at == r->end)
        return false;
    c = *r->at++;
    if (c == 'u')
        return read_unicode_escape(r);
    known = c ? strchr(from, c) : NULL;
    if (!known)
        return false;
    put(r->to, (unsigned char)to[known - from]);
    return true;
}

static bool read_string(struct reader *r, struct view *ret)
{
    const size_t start = r->to->text_len;

    if (!take_token(r, '"'))
        return false;
    while (r->at < r->end) {
        const unsigned char c = (unsigned char)*r->at++;

        if (c == '"') {
            *ret = (struct view){ r->to->text + start, r->to->text_len - start };
            return true;
        }
        if (c < 0x20 || (c == '\\' && !read_escape(r)))
            return false;
        if (c != '\\')
            put(r->to, c);
    }
    return false;
}

static bool read_integer(struct reader *r, int64_t *ret)
{
    const bool negative = take(r, '-');
    const char *const start = r->at;
    int64_t value = 0;

    while (r->at < r->end && *r->at >= '0' && *r->at <= '9') {
        const int digit = *r->at++ - '0';

        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, digit, &value))
            return false;
    }
    if (r->at == start || (*start == '0' && r->at - start > 1) ||
        (!negative && value == INT64_MIN))
        return false;
    *ret = negative ? value : -value;
    return true;
}

static bool is_known(const struct claims *c, struct view name)
{
    for (size_t i = 0; i < c->count; i++) {
        if (c->items[i].name.len == name.len &&
            memcmp(c->items[i].name.ptr, name.ptr, name.len) == 0)
            return true;
    }
    return false;
}

static bool read_member(struct reader *r)
{
    struct claims *c = r->to;
    struct claim claim = { .integer = 0 };

    if (c->count == CLAIMS_MAX || !read_string(r, &claim.name) || is_known(c, claim.name) ||
        !take_token(r, ':'))
        return false;
    skip_space(r);
    if (r->at < r->end && *r->at == '"') {
        if (!read_string(r, &claim.text))
            return false;
    } else if (!read_integer(r, &claim.integer)) {
        return false;
    }
    c->items[c->count++] = claim;
    return true;
}

bool claims_read(struct view json, struct claims *ret)
{
    struct reader r = { .to = ret };

    ret->count = 0;
    ret->text_len = 0;
    if (json.len == 0 || json.len >= sizeof ret->text)
        return false;
    r.at = json.ptr;
    r.end = json.ptr + json.len;
    if (!take_token(&r, '{'))
        return false;
    if (!take_token(&r, '}')) {
        do {
            if (!read_member(&r))
                return false;
        } while (take_token(&r, ','));
        if (!take_token(&r, '}'))
            return false;
    }
    skip_space(&r);
    return r.at == r.end;
}

const struct claim *claims_find(const struct claims *c, const char *name)
{
    for (size_t i = 0; i < c->count; i++) {
        if (view_eq(c->items[i].name, name))
            return &c->items[i];
    }
    return NULL;
}
