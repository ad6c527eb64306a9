/* How much an engine takes away: a choice of the user's between noise left and speech
 * touched. */
#ifndef AUDIO_STRENGTH_H
#define AUDIO_STRENGTH_H

enum audio_strength { AUDIO_STRENGTH_NORMAL, AUDIO_STRENGTH_LIGHT, AUDIO_STRENGTH_STRONG };

#endif
