#include "tests/unit/unit.h"

#include <string.h>
#include "base/json.h"

static void values_of_every_type_are_read(void **state)
{
    const struct view source = view_of(
        " {\"a\": [1, -2.5, 1e3, true, false, null], \"b\\n\": \"x\\u00e9\\ud83c\\udfb5\","
        " \"a\": 9223372036854775807, \"c\": {}} ");
    struct json_document *doc = NULL;
    const struct json_value *v;
    size_t offset;

    (void)state;
    assert_int_equal(json_parse(source, &doc, &offset, NULL), 0);
    v = json_member(json_root(doc), "a");
    assert_true(v->is_integer);
    assert_int_equal(v->integer, INT64_MAX);
    v = json_root(doc)->first_child->first_child;
    assert_int_equal(v->integer, 1);
    assert_true(v->next->number == -2.5);
    assert_false(v->next->is_integer);
    assert_true(v->next->next->number == 1000.0);
    assert_true(v->next->next->next->boolean);
    v = json_member(json_root(doc), "b\n");
    assert_true(view_eq(v->text, "x\xC3\xA9\xF0\x9F\x8E\xB5"));
    assert_true(view_eq(v->source, "\"x\\u00e9\\ud83c\\udfb5\""));
    assert_int_equal(json_member(json_root(doc), "c")->type, JSON_OBJECT);
    assert_null(json_member(json_root(doc), "d"));
    json_document_free(&doc);
    json_document_free(&doc);
}

static void nul_and_lone_surrogates_are_told(void **state)
{
    struct json_document *doc = NULL;
    size_t offset;

    (void)state;
    assert_int_equal(json_parse(view_of("\"a\\u0000b\\ud800c\""), &doc, &offset, NULL), 0);
    assert_int_equal(json_root(doc)->text.len, 7);
    assert_memory_equal(json_root(doc)->text.ptr,
                        "a\0b\xEF\xBF\xBD"
                        "c",
                        7);
    assert_true(json_root(doc)->has_lone_surrogate);
    json_document_free(&doc);
}

static void faults_have_pythons_words_and_place(void **state)
{
    static const struct {
        const char *source, *text;
        size_t offset;
    } cases[] = {
        { "", "Expecting value", 0 },
        { "nope", "Expecting value", 0 },
        { "{\"a\": 1, }", "Expecting property name enclosed in double quotes", 9 },
        { "{a: 1}", "Expecting property name enclosed in double quotes", 1 },
        { "{\"a\" 1}", "Expecting ':' delimiter", 5 },
        { "[1 2]", "Expecting ',' delimiter", 3 },
        { "[1,", "Expecting value", 3 },
        { "\"abc", "Unterminated string starting at", 0 },
        { "\"a\nb\"", "Invalid control character at", 2 },
        { "\"\\x\"", "Invalid \\escape", 1 },
        { "{} x", "Extra data", 3 },
        { "01", "Extra data", 1 },
        { "-", "Expecting value", 0 },
        { "\"\xFF\"", "Invalid UTF-8", 1 },
        { "tru", "Expecting value", 0 },
    };
    struct json_document *doc = NULL;

    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        struct err err = { 0 };
        size_t offset = 999;

        assert_int_equal(json_parse(view_of(cases[i].source), &doc, &offset, &err),
                         ERR_INVALID);
        assert_string_equal(err.text, cases[i].text);
        assert_int_equal(offset, cases[i].offset);
        assert_null(doc);
    }
}

static void depth_and_number_of_values_are_bounded(void **state)
{
    struct json_document *doc = NULL;
    char deep[2 * 40 + 1], many[3 * JSON_NODES_MAX];
    size_t offset, len = 0;

    (void)state;
    memset(deep, '[', 40);
    memset(deep + 40, ']', 40);
    deep[80] = '\0';
    assert_int_equal(json_parse(view_of(deep), &doc, &offset, NULL), ERR_TOO_LARGE);
    many[len++] = '[';
    for (int i = 0; i < JSON_NODES_MAX; i++) {
        many[len++] = '1';
        many[len++] = ',';
    }
    many[len - 1] = ']';
    assert_int_equal(json_parse((struct view){ many, len }, &doc, &offset, NULL),
                     ERR_TOO_LARGE);
    assert_null(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_every_type_are_read),
        cmocka_unit_test(nul_and_lone_surrogates_are_told),
        cmocka_unit_test(faults_have_pythons_words_and_place),
        cmocka_unit_test(depth_and_number_of_values_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
