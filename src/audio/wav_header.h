/* A RIFF/WAVE header of linear samples, read from bytes without libav: what most uploads
 * are. Sources: Microsoft/IBM "Multimedia Programming Interface and Data
 * Specifications 1.0" (1991) and WAVEFORMATEXTENSIBLE. No allocation; any thread. */
#ifndef AUDIO_WAV_HEADER_H
#define AUDIO_WAV_HEADER_H

#include "audio/audio.h"

enum wav_result {
    WAV_OK,
    WAV_OTHER, /* not RIFF/WAVE, or its samples are not linear: ask a real demuxer */
    WAV_BAD,   /* RIFF/WAVE that contradicts itself, or without one whole frame */
};

/* `head` is the file's first bytes (4 kB do for all but odd files; WAV_OTHER when the data
 * chunk begins past them), `file_bytes` its size. A data chunk that claims more than the
 * file has is taken as far as it goes. */
enum wav_result wav_header_read(struct view head, int64_t file_bytes,
                                struct audio_info *ret);

#endif
