#include "audio/exec_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/filename.h"

enum { LABEL_BYTES_MAX = EXEC_LABEL_SIZE - 13 /* the rest for a number */ };

static const char FOLDER[] = "engine-", OUT[] = "out", SUFFIX[] = ".wav";

/* The folder, or one in it; never by way of a link. */
static DIR *dir_open(const char *path, const char *below)
{
    char whole[PATH_MAX];
    DIR *dir;
    int fd;

    if (snprintf(whole, sizeof whole, "%s%s%s", path, below ? "/" : "",
                 below ? below : "") >= (int)sizeof whole)
        return NULL;
    fd = open(whole, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    dir = fd < 0 ? NULL : fdopendir(fd);
    if (fd >= 0 && !dir)
        (void)close(fd);
    return dir;
}

static bool is_a_file(const char *name)
{
    return strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

int exec_folder_make(const char *work_dir, bool has_out, char *ret_path, size_t size,
                     struct err *reterr)
{
    char out[PATH_MAX];

    if (snprintf(ret_path, size, "%s/%sXXXXXX", work_dir, FOLDER) >= (int)size ||
        !mkdtemp(ret_path))
        return err_set_errno(reterr, errno, "engine folder");
    if (has_out && (snprintf(out, sizeof out, "%s/%s", ret_path, OUT) >= (int)sizeof out ||
                    mkdir(out, 0700) != 0)) {
        (void)rmdir(ret_path);
        return err_set_errno(reterr, errno, "engine folder");
    }
    return 0;
}

static void files_remove(DIR *dir)
{
    const struct dirent *entry;

    while (dir && (entry = readdir(dir))) {
        if (is_a_file(entry->d_name))
            (void)unlinkat(dirfd(dir), entry->d_name, 0);
    }
    if (dir)
        (void)closedir(dir);
}

void exec_folder_remove(const char *path)
{
    char out[PATH_MAX];

    files_remove(dir_open(path, OUT));
    if (snprintf(out, sizeof out, "%s/%s", path, OUT) < (int)sizeof out)
        (void)rmdir(out);
    files_remove(dir_open(path, NULL));
    (void)rmdir(path);
}

void exec_folders_remove(const char *work_dir)
{
    DIR *dir = opendir(work_dir);
    const struct dirent *entry;
    char path[PATH_MAX];

    while (dir && (entry = readdir(dir))) {
        if (strncmp(entry->d_name, FOLDER, sizeof FOLDER - 1) == 0 &&
            snprintf(path, sizeof path, "%s/%s", work_dir, entry->d_name) <
                (int)sizeof path)
            exec_folder_remove(path);
    }
    if (dir)
        (void)closedir(dir);
}

/* ---- measuring ---- */

static int files_measure(DIR *dir, int64_t *bytes, int64_t *files)
{
    const struct dirent *entry;
    struct stat status;

    if (!dir)
        return ERR_IO;
    while ((entry = readdir(dir))) {
        if (!is_a_file(entry->d_name) ||
            fstatat(dirfd(dir), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0)
            continue; /* it may have gone meanwhile */
        *bytes += (int64_t)status.st_blocks * 512;
        *files += 1;
    }
    (void)closedir(dir);
    return 0;
}

int exec_folder_measure(const char *path, int64_t *ret_bytes, int64_t *ret_files)
{
    int64_t bytes = 0, files = 0;
    DIR *out = dir_open(path, OUT);
    int rc = files_measure(dir_open(path, NULL), &bytes, &files);

    if (out && files_measure(out, &bytes, &files) != 0)
        rc = ERR_IO;
    if (rc == 0) {
        *ret_bytes = bytes;
        *ret_files = files;
    }
    return rc;
}

/* ---- results ---- */

void exec_label_make(struct view name, char ret[EXEC_LABEL_SIZE])
{
    const size_t suffix = sizeof SUFFIX - 1;

    if (name.len >= suffix &&
        strncasecmp(name.ptr + name.len - suffix, SUFFIX, suffix) == 0)
        name.len -= suffix;
    if (filename_make(name, ret, LABEL_BYTES_MAX + 1) == 0)
        memcpy(ret, "output", sizeof "output");
}

static bool is_taken(const struct exec_file *files, size_t count, const char *label)
{
    for (size_t i = 0; i < count; i++) {
        if (strcasecmp(files[i].label, label) == 0)
            return true;
    }
    return false;
}

/* Of EXEC_RESULTS_MAX labels one more number than that is free. */
static void labels_set(struct exec_file *files, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char plain[EXEC_LABEL_SIZE];

        exec_label_make(view_of(files[i].name), plain);
        memcpy(files[i].label, plain, sizeof plain);
        for (int n = 2; is_taken(files, i, files[i].label); n++)
            (void)snprintf(files[i].label, EXEC_LABEL_SIZE, "%.*s_%d", LABEL_BYTES_MAX,
                           plain, n);
    }
}

static bool is_result(DIR *dir, const char *name)
{
    const size_t len = strlen(name), suffix = sizeof SUFFIX - 1;
    struct stat status;

    return len >= suffix && strcasecmp(name + len - suffix, SUFFIX) == 0 &&
           fstatat(dirfd(dir), name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISREG(status.st_mode);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct exec_file *)a)->name, ((const struct exec_file *)b)->name);
}

int exec_folder_results(const char *path, int most, struct exec_file ret[EXEC_RESULTS_MAX],
                        size_t *ret_count, struct err *reterr)
{
    DIR *dir = dir_open(path, NULL);
    const struct dirent *entry;
    size_t count = 0;
    bool are_too_many = false;

    if (!dir)
        return err_set(reterr, ERR_ENGINE, "The engine's results cannot be read.");
    while (!are_too_many && (entry = readdir(dir))) {
        if (!is_result(dir, entry->d_name))
            continue;
        are_too_many = count == (size_t)most;
        if (!are_too_many)
            (void)snprintf(ret[count++].name, sizeof ret->name, "%s", entry->d_name);
    }
    (void)closedir(dir);
    if (are_too_many)
        return err_set(reterr, ERR_ENGINE, "The engine wrote more than %d results.", most);
    if (count == 0)
        return err_set(reterr, ERR_ENGINE, "The engine wrote no result.");
    qsort(ret, count, sizeof *ret, by_name);
    labels_set(ret, count);
    *ret_count = count;
    return 0;
}
