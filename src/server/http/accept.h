/* Taking a loop's new connections. Two libmicrohttpd daemons serve them: one with little
 * memory per connection, which is right for an API, and one with much, since a large body
 * moves only as fast as its buffer is large. A look at the request line decides; a
 * connection stays where it began. Inside server/http only, on the loop's thread. */
#ifndef SERVER_HTTP_ACCEPT_H
#define SERVER_HTTP_ACCEPT_H

#include "server/http/loop.h"

/* Takes what waits, up to a bound. Beyond connections_max they are closed at once. False
 * when there is no file or memory for one, as errno tells: it is to be left waiting. */
bool accept_connections(struct loop *loop);
/* Connections that a daemon serves now. */
unsigned accept_count(struct MHD_Daemon *daemon);

#endif
