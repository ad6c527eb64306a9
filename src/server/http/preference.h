/* Lists of preferences: Accept, Accept-Encoding (RFC 9110, section 12.5). Any thread. */
#ifndef SERVER_HTTP_PREFERENCE_H
#define SERVER_HTTP_PREFERENCE_H

#include <stdbool.h>
#include "base/view.h"

/* Whether the list names `item` itself (wildcards do not count), in any case, and not with
 * a weight of zero. An absent field names nothing. */
bool preference_names(struct view list, const char *item);

#endif
