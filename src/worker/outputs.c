#include "worker/outputs.h"

#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "blob/blob.h"

int outputs_init(struct outputs *o, struct blob_store *blobs, const struct job *job,
                 int most, struct err *reterr)
{
    int64_t bytes;

    *o = (struct outputs){ .blobs = blobs };
    o->format = audio_format_find(view_of(job->choice.output_format));
    if (!o->format)
        return err_set(reterr, ERR_INVALID, "There is no output format %s.",
                       job->choice.output_format);
    bytes = audio_output_bytes_most(o->format, job->duration_us, job->sample_rate_hz,
                                    job->channels);
    if (__builtin_mul_overflow(bytes, (int64_t)most, &bytes))
        return err_set(reterr, ERR_TOO_LARGE, "The results would be too large.");
    o->are_bounded = most > 1;
    o->bytes_left = bytes;
    return blob_store_room_check(blobs, bytes, reterr);
}

int outputs_open(void *outputs, const char *label, int *ret_fd, int64_t *ret_bytes_max,
                 struct err *reterr)
{
    struct outputs *o = outputs;
    int rc;

    if (o->count == JOB_OUTPUTS_MAX)
        return err_set(reterr, ERR_TOO_LARGE, "There are more than %d results.",
                       JOB_OUTPUTS_MAX);
    if (o->are_bounded && o->bytes_left <= 0)
        return err_set(reterr, ERR_TOO_LARGE, "The results are larger than they may be.");
    rc = blob_writer_open(o->blobs, o->format->extension, &o->writers[o->count], reterr);
    if (rc)
        return rc;
    o->list[o->count] = (struct job_output){ .bytes = 0 };
    (void)snprintf(o->list[o->count].label, sizeof o->list[0].label, "%s", label);
    *ret_fd = blob_writer_fd(o->writers[o->count]);
    *ret_bytes_max = o->are_bounded ? o->bytes_left : 0;
    o->count++;
    return 0;
}

int outputs_done(void *outputs, const struct audio_result *result, struct err *reterr)
{
    struct outputs *o = outputs;
    struct job_output *output = &o->list[o->count - 1];

    output->duration_us = result->output_rate_hz > 0
                              ? result->frames_written * CLOCK_SECOND_US /
                                    result->output_rate_hz
                              : 0;
    output->levels = (struct job_levels){ true, result->peak_cdbfs, result->loudness_clufs,
                                          result->noise_removed_cdb };
    (void)reterr;
    o->bytes_left -= result->output_bytes;
    o->bytes += result->output_bytes;
    return 0;
}

static int output_commit(struct outputs *o, size_t i, struct err *reterr)
{
    struct job_output *output = &o->list[i];
    struct blob_writer *w = o->writers[i];
    int rc = blob_writer_rescan(w, reterr);

    if (rc == 0)
        rc = blob_writer_commit(w, output->digest, reterr);
    if (rc)
        return rc;
    output->bytes = blob_writer_bytes(w);
    (void)snprintf(output->blob, sizeof output->blob, "%s", blob_writer_name(w));
    return 0;
}

int outputs_commit(struct outputs *o, struct err *reterr)
{
    int rc = 0;

    for (size_t i = 0; i < o->count && rc == 0; i++)
        rc = output_commit(o, i, reterr);
    if (rc)
        outputs_discard(o);
    return rc;
}

void outputs_discard(const struct outputs *o)
{
    for (size_t i = 0; i < o->count; i++) {
        if (o->list[i].blob[0])
            blob_discard(o->blobs, o->list[i].blob);
    }
}

void outputs_release(struct outputs *o)
{
    for (size_t i = 0; i < o->count; i++)
        blob_writer_close(&o->writers[i]);
    o->count = 0;
}
