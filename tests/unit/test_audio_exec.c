/* External engines: reading the option, the folder they work in, what they say, what they
 * may have. What a whole job does is in tests/api/test_engines.py. */
#include "tests/unit/unit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "audio/exec_config.h"
#include "audio/exec_folder.h"
#include "audio/exec_group.h"
#include "audio/exec_lines.h"
#include "audio/exec_run.h"
#include "base/clock.h"

struct fixture {
    char dir[64], engine[128];
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct err err = { 0 };

    assert_non_null(f);
    strcpy(f->dir, "/tmp/whazz-exec-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    if (exec_folder_make(f->dir, true, f->engine, sizeof f->engine, &err) != 0)
        fail_msg("%s", err.text);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    char command[128];

    (void)snprintf(command, sizeof command, "rm -rf '%s'", f->dir);
    assert_int_equal(system(command), 0);
    free(f);
    return 0;
}

static int shell(const struct fixture *f, const char *command)
{
    char whole[512];

    (void)snprintf(whole, sizeof whole, "cd '%s' && %s", f->engine, command);
    return system(whole);
}

/* ---- the option ---- */

static int engines_read(const struct fixture *f, const char *spec,
                        struct exec_engines **ret, struct err *err)
{
    const struct exec_limits limits = { .memory_bytes = 1 << 30,
                                        .time_us = CLOCK_SECOND_US,
                                        .processes_max = 10,
                                        .work_dir = f->dir };

    return exec_engines_new(spec, &limits, ret, err);
}

static void commands_say_how_many_results_there_are(void **state)
{
    static const char spec[] =
        "one=/bin/true {in} {out}; many=/bin/true -o{outdir}/ {strength};\n"
        " four=/bin/true {outdir:4} {outdirectory}";
    struct exec_engines *e = NULL;
    struct err err = { 0 };

    if (engines_read(*state, spec, &e, &err) != 0)
        fail_msg("%s", err.text);
    assert_int_equal(exec_engines_results_most(e, view_of("one")), 1);
    assert_int_equal(exec_engines_results_most(e, view_of("many")), EXEC_RESULTS_MAX);
    assert_int_equal(exec_engines_results_most(e, view_of("four")), 4);
    assert_int_equal(exec_engines_results_most(e, view_of("none")), 1);
    assert_int_equal(exec_engines_results_most(NULL, view_of("one")), 1);
    assert_string_equal(exec_engine_of(e, view_of("many"))->words[1], "-o{outdir}/");
    assert_string_equal(exec_engine_of(e, view_of("four"))->words[1], "{outdir}");
    assert_string_equal(exec_engine_of(e, view_of("four"))->words[2], "{outdirectory}");
    assert_null(exec_engines_type(e, 3));
    exec_engines_free(&e);
}

static void what_is_no_command_is_refused(void **state)
{
    static const char *const specs[][2] = {
        { "a=/bin/true", "no {out} or {outdir}" },
        { "a=/bin/true {out} {outdir}", "both {out} and {outdir}" },
        { "a=/bin/true {outdir:0}", "{outdir:N} takes 1 to 16" },
        { "a=/bin/true {outdir:17}", "{outdir:N} takes 1 to 16" },
        { "a=/bin/true {outdir:-1}", "{outdir:N} takes 1 to 16" },
        { "a=/bin/true {outdir:}", "{outdir:N} takes 1 to 16" },
        { "a=/bin/true {outdir:4x}", "{outdir:N} takes 1 to 16" },
        { "a=/bin/true {outdir:4", "{outdir:N} takes 1 to 16" },
    };

    for (size_t i = 0; i < sizeof specs / sizeof specs[0]; i++) {
        struct exec_engines *e = NULL;
        struct err err = { 0 };

        assert_int_equal(engines_read(*state, specs[i][0], &e, &err), ERR_INVALID);
        if (!strstr(err.text, specs[i][1]))
            fail_msg("%s: %s", specs[i][0], err.text);
        assert_null(e);
    }
}

static void leftovers_go_when_engines_are_read(void **state)
{
    struct fixture *f = *state;
    struct exec_engines *e = NULL;

    assert_int_equal(shell(f, "touch in.wav out/a.wav"), 0);
    assert_int_equal(engines_read(f, "", &e, NULL), 0);
    exec_engines_free(&e);
    assert_int_not_equal(access(f->engine, F_OK), 0);
}

/* ---- the folder ---- */

static size_t results_of(const struct fixture *f, int most,
                         struct exec_file ret[EXEC_RESULTS_MAX], struct err *err)
{
    char out[160];
    size_t count = 0;

    (void)snprintf(out, sizeof out, "%s/out", f->engine);
    return exec_folder_results(out, most, ret, &count, err) == 0 ? count : 0;
}

static void results_are_files_in_the_order_of_their_names(void **state)
{
    struct exec_file files[EXEC_RESULTS_MAX];
    struct err err = { 0 };

    assert_int_equal(results_of(*state, 4, files, &err), 0);
    assert_string_equal(err.text, "The engine wrote no result.");
    assert_int_equal(
        shell(*state, "cd out && touch b.wav a.wav notes.txt .wav c.WAV d.wav.tmp"), 0);
    assert_int_equal(results_of(*state, 4, files, &err), 4);
    assert_string_equal(files[0].label, "output");
    assert_string_equal(files[1].label, "a");
    assert_string_equal(files[2].label, "b");
    assert_string_equal(files[3].label, "c");
    assert_int_equal(results_of(*state, 3, files, &err), 0);
    assert_string_equal(err.text, "The engine wrote more than 3 results.");
}

static void links_folders_and_pipes_are_no_results(void **state)
{
    struct exec_file files[EXEC_RESULTS_MAX];
    struct err err = { 0 };

    assert_int_equal(
        shell(*state, "cd out && ln -s /etc/passwd a.wav && mkdir b.wav && mkfifo c.wav"),
        0);
    assert_int_equal(results_of(*state, 4, files, &err), 0);
    assert_int_equal(
        shell(*state, "rmdir out/b.wav && rm out/*.wav && rmdir out && ln -s /etc out"), 0);
    assert_int_equal(results_of(*state, 4, files, &err), 0);
    assert_string_equal(err.text, "The engine's results cannot be read.");
}

static void labels_are_harmless_and_differ(void **state)
{
    struct exec_file files[EXEC_RESULTS_MAX];
    struct err err = { 0 };
    char label[EXEC_LABEL_SIZE], name[256];

    assert_int_equal(
        shell(*state,
              "cd out && touch 'a:b.wav' 'a*b.wav' 'A_B.wav' \"$(printf 'x\\ny.wav')\""),
        0);
    assert_int_equal(results_of(*state, 16, files, &err), 4);
    assert_string_equal(files[0].label, "A_B");
    assert_string_equal(files[1].label, "a_b_2");
    assert_string_equal(files[2].label, "a_b_3");
    assert_string_equal(files[3].label, "x_y");
    memset(name, 'n', sizeof name);
    exec_label_make((struct view){ name, sizeof name }, label);
    assert_int_equal(strlen(label), EXEC_LABEL_SIZE - 13);
}

static void a_folder_is_measured_and_removed(void **state)
{
    struct fixture *f = *state;
    int64_t bytes = 0, files = 0;

    assert_int_equal(shell(f, "head -c 100000 /dev/zero | tr '\\0' x > in.wav && "
                              "cp in.wav out/a.wav && ln -s /usr/bin out/bin"),
                     0);
    assert_int_equal(exec_folder_measure(f->engine, &bytes, &files), 0);
    assert_in_range(bytes, 200000, 300000);
    assert_int_equal(files, 4); /* "out" itself and the link included */
    exec_folder_remove(f->engine);
    assert_int_not_equal(access(f->engine, F_OK), 0);
    assert_int_equal(access("/usr/bin", F_OK), 0);
    assert_int_equal(exec_folder_measure(f->engine, &bytes, &files), ERR_IO);
}

/* ---- what it says and has ---- */

static void progress_is_read_from_lines_alone(void **state)
{
    static const char said[] = "progress 12\nprogress 120\nprogress nan\nprogress 50 %\n"
                               "x progress 80\nprogress 42.5\nprogress 90";
    struct exec_lines l = { .len = 0 };
    char longer[200];

    (void)state;
    exec_lines_take(&l, said, 15);
    assert_int_equal(l.permille, 120);
    exec_lines_take(&l, said + 15, sizeof said - 1 - 15);
    assert_int_equal(l.permille, 425);
    memset(longer, '0', sizeof longer);
    longer[sizeof longer - 1] = '\n';
    exec_lines_take(&l, longer, sizeof longer);
    assert_int_equal(l.permille, 425);
}

/* Itself, a child and an orphan: all three are there once the line is. */
static pid_t group_of_three(void)
{
    int said[2];
    pid_t leader;
    char line;

    assert_int_equal(pipe(said), 0);
    leader = fork();
    if (leader == 0) {
        (void)setpgid(0, 0);
        (void)dup2(said[1], STDOUT_FILENO);
        (void)execl("/bin/sh", "sh", "-c",
                    "(sleep 60 & exit) ; sleep 60 & echo ; exec >&- ; wait", (char *)NULL);
        _exit(127);
    }
    (void)close(said[1]);
    assert_int_equal(read(said[0], &line, 1), 1);
    (void)close(said[0]);
    return leader;
}

static void a_groups_threads_are_counted(void **state)
{
    const pid_t leader = group_of_three();
    const int counted = exec_group_threads(leader);
    int threads = 0;
    pid_t group = 0;

    (void)state;
    (void)kill(-leader, SIGKILL);
    assert_int_equal(waitpid(leader, NULL, 0), leader);
    assert_int_equal(counted, 3);
    assert_int_equal(
        exec_group_stat_read("7 (a) S 1 2) R 1 42 9 0 -1 0 0 0 0 0 0 0 0 0 20 0 5 0 9",
                             &group, &threads),
        0);
    assert_int_equal(group, 42);
    assert_int_equal(threads, 5);
    assert_int_equal(exec_group_stat_read("no such line", &group, &threads), -1);
}

/* ---- a run ---- */

static int no_progress(void *ctx, int permille)
{
    (void)ctx, (void)permille;
    return 0;
}

static int script_run(const struct fixture *f, const char *script, int processes_max,
                      int64_t folder_bytes_max, struct err *err)
{
    static const char *const paths[] = {
        "/usr", "/bin", "/lib", "/lib64", "/dev/zero", NULL
    };
    const char *const words[] = { "/bin/sh",    "-c",       script, "sh",
                                  "{strength}", "{outdir}", NULL };
    char out[160];
    const struct exec_run run = { .words = words,
                                  .dir = f->engine,
                                  .in = "in.wav",
                                  .out = out,
                                  .strength = "light",
                                  .sample_rate_hz = 16000,
                                  .deadline_us = clock_monotonic_us() +
                                                 20 * CLOCK_SECOND_US,
                                  .processes_max = processes_max,
                                  .folder_bytes_max = folder_bytes_max,
                                  .sandbox = { .memory_bytes = (int64_t)1 << 40,
                                               .cpu_seconds = 60,
                                               .file_bytes = 1 << 28,
                                               .work_dir = f->engine,
                                               .read_paths = paths },
                                  .progress = no_progress };

    (void)snprintf(out, sizeof out, "%s/out", f->engine);
    return exec_run(&run, err);
}

static void a_run_is_told_what_it_needs(void **state)
{
    struct err err = { 0 };

    if (exec_sandbox_check(&err) != 0)
        skip();
    assert_int_equal(
        script_run(*state,
                   "test \"$1\" = light && test \"$WHAZZ_STRENGTH\" = light && "
                   "test -d \"$2\" && echo x > \"$2/a.wav\"",
                   10, 1 << 24, &err),
        0);
    assert_int_equal(shell(*state, "test -s out/a.wav"), 0);
}

static void a_run_that_takes_too_much_is_ended(void **state)
{
    const int64_t started_us = clock_monotonic_us();
    struct err err = { 0 };

    if (exec_sandbox_check(&err) != 0)
        skip();
    assert_int_equal(script_run(*state, "for i in 1 2 3 4 5 6; do sleep 60 & done; wait", 5,
                                1 << 24, &err),
                     ERR_ENGINE);
    assert_string_equal(err.text, "The engine had more than 5 processes and threads.");
    assert_int_equal(script_run(*state,
                                "head -c 2000000 /dev/zero > out/a; "
                                "head -c 2000000 /dev/zero > b; sleep 60",
                                10, 3000000, &err),
                     ERR_ENGINE);
    assert_string_equal(err.text, "The engine's files are larger than they may be.");
    assert_true(clock_monotonic_us() - started_us < 15 * CLOCK_SECOND_US);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(commands_say_how_many_results_there_are),
        CASE(what_is_no_command_is_refused),
        CASE(leftovers_go_when_engines_are_read),
        CASE(results_are_files_in_the_order_of_their_names),
        CASE(links_folders_and_pipes_are_no_results),
        CASE(labels_are_harmless_and_differ),
        CASE(a_folder_is_measured_and_removed),
        CASE(progress_is_read_from_lines_alone),
        CASE(a_groups_threads_are_counted),
        CASE(a_run_is_told_what_it_needs),
        CASE(a_run_that_takes_too_much_is_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
