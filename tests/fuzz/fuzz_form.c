/* A query string: decoding never grows, and the values hold no NUL. */
#include <stdint.h>
#include <stdlib.h>
#include "server/http/forms.h"

static void check_text(struct view text, const char *storage, size_t room)
{
    if (!text.ptr || text.ptr < storage || text.ptr + text.len > storage + room ||
        (text.len && memchr(text.ptr, '\0', text.len)))
        abort();
}

static void check_number(struct view text)
{
    int64_t value = 42;
    bool truth;

    if (form_int(text, &value) != 0 && value != 42)
        abort();
    (void)!form_bool(text, &truth);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const struct view query = { (const char *)data, len };
    char *storage = malloc(len + 1); /* a heap block, so that ASan sees the byte behind */
    char *exact = realloc(storage, len ? len : 1);
    struct form f;

    if (!exact)
        abort();
    if (form_parse(query, exact, &f) == 0) {
        for (size_t i = 0; i < f.count; i++) {
            check_text(f.params[i].name, exact, len);
            check_text(f.params[i].value, exact, len);
            check_number(f.params[i].value);
        }
    } else if (f.count) {
        abort();
    }
    check_number(query);
    free(exact);
    return 0;
}
