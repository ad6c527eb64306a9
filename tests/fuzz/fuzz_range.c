/* Eight bytes of size, then a Range field: a slice must lie within the size. */
#include <stdlib.h>
#include "server/http/etag.h"
#include "server/http/range.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct range r;
    struct view field;
    int64_t size;

    if (len < sizeof size)
        return 0;
    memcpy(&size, data, sizeof size);
    size &= INT64_MAX;
    field = (struct view){ (const char *)data + sizeof size, len - sizeof size };
    if (range_parse(field, size, &r) == RANGE_SLICE &&
        (r.first_bytes < 0 || r.len_bytes < 1 || r.len_bytes > size - r.first_bytes))
        abort();
    (void)etag_list_names(field, view_of("\"a\""));
    return 0;
}
