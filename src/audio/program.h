/* The audio program's bytes inside the binary (tools/embed_program.py). */
#ifndef AUDIO_PROGRAM_H
#define AUDIO_PROGRAM_H

#include <stddef.h>
#include <stdint.h>

extern const char audio_program[], audio_program_end[];

static inline size_t audio_program_bytes(void)
{
    return (size_t)((uintptr_t)audio_program_end - (uintptr_t)audio_program);
}

#endif
