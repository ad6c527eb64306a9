/* How loud the quietest parts of a recording are: its noise floor. Constant memory. */
#ifndef AUDIO_CHILD_FLOOR_H
#define AUDIO_CHILD_FLOOR_H

#include <libavutil/frame.h>
#include <stdint.h>

enum { FLOOR_LEVELS = 1201 /* of -120.0 to 0.0 dBFS, in tenths */ };

struct floor_meter {
    int window;    /* frames of 20 ms */
    int in_window; /* frames summed so far */
    double energy; /* of them, mean over the channels */
    uint64_t windows, levels[FLOOR_LEVELS];
};

void floor_init(struct floor_meter *f, int sample_rate_hz);
/* A block of planar floats. */
void floor_add(struct floor_meter *f, const AVFrame *block);
/* Windows of digital silence: what recorders write before they record. */
uint64_t floor_silent(const struct floor_meter *f);
/* RMS in dBFS that a tenth of all windows stay below, after the quietest `silent` are left
 * out; -120 when there are none. */
double floor_dbfs(const struct floor_meter *f, uint64_t silent);

#endif
