/* A JSON document: what is read can be written, and what was written reads the same. */
#include <stdint.h>
#include <stdlib.h>
#include "base/json.h"

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_within(struct view part, struct view whole)
{
    check(part.ptr >= whole.ptr && part.len <= whole.len &&
          part.ptr + part.len <= whole.ptr + whole.len);
}

static bool has_nul_or_quote(struct view text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] < ' ' || text.ptr[i] == '"' || text.ptr[i] == '\\')
            return true;
    }
    return false;
}

static void write_value(struct json *j, const struct json_value *v, struct view source)
{
    const bool is_object = v->type == JSON_OBJECT;

    check_within(v->source, source);
    if (v->type != JSON_OBJECT && v->type != JSON_ARRAY) {
        check(!v->first_child);
        if (v->type == JSON_STRING)
            json_text(j, v->text.ptr ? v->text : view_of(""));
        else
            json_raw(j, v->source);
        return;
    }
    is_object ? json_object_begin(j) : json_array_begin(j);
    for (const struct json_value *c = v->first_child; c; c = c->next) {
        if (is_object) /* names of ours only can be written; their place is what counts */
            json_key(j, has_nul_or_quote(c->name) ? "odd" : "name");
        write_value(j, c, source);
    }
    is_object ? json_object_end(j) : json_array_end(j);
}

static void compare(const struct json_value *a, const struct json_value *b)
{
    check(a->type == b->type && a->boolean == b->boolean &&
          a->is_integer == b->is_integer && a->integer == b->integer &&
          a->text.len == b->text.len);
    check(a->text.len == 0 || memcmp(a->text.ptr, b->text.ptr, a->text.len) == 0);
    a = a->first_child;
    b = b->first_child;
    for (; a && b; a = a->next, b = b->next)
        compare(a, b);
    check(!a && !b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const struct view source = { (const char *)data, len };
    struct json_document *doc = NULL, *again = NULL;
    struct err err = { 0 };
    struct buf out;
    struct json j;
    size_t offset = SIZE_MAX;

    if (json_parse(source, &doc, &offset, &err) != 0) {
        check(!doc && err.text[0] && (err.code == ERR_TOO_LARGE || offset <= len));
        return 0;
    }
    buf_init(&out, 8 * len + 64);
    json_init(&j, &out);
    write_value(&j, json_root(doc), source);
    check(out.error == 0);
    check(json_parse(buf_view(&out), &again, &offset, &err) == 0);
    compare(json_root(doc), json_root(again));
    json_document_free(&doc);
    json_document_free(&again);
    buf_release(&out);
    return 0;
}
