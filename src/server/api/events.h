/* GET /audio/events/{job_id}: a job's progress and outcome as Server-Sent Events (WHATWG
 * HTML). */
#ifndef SERVER_API_EVENTS_H
#define SERVER_API_EVENTS_H

#include "server/http/http.h"

int events_start(struct http_request *req, struct http_reply *reply);

#endif
