/* The smallest and largest samples of a recording in pieces, for drawing. One pass, any
 * length, constant memory. */
#ifndef AUDIO_CHILD_WAVEFORM_H
#define AUDIO_CHILD_WAVEFORM_H

#include <libavutil/frame.h>
#include <stdint.h>

enum { WAVEFORM_BINS = 32768 };

struct waveform {
    int64_t per_bin; /* frames; doubles whenever the bins are full */
    int64_t frames, in_bin;
    int bins; /* full ones, and the one being filled */
    float low[WAVEFORM_BINS], high[WAVEFORM_BINS];
};

void waveform_init(struct waveform *w);
/* A block of planar floats. */
void waveform_add(struct waveform *w, const AVFrame *block);
/* Fills `pairs` with a smallest and a largest sample for each bucket (127: full scale),
 * rounded away from zero. Returns the buckets: `buckets`, or fewer when there are fewer
 * frames. */
int waveform_write(const struct waveform *w, int buckets, int8_t *pairs);

#endif
