/* Loudness of a channel and how noisy it is, from powers of short frames. Pure functions;
 * any thread. */
#ifndef AUDIO_CHILD_DSP_LEVEL_H
#define AUDIO_CHILD_DSP_LEVEL_H

#include <stddef.h>

enum { LEVEL_FRAMES_MAX = 2048 };

/* Root mean square of the active frames: those above a tenth of the mean power. */
double level_active_rms(const float *powers, size_t count);

/* Ratio of speech to noise in dB, -30 to 90, of frames (up to LEVEL_FRAMES_MAX) whose
 * powers are known before and after a denoiser. Noise is what is heard where the denoiser
 * leaves least (a fifth of the frames), or, when that is more, what there was in all frames
 * of which it takes most: so knocks between quiet pauses count too. */
double level_snr_db(const float *before, const float *after, size_t count);

#endif
