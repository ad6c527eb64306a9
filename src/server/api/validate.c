#include "server/api/validate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"

enum { PASSWORD_BYTES_MAX = 72 };

int validate_result(struct http_request *req)
{
    return api_context_of(req)->invalid.len ? ERR_INVALID : 0;
}

/* With loc [where, name], [where, offset] when there is no name, or [where] alone. */
static void entry_add(struct http_request *req, const char *type, const char *where,
                      const char *name, int64_t offset, const char *msg, const char *ctx)
{
    struct buf *list = &api_context_of(req)->invalid;
    struct json j;

    json_init(&j, list);
    if (list->len) {
        list->data[--list->len] = '\0'; /* reopens the list */
        j.needs_comma = true;
    } else {
        json_array_begin(&j);
    }
    json_object_begin(&j);
    json_put_str(&j, "type", type);
    json_key(&j, "loc");
    json_array_begin(&j);
    json_text(&j, view_of(where));
    if (name)
        json_text(&j, view_of(name));
    else if (offset >= 0)
        json_int(&j, offset);
    json_array_end(&j);
    json_put_str(&j, "msg", msg);
    if (ctx) {
        json_key(&j, "ctx");
        json_raw(&j, view_of(ctx));
    }
    json_object_end(&j);
    json_array_end(&j);
}

void validate_add(struct http_request *req, const char *type, const char *where,
                  const char *name, const char *msg, const char *ctx)
{
    entry_add(req, type, where, name, -1, msg, ctx);
}

/* One past int64_t is beyond any bound. */
static int int_parse(struct view text, int64_t *ret)
{
    const int rc = form_int(text, ret);

    if (rc != ERR_TOO_LARGE)
        return rc;
    *ret = memchr(text.ptr, '-', text.len) ? INT64_MIN : INT64_MAX;
    return 0;
}

static bool int_read(struct http_request *req, const char *where, const char *name,
                     struct view text, int64_t *ret)
{
    if (int_parse(text, ret) == 0)
        return true;
    validate_add(req, "int_parsing", where, name,
                 "Input should be a valid integer, unable to parse string as an integer",
                 NULL);
    return false;
}

void validate_path_int(struct http_request *req, size_t index, const char *name,
                       int64_t *ret)
{
    (void)int_read(req, "path", name, req->path_params[index], ret);
}

static void bound_add(struct http_request *req, const char *name, const char *type,
                      const char *words, const char *key, int64_t bound)
{
    char msg[96], ctx[48];

    (void)snprintf(msg, sizeof msg, "Input should be %s than or equal to %lld", words,
                   (long long)bound);
    (void)snprintf(ctx, sizeof ctx, "{\"%s\":%lld}", key, (long long)bound);
    validate_add(req, type, "query", name, msg, ctx);
}

void validate_query_int(struct http_request *req, const char *name, int64_t min,
                        int64_t max, int64_t *ret)
{
    const struct view text = http_query(req, name);
    int64_t value;

    if (!text.ptr || !int_read(req, "query", name, text, &value))
        return;
    if (value < min)
        bound_add(req, name, "greater_than_equal", "greater", "ge", min);
    else if (value > max)
        bound_add(req, name, "less_than_equal", "less", "le", max);
    else
        *ret = value;
}

static int bool_of(struct view text)
{
    bool value;

    return form_bool(text, &value) == 0 ? value : -1;
}

static const char BOOL_MSG[] = "Input should be a valid boolean, unable to interpret input";

void validate_query_bool(struct http_request *req, const char *name, int *ret)
{
    const struct view text = http_query(req, name);

    *ret = -1;
    if (!text.ptr)
        return;
    *ret = bool_of(text);
    if (*ret < 0)
        validate_add(req, "bool_parsing", "query", name, BOOL_MSG, NULL);
}

void validate_query_time(struct http_request *req, const char *name, int64_t *ret)
{
    const struct view text = http_query(req, name);

    if (text.ptr && !clock_parse(text, ret))
        validate_add(req, "datetime_parsing", "query", name,
                     "Input should be a valid date or RFC 3339 time", NULL);
}

static bool is_json_type(struct view type)
{
    size_t len = 0;

    while (len < type.len && !strchr("; \t", type.ptr[len]))
        len++;
    return type.len == 0 || view_eq_nocase(view_slice(type, 0, len), "application/json");
}

static void json_fault_add(struct http_request *req, size_t offset, const char *fault)
{
    struct buf ctx;
    struct json j;

    buf_init(&ctx, 2048);
    json_init(&j, &ctx);
    json_object_begin(&j);
    json_put_str(&j, "error", fault);
    json_object_end(&j);
    entry_add(req, "json_invalid", "body", NULL, (int64_t)offset, "JSON decode error",
              ctx.data);
    buf_release(&ctx);
}

const struct json_value *validate_body(struct http_request *req)
{
    static const char not_object[] =
        "Input should be a valid dictionary or object to extract fields from";
    struct api_context *c = api_context_of(req);
    struct err err = { 0 };
    size_t offset = 0;

    if (req->body.len == 0) {
        validate_add(req, "missing", "body", NULL, "Field required", NULL);
        return NULL;
    }
    if (!is_json_type(http_header(req, "Content-Type"))) {
        validate_add(req, "model_attributes_type", "body", NULL, not_object, NULL);
        return NULL;
    }
    if (json_parse(buf_view(&req->body), &c->document, &offset, &err) != 0) {
        json_fault_add(req, offset, err.text);
        return NULL;
    }
    if (json_root(c->document)->type == JSON_OBJECT)
        return json_root(c->document);
    validate_add(req, "model_attributes_type", "body", NULL, not_object, NULL);
    return NULL;
}

static size_t characters_of(struct view text)
{
    size_t count = 0;

    for (size_t i = 0; i < text.len; i++)
        count += ((unsigned char)text.ptr[i] & 0xC0) != 0x80;
    return count;
}

static bool length_check(struct http_request *req, const char *name,
                         const struct json_value *v, size_t min, size_t max)
{
    const size_t count = characters_of(v->text);
    const bool is_short = count < min;
    char msg[96], ctx[48];

    if (!is_short && (max == 0 || count <= max))
        return true;
    (void)snprintf(msg, sizeof msg, "String should have at %s %zu characters",
                   is_short ? "least" : "most", is_short ? min : max);
    (void)snprintf(ctx, sizeof ctx, "{\"%s_length\":%zu}", is_short ? "min" : "max",
                   is_short ? min : max);
    validate_add(req, is_short ? "string_too_short" : "string_too_long", "body", name, msg,
                 ctx);
    return false;
}

struct view validate_string(struct http_request *req, const struct json_value *object,
                            const char *name, unsigned flags, size_t min, size_t max)
{
    const struct json_value *v = json_member(object, name);
    const struct view none = { NULL, 0 };

    if (!v || (v->type == JSON_NULL && !(flags & VALIDATE_REQUIRED))) {
        if (flags & VALIDATE_REQUIRED)
            validate_add(req, "missing", "body", name, "Field required", NULL);
        return none;
    }
    if (v->type != JSON_STRING) {
        validate_add(req, "string_type", "body", name, "Input should be a valid string",
                     NULL);
        return none;
    }
    if (v->has_lone_surrogate || (v->text.len && memchr(v->text.ptr, '\0', v->text.len))) {
        validate_add(req, "string_unicode", "body", name,
                     "Input should be text without NUL and without lone surrogates", NULL);
        return none;
    }
    if (!length_check(req, name, v, min, max))
        return none;
    return v->text.ptr ? v->text : view_of("");
}

int validate_bool(struct http_request *req, const struct json_value *object,
                  const char *name)
{
    const struct json_value *v = json_member(object, name);
    int value = -1;

    if (!v || v->type == JSON_NULL)
        return -1;
    if (v->type == JSON_BOOL)
        value = v->boolean;
    else if (v->type == JSON_STRING)
        value = bool_of(v->text);
    else if (v->type == JSON_NUMBER && v->is_integer &&
             (v->integer == 0 || v->integer == 1))
        value = (int)v->integer;
    if (value < 0)
        validate_add(req, "bool_parsing", "body", name, BOOL_MSG, NULL);
    return value;
}

static struct view trimmed(struct view text)
{
    while (text.len && strchr(" \t\r\n\v\f", text.ptr[0]))
        text = view_slice(text, 1, text.len);
    while (text.len && strchr(" \t\r\n\v\f", text.ptr[text.len - 1]))
        text.len--;
    return text;
}

bool validate_email(struct http_request *req, const struct json_value *object,
                    unsigned flags, char ret[AUTH_EMAIL_MAX + 1])
{
    const struct view text = trimmed(validate_string(req, object, "email", flags, 0, 0));
    const char *reason;
    char msg[256], ctx[256];

    if (!text.ptr)
        return false;
    if (auth_email_normalise(text, ret, &reason))
        return true;
    (void)snprintf(msg, sizeof msg, "value is not a valid email address: %s", reason);
    (void)snprintf(ctx, sizeof ctx, "{\"reason\":\"%s\"}", reason);
    validate_add(req, "value_error", "body", "email", msg, ctx);
    return false;
}

struct view validate_password(struct http_request *req, const struct json_value *object,
                              const char *name)
{
    const struct view text = validate_string(req, object, name, VALIDATE_REQUIRED, 8,
                                             PASSWORD_BYTES_MAX);

    if (text.len > PASSWORD_BYTES_MAX) {
        validate_add(
            req, "value_error", "body", name,
            "Value error, Password cannot be longer than 72 bytes when encoded in UTF-8",
            "{\"error\":{}}");
        return (struct view){ NULL, 0 };
    }
    return text;
}
