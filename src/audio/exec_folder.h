/* The folder that an external engine works in: made, measured, read and removed. Nothing in
 * it is trusted: links are not followed, names are never paths. Any thread. */
#ifndef AUDIO_EXEC_FOLDER_H
#define AUDIO_EXEC_FOLDER_H

#include <stddef.h>
#include <stdint.h>
#include "audio/exec.h"
#include "base/err.h"
#include "base/view.h"

/* Makes "engine-XXXXXX" in `work_dir`, and in it the folder "out" when `has_out`. Fills the
 * path. */
MUST_CHECK int exec_folder_make(const char *work_dir, bool has_out, char *ret_path,
                                size_t size, struct err *reterr);
/* Removes it with all files in it and in its "out". */
void exec_folder_remove(const char *path);
/* Removes all such folders that an earlier process left in `work_dir`. */
void exec_folders_remove(const char *work_dir);
/* What the files in it and in its "out" take on the disk, and how many there are. ERR_IO
 * when that cannot be told. Files without a name any more are not seen. */
MUST_CHECK int exec_folder_measure(const char *path, int64_t *ret_bytes,
                                   int64_t *ret_files);

/* A file that an engine wrote as one of several results. */
struct exec_file {
    char name[256];              /* in its folder */
    char label[EXEC_LABEL_SIZE]; /* for people and file names */
};

/* The regular files in `path` whose names end in ".wav", in the order of their names'
 * bytes, with labels that differ in more than case. ERR_ENGINE with a sentence when there
 * are none, or more than `most` (at most EXEC_RESULTS_MAX). */
MUST_CHECK int exec_folder_results(const char *path, int most,
                                   struct exec_file ret[EXEC_RESULTS_MAX],
                                   size_t *ret_count, struct err *reterr);
/* A file's name as a label: without ".wav", as of filename_make; cut; never empty. */
void exec_label_make(struct view name, char ret[EXEC_LABEL_SIZE]);

#endif
