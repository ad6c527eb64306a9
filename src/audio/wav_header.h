/* Reads the header of a RIFF/WAVE (or RF64) file from its first bytes, with every length
 * checked. Allocates nothing; any thread. */
#ifndef AUDIO_WAV_HEADER_H
#define AUDIO_WAV_HEADER_H

#include <stdbool.h>
#include <stdint.h>
#include "audio/audio.h"
#include "base/err.h"
#include "base/view.h"

bool wav_header_is_wave(struct view head);

/* `head` holds the first bytes of a file of `file_bytes` bytes: integer PCM of 8, 16, 24 or
 * 32 bits, or floats of 32 or 64, plain or WAVE_FORMAT_EXTENSIBLE. A data chunk that is
 * longer than the file is cut to what is there. ERR_NOT_MEDIA with a sentence for the user,
 * or ERR_NOT_FOUND when the data begin after `head`; *ret is then left alone. */
MUST_CHECK int wav_header_parse(struct view head, int64_t file_bytes,
                                struct audio_info *ret, struct err *reterr);

#endif
