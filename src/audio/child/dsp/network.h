/* DTLN over tracks at 16 kHz: brings speech to the level that the network was trained at
 * (-26 dBFS RMS of what is active in the seconds around) and undoes that after it, warms it
 * up on the first second mirrored, and makes up for its delay. The network looks twice, the
 * second time half a hop further on and 9 dB quieter, and the mean of both is what it
 * gives: its errors differ more than what it hears of the speech. One channel, one thread
 * at a time. */
#ifndef AUDIO_CHILD_DSP_NETWORK_H
#define AUDIO_CHILD_DSP_NETWORK_H

#include <stdbool.h>
#include "audio/child/dsp/dtln.h"
#include "audio/child/dsp/track.h"

/* Seconds around a hop that tell of its level and noise, in hops. */
enum { HOPS_BEHIND = 1000, HOPS_AHEAD = 500 };

enum { NETWORK_LOOKS = 2, NETWORK_SHIFT = DTLN_HOP / 2 };

struct network {
    struct dtln *looks[NETWORK_LOOKS];
    struct track powers; /* of the input, per hop */
    struct track gains;  /* put on the input, per hop; its end: the next hop to feed */
    float gain;          /* of the last hop */
    float early[NETWORK_SHIFT]; /* the second look's last results, ahead of the first's */
};

MUST_CHECK int network_init(struct network *n, struct err *reterr);
/* Takes what it can of `in` and appends the result to `out`; with `is_last` that ends where
 * `in` does. Needs `in` from network_position on. */
MUST_CHECK int network_run(struct network *n, const struct track *in, bool is_last,
                           struct track *out, struct err *reterr);
int64_t network_position(const struct network *n);
void network_release(struct network *n);

#endif
