/* Jobs as JSON, and who may see one. */
#ifndef SERVER_API_JOB_H
#define SERVER_API_JOB_H

#include "server/api/api.h"

/* The job named by the first path parameter, when it is the caller's or the caller is an
 * admin; 404 "Job not found", 403 "Not authorized to access this job". On req->db, which is
 * the loop's snapshot. */
MUST_CHECK int job_of_caller(struct http_request *req, struct job *ret);
/* The same inside a write. */
MUST_CHECK int job_of_caller_write(struct http_request *req, struct job *ret);

/* Whether there is a result to be had: 410 "The file has expired", 400 "Job not completed:
 * STATUS". */
MUST_CHECK int job_result_check(struct http_request *req, const struct job *job);

/* The body of GET /audio/status: one object. */
void job_status_write(struct http_request *req, struct json *j, const struct job *job);

/* What a walk over a page of jobs needs. */
struct job_page {
    struct http_request *req;
    struct json *j;
    int64_t limit, count;
    char last[UUID_TEXT_SIZE];
};

/* {"message": "Job ID deleted successfully"} */
void job_deleted_reply(struct http_reply *reply, const struct job *job);
/* Removes the files of a job that is deleted or expired. */
void job_files_remove(struct http_request *req, const struct job_blobs *blobs);

/* What api_own() holds of a request that deletes one job. */
struct job_deletion {
    struct job job;
    struct job_blobs blobs;
};

/* The read step of such a request: the files go once the deletion is durable. */
int job_deletion_read(struct http_request *req, struct http_reply *reply);

/* ---- outputs ---- */

/* The name that the client's file had, without its extension. Lives as long as the job. */
struct view job_name_stem(const struct job *job);
/* The file name that an output is downloaded under: "processed_NAME.wav" or, of several,
 * "processed_NAME_LABEL.wav", with what belongs to the output's format. */
MUST_CHECK int job_output_name(const struct job *job, const struct job_output *output,
                               struct buf *out);
/* The output that the query's `output` names by its number, the first one without it: 404
 * when there is none of that number. On req->db. */
MUST_CHECK int job_output_of(struct http_request *req, const struct job *job,
                             int *ret_number, struct job_output *ret);
/* Of a download's Content-Type: of "wav", "mp3", "flac", "m4a", "ogg". */
const char *job_content_type(const char *extension);

#endif
