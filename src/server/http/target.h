/* The request target (RFC 9112, 3.2; RFC 3986): path and query, decoded. */
#ifndef SERVER_HTTP_TARGET_H
#define SERVER_HTTP_TARGET_H

#include "server/http/http.h"

/* Splits and decodes `target` into `decoded` (as large), where req->path and req->query
 * then point. An absolute form loses scheme and host. False for a broken escape, a NUL, or
 * more than FORM_PARAMS_MAX parameters. */
bool target_parse(const char *target, char *decoded, struct http_request *req);

/* Appends where a target that has one slash too many belongs: its path as it was sent
 * without the last slash, and its query. False when the path does not end with a slash. */
bool target_without_slash(const char *target, struct buf *out);

#endif
