#include "base/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/utf8.h"

struct json_document {
    struct json_value nodes[JSON_NODES_MAX];
    size_t nodes_count;
    char *text; /* of unescaped strings: never longer than their source */
    size_t text_len;
    struct json_value *root;
};

struct reader {
    struct json_document *doc;
    const char *start, *at, *end;
    int depth;
    const char *fault; /* NULL: none */
    const char *fault_at;
    int code;
};

static bool fail(struct reader *r, const char *at, const char *fault)
{
    if (!r->fault) {
        r->fault = fault;
        r->fault_at = at;
        r->code = ERR_INVALID;
    }
    return false;
}

static bool fail_too_large(struct reader *r)
{
    (void)fail(r, r->at, "The document is too large");
    r->code = ERR_TOO_LARGE;
    return false;
}

static void skip_space(struct reader *r)
{
    while (r->at < r->end &&
           (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r'))
        r->at++;
}

static bool next_is(const struct reader *r, char c)
{
    return r->at < r->end && *r->at == c;
}

static int hex_value(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static bool hex4(struct reader *r, uint32_t *ret)
{
    uint32_t value = 0;

    for (int i = 0; i < 4; i++) {
        const int digit = r->at < r->end ? hex_value(*r->at) : -1;

        if (digit < 0)
            return fail(r, r->at, "Invalid \\uXXXX escape");
        value = value << 4 | (uint32_t)digit;
        r->at++;
    }
    *ret = value;
    return true;
}

static void put_utf8(struct json_document *doc, uint32_t code)
{
    char *to = doc->text + doc->text_len;
    const size_t len = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = { 0, 0, 0xC0, 0xE0, 0xF0 };

    for (size_t i = len; i-- > 1;) {
        to[i] = (char)(0x80 | (code & 0x3F));
        code >>= 6;
    }
    to[0] = (char)(lead[len] | code);
    doc->text_len += len;
}

/* Behind "\u": one code point, of one escape or of a surrogate pair. */
static bool unicode_escape(struct reader *r, struct json_value *v)
{
    uint32_t code, low;

    if (!hex4(r, &code))
        return false;
    if (code >= 0xD800 && code < 0xDC00 && r->end - r->at >= 6 && r->at[0] == '\\' &&
        r->at[1] == 'u') {
        const char *before = r->at;

        r->at += 2;
        if (!hex4(r, &low))
            return false;
        if (low >= 0xDC00 && low < 0xE000)
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        else
            r->at = before;
    }
    if (code >= 0xD800 && code < 0xE000) {
        v->has_lone_surrogate = true;
        code = 0xFFFD;
    }
    put_utf8(r->doc, code);
    return true;
}

static bool escape(struct reader *r, struct json_value *v)
{
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    const char *name;

    if (r->at == r->end)
        return fail(r, r->at, "Unterminated string starting at");
    if (*r->at == 'u') {
        r->at++;
        return unicode_escape(r, v);
    }
    name = *r->at ? strchr(names, *r->at) : NULL;
    if (!name)
        return fail(r, r->at - 1, "Invalid \\escape");
    r->doc->text[r->doc->text_len++] = values[name - names];
    r->at++;
    return true;
}

/* The reader stands behind the opening quote. */
static bool string(struct reader *r, struct json_value *v)
{
    const char *open = r->at - 1;
    const size_t text_start = r->doc->text_len;

    while (r->at < r->end && *r->at != '"') {
        const struct view rest = { r->at, (size_t)(r->end - r->at) };
        uint32_t code;
        size_t len;

        if (*r->at == '\\') {
            r->at++;
            if (!escape(r, v))
                return false;
            continue;
        }
        if ((unsigned char)*r->at < 0x20)
            return fail(r, r->at, "Invalid control character at");
        len = utf8_next(rest, &code);
        if (len == 0)
            return fail(r, r->at, "Invalid UTF-8");
        memcpy(r->doc->text + r->doc->text_len, r->at, len);
        r->doc->text_len += len;
        r->at += len;
    }
    if (r->at == r->end)
        return fail(r, open, "Unterminated string starting at");
    r->at++;
    v->type = JSON_STRING;
    v->text = (struct view){ r->doc->text + text_start, r->doc->text_len - text_start };
    return true;
}

static size_t digits(const char *at, const char *end)
{
    size_t count = 0;

    while (at + count < end && at[count] >= '0' && at[count] <= '9')
        count++;
    return count;
}

static bool number(struct reader *r, struct json_value *v)
{
    const char *start = r->at, *at = r->at + (*r->at == '-');
    size_t count = digits(at, r->end);
    char text[64];

    v->type = JSON_NUMBER;
    v->is_integer = true;
    if (count == 0)
        return fail(r, start, "Expecting value");
    at += *at == '0' ? 1 : count;
    if (at + 1 < r->end && *at == '.' && (count = digits(at + 1, r->end)) > 0) {
        at += 1 + count;
        v->is_integer = false;
    }
    if (at < r->end && (*at == 'e' || *at == 'E')) {
        const char *exponent = at + 1;

        exponent += exponent < r->end && (*exponent == '+' || *exponent == '-');
        count = digits(exponent, r->end);
        if (count > 0) {
            at = exponent + count;
            v->is_integer = false;
        }
    }
    if ((size_t)(at - start) >= sizeof text)
        return fail_too_large(r);
    memcpy(text, start, (size_t)(at - start));
    text[at - start] = '\0';
    v->number = strtod(text, NULL);
    errno = 0;
    v->integer = v->is_integer ? strtoll(text, NULL, 10) : 0;
    v->is_integer = v->is_integer && errno == 0;
    r->at = at;
    return true;
}

static bool word(struct reader *r, const char *text)
{
    const size_t len = strlen(text);

    if ((size_t)(r->end - r->at) < len || memcmp(r->at, text, len) != 0)
        return fail(r, r->at, "Expecting value");
    r->at += len;
    return true;
}

static struct json_value *value(struct reader *r);

static bool member(struct reader *r, struct json_value **ret)
{
    struct json_value name = { 0 };

    if (!next_is(r, '"'))
        return fail(r, r->at, "Expecting property name enclosed in double quotes");
    r->at++;
    if (!string(r, &name))
        return false;
    skip_space(r);
    if (!next_is(r, ':'))
        return fail(r, r->at, "Expecting ':' delimiter");
    r->at++;
    *ret = value(r);
    if (*ret)
        (*ret)->name = name.text;
    return *ret != NULL;
}

/* The members of an array or object, up to and with its closing bracket. */
static bool children(struct reader *r, struct json_value *parent, char close)
{
    struct json_value **link = &parent->first_child;

    r->at++;
    skip_space(r);
    if (next_is(r, close)) {
        r->at++;
        return true;
    }
    for (;;) {
        struct json_value *child = NULL;

        if (parent->type == JSON_OBJECT) {
            if (!member(r, &child))
                return false;
        } else {
            child = value(r);
        }
        if (!child)
            return false;
        *link = child;
        link = &child->next;
        skip_space(r);
        if (next_is(r, close)) {
            r->at++;
            return true;
        }
        if (!next_is(r, ','))
            return fail(r, r->at, "Expecting ',' delimiter");
        r->at++;
        skip_space(r);
    }
}

static bool value_read(struct reader *r, struct json_value *v)
{
    switch (r->at < r->end ? *r->at : '\0') {
    case '{':
        v->type = JSON_OBJECT;
        return children(r, v, '}');
    case '[':
        v->type = JSON_ARRAY;
        return children(r, v, ']');
    case '"':
        r->at++;
        return string(r, v);
    case 't':
    case 'f':
        v->type = JSON_BOOL;
        v->boolean = *r->at == 't';
        return word(r, v->boolean ? "true" : "false");
    case 'n':
        v->type = JSON_NULL;
        return word(r, "null");
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
        return number(r, v);
    default:
        return fail(r, r->at, "Expecting value");
    }
}

static struct json_value *value(struct reader *r)
{
    struct json_value *v;
    const char *start;
    bool ok;

    skip_space(r);
    if (r->doc->nodes_count == JSON_NODES_MAX || r->depth == JSON_DEPTH_MAX) {
        (void)fail_too_large(r);
        return NULL;
    }
    v = &r->doc->nodes[r->doc->nodes_count++];
    start = r->at;
    r->depth++;
    ok = value_read(r, v);
    r->depth--;
    v->source = (struct view){ start, (size_t)(r->at - start) };
    return ok ? v : NULL;
}

static struct json_document *document_new(size_t source_len)
{
    struct json_document *doc = calloc(1, sizeof *doc);

    if (!doc)
        return NULL;
    /* U+FFFD for an escaped lone surrogate is 3 bytes of 6: text never outgrows its source.
     */
    doc->text = malloc(source_len + 1);
    if (!doc->text)
        json_document_free(&doc);
    return doc;
}

int json_parse(struct view source, struct json_document **ret, size_t *ret_offset,
               struct err *reterr)
{
    struct reader r = { .start = source.ptr,
                        .at = source.ptr,
                        .end = source.ptr + source.len };

    *ret_offset = 0;
    if (source.len == 0)
        return err_set(reterr, ERR_INVALID, "Expecting value");
    r.doc = document_new(source.len);
    if (!r.doc)
        return err_set(reterr, ERR_NO_MEMORY, "JSON document");
    r.doc->root = value(&r);
    skip_space(&r);
    if (r.doc->root && r.at < r.end)
        (void)fail(&r, r.at, "Extra data");
    if (!r.fault) {
        *ret = r.doc;
        return 0;
    }
    *ret_offset = (size_t)(r.fault_at - r.start);
    json_document_free(&r.doc);
    return err_set(reterr, r.code, "%s", r.fault);
}

const struct json_value *json_root(const struct json_document *doc)
{
    return doc->root;
}

void json_document_free(struct json_document **doc)
{
    if (!*doc)
        return;
    free((*doc)->text);
    free(*doc);
    *doc = NULL;
}

const struct json_value *json_member(const struct json_value *object, const char *name)
{
    const struct json_value *found = NULL;

    if (object->type != JSON_OBJECT)
        return NULL;
    for (const struct json_value *v = object->first_child; v; v = v->next) {
        if (view_eq(v->name, name))
            found = v;
    }
    return found;
}
