/* The results of one job while it runs: blobs under construction, made durable together
 * once all are there. One thread at a time. */
#ifndef WORKER_OUTPUTS_H
#define WORKER_OUTPUTS_H

#include "audio/audio.h"
#include "jobs/jobs.h"

struct blob_store;
struct blob_writer;

struct outputs {
    struct blob_store *blobs;
    const struct audio_format *format;
    bool are_bounded;   /* together; else one alone, as audio_process has it */
    int64_t bytes_left; /* of what all may take */
    int64_t bytes;      /* of those that are done */
    size_t count;
    struct blob_writer *writers[JOB_OUTPUTS_MAX];
    struct job_output list[JOB_OUTPUTS_MAX]; /* whole after outputs_commit */
};

/* Room for `most` outputs of the job, or ERR_NO_SPACE. Several may not take more together
 * than was held for them; what one takes is bounded by its length alone. */
MUST_CHECK int outputs_init(struct outputs *o, struct blob_store *blobs,
                            const struct job *job, int most, struct err *reterr);
/* The open and done of struct exec_results. */
MUST_CHECK int outputs_open(void *outputs, const char *label, int *ret_fd,
                            int64_t *ret_bytes_max, struct err *reterr);
MUST_CHECK int outputs_done(void *outputs, const struct audio_result *result,
                            struct err *reterr);
/* Makes all durable. Blocks. After a failure none is there. */
MUST_CHECK int outputs_commit(struct outputs *o, struct err *reterr);
/* Removes what outputs_commit made. */
void outputs_discard(const struct outputs *o);
/* What was not committed is gone without a trace. Accepts a zeroed one. */
void outputs_release(struct outputs *o);

#endif
