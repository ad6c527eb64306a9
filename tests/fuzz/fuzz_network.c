/* Trusted ranges, newline, peer, newline, X-Forwarded-For: an address that is given belongs
 * to a network, and without trust it is the peer's. */
#include <stdint.h>
#include <stdlib.h>
#include "auth/network.h"

static struct view line_take(struct view *text, char to[128])
{
    const char *end = text->len ? memchr(text->ptr, '\n', text->len) : NULL;
    const size_t len = end ? (size_t)(end - text->ptr) : text->len;
    const struct view line = view_slice(*text, 0, len < 127 ? len : 127);

    if (line.len)
        memcpy(to, line.ptr, line.len);
    to[line.len] = '\0';
    *text = view_slice(*text, end ? len + 1 : len, text->len);
    return line;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct view input = { (const char *)data, len };
    char trusted[128], peer[128], address[NETWORK_ADDRESS_SIZE],
        direct[NETWORK_ADDRESS_SIZE];
    char key[NETWORK_KEY_SIZE];
    struct network_ranges ranges = { .count = 0 }, none = { .count = 0 };
    bool is_known;

    (void)line_take(&input, trusted);
    (void)line_take(&input, peer);
    if (network_ranges_parse(trusted, &ranges, NULL) != 0)
        ranges.count = 0;
    if (ranges.count > NETWORK_RANGES_MAX)
        abort();
    is_known = network_client(&ranges, peer, input, address);
    if (is_known != network_key(address, key) || is_known != (address[0] != '\0'))
        abort();
    if (network_client(&none, peer, input, direct) != is_known ||
        (ranges.count == 0 && strcmp(address, direct) != 0))
        abort();
    return 0;
}
