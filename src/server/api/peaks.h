/* GET /audio/peaks/{job_id}: the waveforms of a job's original and result. */
#ifndef SERVER_API_PEAKS_H
#define SERVER_API_PEAKS_H

#include "server/http/http.h"

int peaks_prepare(struct http_request *req, struct http_reply *reply);
/* Decodes both files, unless that was done before. */
int peaks_work(struct http_request *req, struct http_reply *reply);
int peaks_reply(struct http_request *req, struct http_reply *reply);

#endif
