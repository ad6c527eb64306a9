/* Content-Disposition for downloads (RFC 6266, RFC 8187). Any thread. */
#ifndef SERVER_HTTP_DISPOSITION_H
#define SERVER_HTTP_DISPOSITION_H

#include "base/buf.h"
#include "base/view.h"

/* Appends `attachment; filename="..."` for any bytes as a name: control characters are
 * dropped, so no name can end the field; quote and backslash are escaped; a character
 * outside ASCII is written as "_", and the true name follows as `; filename*=UTF-8''...`. A
 * byte that is no UTF-8 counts as U+FFFD. Errors stick in the buf. */
void disposition_attachment(struct buf *out, struct view filename);

#endif
