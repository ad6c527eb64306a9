/* Addresses: which network one belongs to, and whose it is behind proxies. Any thread. */
#ifndef AUTH_NETWORK_H
#define AUTH_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"
#include "base/view.h"

enum {
    NETWORK_ADDRESS_SIZE = 46, /* with the NUL, as in struct principal */
    NETWORK_KEY_SIZE = 44,
    NETWORK_RANGES_MAX = 32,
};

/* Writes the network that shares one guest budget: "203.0.113.0/24", "2001:db8::/56". An
 * IPv4 address mapped into IPv6 counts as IPv4; a zone ("%eth0") is ignored. False, and an
 * empty key, when `address` is none. */
bool network_key(const char *address, char key[NETWORK_KEY_SIZE]);

struct network_range {
    unsigned char prefix[16]; /* IPv4 mapped into IPv6 */
    int bits;                 /* of those 128 */
};

struct network_ranges {
    struct network_range items[NETWORK_RANGES_MAX];
    size_t count;
};

/* Reads "10.0.0.0/8, ::1"; a bare address is a range of one; NULL and "" are none.
 * ERR_INVALID names the entry that is none. */
MUST_CHECK int network_ranges_parse(const char *text, struct network_ranges *ret,
                                    struct err *reterr);

/* The client's address. `peer` is the socket's; only when it is in `trusted` is
 * X-Forwarded-For believed (several header lines joined with commas, in order). Its entries
 * are walked from the right, each added by the hop to its right, up to the first that is
 * not trusted: what is left of it anybody can make up. An entry that is no address ends the
 * walk at the last one that was. Ports and brackets are dropped. False, and an empty
 * address, when `peer` is no address. */
bool network_client(const struct network_ranges *trusted, const char *peer,
                    struct view forwarded_for, char address[NETWORK_ADDRESS_SIZE]);

#endif
