#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"
#include "webui/assets.h"

static void the_api_description_is_the_file_in_docs(void **state)
{
    const struct asset *a = assets_find(view_of("/openapi.json"));
    FILE *file = fopen(SOURCE_ROOT "/docs/openapi.json", "rb");
    char *text;

    (void)state;
    assert_non_null(a);
    assert_non_null(file);
    text = malloc(a->bytes_count + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, a->bytes_count + 1, file), a->bytes_count);
    assert_memory_equal(text, a->bytes, a->bytes_count);
    assert_string_equal(a->type, "application/json");
    free(text);
    (void)fclose(file);
}

static void gzip_forms_are_smaller_and_of_the_same_length(void **state)
{
    (void)state;
    for (size_t i = 0; i < assets_count; i++) {
        const struct asset *a = &assets[i];
        size_t length = 0;

        if (!a->gzip) {
            assert_int_equal(a->gzip_count, 0);
            continue;
        }
        assert_in_range(a->gzip_count, 18, a->bytes_count - 1);
        assert_memory_equal(a->gzip, "\x1f\x8b", 2);
        for (size_t b = 4; b > 0; b--) /* RFC 1952: ISIZE, the last four bytes */
            length = length << 8 | a->gzip[a->gzip_count - 5 + b];
        assert_int_equal(length, a->bytes_count);
    }
}

static void brotli_forms_are_smaller_than_the_file(void **state)
{
    (void)state;
    for (size_t i = 0; i < assets_count; i++) {
        const struct asset *a = &assets[i];

        assert_true((a->brotli != NULL) == (a->brotli_count > 0));
        if (!a->brotli)
            continue;
        assert_in_range(a->brotli_count, 1, a->bytes_count - 1);
        assert_true(a->brotli != a->bytes && a->brotli != a->gzip);
    }
}

static void etags_are_strong_and_paths_sorted_and_found(void **state)
{
    (void)state;
    assert_true(assets_count > 0);
    for (size_t i = 0; i < assets_count; i++) {
        const struct asset *a = &assets[i];
        const size_t len = strlen(a->etag);

        assert_int_equal(len, 34);
        assert_true(a->etag[0] == '"' && a->etag[len - 1] == '"');
        assert_true(i == 0 || strcmp(assets[i - 1].path, a->path) < 0);
        assert_ptr_equal(assets_find(view_of(a->path)), a);
    }
}

static void only_whole_paths_are_found(void **state)
{
    static const char *const paths[] = { "",
                                         "/",
                                         "openapi.json",
                                         "/openapi.jso",
                                         "/openapi.json/",
                                         "/openapi.jsonx",
                                         "/OPENAPI.JSON",
                                         "~" };

    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(paths); i++)
        assert_null(assets_find(view_of(paths[i])));
    assert_null(assets_find((struct view){ NULL, 0 }));
    assert_null(assets_find((struct view){ "/openapi.json\0", 14 }));
    assert_non_null(assets_find((struct view){ "/openapi.json?x", 13 }));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_api_description_is_the_file_in_docs),
        cmocka_unit_test(gzip_forms_are_smaller_and_of_the_same_length),
        cmocka_unit_test(brotli_forms_are_smaller_than_the_file),
        cmocka_unit_test(etags_are_strong_and_paths_sorted_and_found),
        cmocka_unit_test(only_whole_paths_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
