/* External engines as the option names them. Plain data once it is read. */
#ifndef AUDIO_EXEC_CONFIG_H
#define AUDIO_EXEC_CONFIG_H

#include "audio/exec.h"

enum { EXEC_PATHS_MAX = 48 };

struct exec_engine {
    char *type;
    char *words[EXEC_WORDS_MAX + 1]; /* ends with NULL */
    bool has_folder;                 /* {outdir}: several results; else {out} */
    int results_most;
};

struct exec_engines {
    char *spec, *paths; /* cut up in place */
    char *work_dir;
    struct exec_limits limits;
    struct exec_engine list[EXEC_ENGINES_MAX];
    size_t count;
    char *programs[EXEC_ENGINES_MAX]; /* the folders that they are in */
    const char *read_paths[EXEC_PATHS_MAX + EXEC_ENGINES_MAX + 1];
    size_t read_paths_count;
};

/* NULL: none serves the type. */
const struct exec_engine *exec_engine_of(const struct exec_engines *engines,
                                         struct view type);

#endif
