#include "auth/network.h"

#include <arpa/inet.h>
#include <stdio.h>

struct address {
    unsigned char bytes[16]; /* IPv4 as ::ffff:a.b.c.d */
};

static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

static bool is_v4(const unsigned char bytes[16])
{
    return memcmp(bytes, mapped, sizeof mapped) == 0;
}

static bool parse(struct view text, struct address *ret)
{
    char copy[NETWORK_ADDRESS_SIZE];
    const char *zone = text.len ? memchr(text.ptr, '%', text.len) : NULL;

    if (zone)
        text.len = (size_t)(zone - text.ptr);
    if (text.len == 0 || text.len >= sizeof copy || memchr(text.ptr, '\0', text.len))
        return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    if (inet_pton(AF_INET, copy, ret->bytes + 12) == 1) {
        memcpy(ret->bytes, mapped, sizeof mapped);
        return !zone;
    }
    return inet_pton(AF_INET6, copy, ret->bytes) == 1;
}

static void format(const struct address *a, char text[NETWORK_ADDRESS_SIZE])
{
    const bool v4 = is_v4(a->bytes);

    (void)inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? a->bytes + 12 : a->bytes, text,
                    NETWORK_ADDRESS_SIZE);
}

static void cut(unsigned char bytes[16], int bits)
{
    for (int i = 0; i < 16; i++) {
        const int kept = bits - i * 8;

        if (kept < 8)
            bytes[i] = kept <= 0 ? 0 : (unsigned char)(bytes[i] & (0xff << (8 - kept)));
    }
}

bool network_key(const char *address, char key[NETWORK_KEY_SIZE])
{
    char text[NETWORK_ADDRESS_SIZE];
    struct address a;
    bool v4;

    key[0] = '\0';
    if (!parse(view_of(address), &a))
        return false;
    v4 = is_v4(a.bytes);
    cut(a.bytes, v4 ? 96 + 24 : 56);
    format(&a, text);
    (void)snprintf(key, NETWORK_KEY_SIZE, "%.39s/%d", text, v4 ? 24 : 56);
    return true;
}

static bool parse_bits(struct view text, int most, int *ret)
{
    int bits = 0;

    if (text.len == 0 || text.len > 3)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
        bits = bits * 10 + (text.ptr[i] - '0');
    }
    *ret = bits;
    return bits <= most;
}

static bool parse_range(struct view text, struct network_range *ret)
{
    const char *slash = memchr(text.ptr, '/', text.len);
    const size_t len = slash ? (size_t)(slash - text.ptr) : text.len;
    struct address a;
    int most, bits;

    if (!parse(view_slice(text, 0, len), &a))
        return false;
    /* ::ffff:10.0.0.0/104 counts its bits from the left of IPv6, 10.0.0.0/8 does not. */
    most = is_v4(a.bytes) && !memchr(text.ptr, ':', len) ? 32 : 128;
    bits = most;
    if (slash && !parse_bits(view_slice(text, len + 1, text.len), most, &bits))
        return false;
    ret->bits = bits + (most == 32 ? 96 : 0);
    cut(a.bytes, ret->bits);
    memcpy(ret->prefix, a.bytes, sizeof a.bytes);
    return true;
}

int network_ranges_parse(const char *text, struct network_ranges *ret, struct err *reterr)
{
    struct view rest = view_of(text);

    ret->count = 0;
    while (rest.len) {
        const char *comma = memchr(rest.ptr, ',', rest.len);
        const size_t len = comma ? (size_t)(comma - rest.ptr) : rest.len;
        const struct view entry = view_trim(view_slice(rest, 0, len), " \t");

        rest = view_slice(rest, len + 1, rest.len);
        if (entry.len == 0)
            continue;
        if (ret->count == NETWORK_RANGES_MAX)
            return err_set(reterr, ERR_INVALID, "more than %d networks",
                           NETWORK_RANGES_MAX);
        if (!parse_range(entry, &ret->items[ret->count]))
            return err_set(reterr, ERR_INVALID, "%.*s is no network",
                           entry.len > 64 ? 64 : (int)entry.len, entry.ptr);
        ret->count++;
    }
    return 0;
}

static bool is_trusted(const struct network_ranges *trusted, const struct address *a)
{
    for (size_t i = 0; i < trusted->count; i++) {
        struct address masked = *a;

        cut(masked.bytes, trusted->items[i].bits);
        if (memcmp(masked.bytes, trusted->items[i].prefix, sizeof masked.bytes) == 0)
            return true;
    }
    return false;
}

/* "203.0.113.7", "203.0.113.7:4711", "2001:db8::7", "[2001:db8::7]", "[2001:db8::7]:4711"
 */
static bool parse_hop(struct view text, struct address *ret)
{
    const char *colon, *bracket;

    text = view_trim(text, " \t");
    if (text.len == 0)
        return false;
    if (text.ptr[0] == '[') {
        bracket = memchr(text.ptr, ']', text.len);
        return bracket && parse(view_slice(text, 1, (size_t)(bracket - text.ptr) - 1), ret);
    }
    colon = memchr(text.ptr, ':', text.len);
    if (colon && colon == memrchr(text.ptr, ':', text.len))
        text.len = (size_t)(colon - text.ptr);
    return parse(text, ret);
}

bool network_client(const struct network_ranges *trusted, const char *peer,
                    struct view forwarded_for, char address[NETWORK_ADDRESS_SIZE])
{
    struct view rest = forwarded_for;
    struct address client, hop;

    address[0] = '\0';
    if (!parse(view_of(peer), &client))
        return false;
    while (rest.len && is_trusted(trusted, &client)) {
        const char *comma = memrchr(rest.ptr, ',', rest.len);
        const size_t from = comma ? (size_t)(comma - rest.ptr) + 1 : 0;

        if (!parse_hop(view_slice(rest, from, rest.len), &hop))
            break;
        client = hop;
        rest.len = comma ? from - 1 : 0;
    }
    format(&client, address);
    return true;
}
