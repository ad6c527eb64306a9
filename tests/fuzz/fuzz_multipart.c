/* One byte of piece size, then a body with the boundary B: however it is cut, the same
 * parts must come out. */
#include <stdint.h>
#include <stdlib.h>
#include "server/http/multipart.h"

struct sum {
    uint64_t hash;
};

static void add(struct sum *s, struct view v)
{
    for (size_t i = 0; i < v.len; i++)
        s->hash = (s->hash ^ (unsigned char)v.ptr[i]) * 0x100000001b3;
}

static int on_begin(void *context, const struct multipart_part *part)
{
    add(context, view_of("["));
    add(context, part->name);
    add(context, view_of(part->filename.ptr ? "|" : "-"));
    add(context, part->filename);
    add(context, part->content_type);
    return 0;
}

static int on_data(void *context, struct view data)
{
    if (data.len == 0)
        abort();
    add(context, data);
    return 0;
}

static int on_end(void *context)
{
    add(context, view_of("]"));
    return 0;
}

static enum multipart_result run(struct view body, size_t step, struct sum *s)
{
    static const struct multipart_events events = { on_begin, on_data, on_end };
    struct multipart m;

    s->hash = 0xcbf29ce484222325;
    (void)multipart_init(&m, view_of("B"), &events, s);
    for (size_t i = 0; i < body.len; i += step)
        (void)multipart_feed(&m, view_slice(body, i, step));
    return multipart_finish(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char boundary[MULTIPART_BOUNDARY_SIZE];
    struct sum whole, pieces;
    struct view body;

    if (len < 2)
        return 0;
    body = (struct view){ (const char *)data + 1, len - 1 };
    if (run(body, body.len, &whole) != run(body, data[0] ? data[0] : 1, &pieces) ||
        whole.hash != pieces.hash)
        abort();
    (void)boundary_of_content_type(body, boundary);
    return 0;
}
