/* What names external engines, what they say, and what they call their results. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "audio/exec.h"
#include "audio/exec_folder.h"
#include "audio/exec_group.h"
#include "audio/exec_lines.h"
#include "base/utf8.h"

static char folder[] = "/tmp/whazz-fuzz-XXXXXX";

static void folder_remove(void)
{
    (void)rmdir(folder);
}

static void spec_try(const char *text)
{
    const struct exec_limits limits = {
        .memory_bytes = 1 << 30, .time_us = 1000000, .processes_max = 1, .work_dir = folder
    };
    struct exec_engines *engines = NULL;
    struct err err = { 0 };

    if (exec_engines_new(text, &limits, &engines, &err) != 0) {
        assert(!engines && err.text[0]);
        return;
    }
    for (size_t i = 0; exec_engines_type(engines, i); i++) {
        const int most = exec_engines_results_most(engines,
                                                   view_of(exec_engines_type(engines, i)));

        assert(i < EXEC_ENGINES_MAX && most >= 1 && most <= EXEC_RESULTS_MAX);
        assert(exec_engines_serve(engines, view_of(exec_engines_type(engines, i))));
    }
    exec_engines_free(&engines);
}

/* However the bytes are cut, the same is understood. */
static void lines_try(const char *bytes, size_t len)
{
    struct exec_lines whole = { .len = 0 }, single = { .len = 0 };

    exec_lines_take(&whole, bytes, len);
    for (size_t i = 0; i < len; i++)
        exec_lines_take(&single, bytes + i, 1);
    assert(whole.permille >= 0 && whole.permille <= 1000);
    assert(whole.permille == single.permille && whole.len == single.len);
}

static void label_try(const char *bytes, size_t len)
{
    char label[EXEC_LABEL_SIZE];

    exec_label_make((struct view){ bytes, len }, label);
    assert(label[0] && label[0] != '.' && strlen(label) < sizeof label);
    assert(!strpbrk(label, "/\\\n\r\t\"") && utf8_is_valid(view_of(label)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    pid_t group;
    int threads;

    if (!text)
        return 0;
    if (strcmp(folder + sizeof folder - 7, "XXXXXX") == 0 && mkdtemp(folder))
        (void)atexit(folder_remove);
    memcpy(text, data, size);
    text[size] = '\0';
    spec_try(text);
    lines_try(text, size);
    label_try(text, size);
    (void)exec_group_stat_read(text, &group, &threads);
    free(text);
    return 0;
}
