#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/options.h"
#include "base/options_table.h"

#define MB ((int64_t)1 << 20)

static struct options opts;
static struct err err;
static const char *rest[16];
static int rest_count;
static char conf_path[] = "/tmp/whazz-options-XXXXXX";

static int load_args(const char *const *args)
{
    char *argv[16];
    int argc = 0;

    options_release(&opts);
    for (; args[argc]; argc++)
        argv[argc] = (char *)(uintptr_t)args[argc];
    return options_load(argc, argv, &opts, rest, &rest_count, &err);
}

#define LOAD(...) load_args((const char *const[]){ __VA_ARGS__, NULL })
#define LOAD_NONE load_args((const char *const[]){ NULL })

static void write_conf(const char *text, size_t len)
{
    FILE *f = fopen(conf_path, "w");

    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
}

static int load_conf(const char *text)
{
    write_conf(text, strlen(text));
    return LOAD("--config", conf_path);
}

static int clear(void **state)
{
    char name[OPTION_ENV_MAX];

    (void)state;
    for (size_t i = 0; i < options_table_count; i++) {
        option_env_name(&options_table[i], name);
        unsetenv(name);
        if (options_table[i].legacy_env)
            unsetenv(options_table[i].legacy_env);
    }
    options_release(&opts);
    return 0;
}

static void defaults_are_the_documented_ones(void **state)
{
    (void)state;
    assert_int_equal(LOAD_NONE, 0);
    assert_string_equal(opts.listen, "127.0.0.1:8000");
    assert_string_equal(opts.data_dir, "./data");
    assert_string_equal(opts.database, "sqlite:./data/whazz.db");
    assert_null(opts.secret_key);
    assert_null(opts.config_file);
    assert_string_equal(opts.trusted_proxies, "");
    assert_string_equal(
        opts.cors_origins,
        "http://localhost:3000,http://localhost:8000,http://localhost:5173");
    assert_int_equal(opts.upload_bytes_max, 100 * MB);
    assert_int_equal(opts.file_expiry_us, 24 * CLOCK_HOUR_US);
    assert_int_equal(opts.access_token_us, 30 * CLOCK_MINUTE_US);
    assert_int_equal(opts.user_storage_bytes, 1000 * MB);
    assert_int_equal(opts.guest_processing_us, 10 * CLOCK_MINUTE_US);
    assert_int_equal(opts.guest_ids, OPTIONS_GUEST_IDS_ANY);
    assert_int_equal(rest_count, 0);
}

static void the_stronger_source_wins(void **state)
{
    (void)state;
    assert_int_equal(load_conf("upload-max = 1MB\n"), 0);
    assert_int_equal(opts.upload_bytes_max, MB);
    setenv("MAX_FILE_SIZE_MB", "2", 1);
    assert_int_equal(LOAD("--config", conf_path), 0);
    assert_int_equal(opts.upload_bytes_max, 2 * MB);
    setenv("WHAZZ_UPLOAD_MAX", "3MB", 1);
    assert_int_equal(LOAD("--config", conf_path), 0);
    assert_int_equal(opts.upload_bytes_max, 3 * MB);
    assert_int_equal(LOAD("--config", conf_path, "--upload-max=4MB"), 0);
    assert_int_equal(opts.upload_bytes_max, 4 * MB);
    setenv("WHAZZ_UPLOAD_MAX", "", 1);
    setenv("MAX_FILE_SIZE_MB", "rubbish", 1);
    assert_int_equal(LOAD("--upload-max=5MB"), 0);
    setenv("WHAZZ_CONFIG", conf_path, 1);
    unsetenv("MAX_FILE_SIZE_MB");
    assert_int_equal(LOAD_NONE, 0);
    assert_int_equal(opts.upload_bytes_max, MB);
}

static void flags_and_arguments_are_told_apart(void **state)
{
    (void)state;
    assert_int_equal(
        LOAD("a", "--loops", "1", "-", "--loops=2", "b", "--", "--loops", "-x"), 0);
    assert_int_equal(opts.loops, 2);
    assert_int_equal(rest_count, 5);
    assert_string_equal(rest[0], "a");
    assert_string_equal(rest[1], "-");
    assert_string_equal(rest[3], "--loops");
    assert_string_equal(rest[4], "-x");
}

static void good_values_are_read(void **state)
{
    (void)state;
    assert_int_equal(
        LOAD("--upload-max=1GiB", "--child-memory=67108864", "--user-storage=7kb"), 0);
    assert_int_equal(opts.upload_bytes_max, 1024 * MB);
    assert_int_equal(opts.child_memory_bytes, 64 * MB);
    assert_int_equal(opts.user_storage_bytes, 7 * 1024);
    assert_int_equal(LOAD("--grace=0", "--idle-timeout=1500ms", "--file-expiry=7d"), 0);
    assert_int_equal(opts.grace_us, 0);
    assert_int_equal(opts.idle_timeout_us, 1500000);
    assert_int_equal(opts.file_expiry_us, 7 * CLOCK_DAY_US);
    assert_int_equal(LOAD("--guest-ids=signed", "--log-format=json", "--listen=[::1]:0"),
                     0);
    assert_int_equal(opts.guest_ids, OPTIONS_GUEST_IDS_SIGNED);
    assert_string_equal(opts.log_format, "json");
    assert_string_equal(opts.listen, "[::1]:0");
    assert_int_equal(LOAD("--trusted-proxies=10.0.0.0/8, ::1", "--cors-origins="), 0);
    assert_string_equal(opts.trusted_proxies, "10.0.0.0/8,::1");
    assert_string_equal(opts.cors_origins, "");
}

static void wrong_values_are_named(void **state)
{
    static const struct {
        const char *arg, *text;
    } wrong[] = {
        { "--loops=x", "--loops: x is not a whole number" },
        { "--loops=", "--loops: nothing is not a whole number" },
        { "--loops=-1", "--loops: -1 is not in the range 0 to 1024" },
        { "--loops=1025", "--loops: 1025 is not in the range 0 to 1024" },
        { "--loops=99999999999999999999",
          "--loops: 99999999999999999999 is not in the range 0 to 1024" },
        { "--loops=18446744073709551617",
          "--loops: 18446744073709551617 is not in the range 0 to 1024" },
        { "--upload-max=9999999TB",
          "--upload-max: 9999999TB is not in the range 1KB to 1TB" },
        { "--upload-max=16777216TB",
          "--upload-max: 16777216TB is not in the range 1KB to 1TB" },
        { "--upload-max=1.5MB", "--upload-max: 1.5MB is not a size (such as 100MB)" },
        { "--grace=10", "--grace: 10 is not a duration (such as 30s, 10m, 24h, 7d)" },
        { "--grace=2h", "--grace: 2h is not in the range 0 to 1h" },
        { "--guest-ids=ANY", "--guest-ids: ANY is not one of any|uuid|signed" },
        { "--log-level=", "--log-level: nothing is not one of debug|info|warning|error" },
        { "--listen=8000", "--listen: 8000 is not host:port" },
        { "--listen=::1:80", "--listen: ::1:80 is not host:port or [v6 address]:port" },
        { "--listen=a:99999", "--listen: 99999 is not a port (0 to 65535)" },
        { "--listen=a:", "--listen: nothing is not a port (0 to 65535)" },
        { "--data-dir=", "--data-dir: needs 1 to 4096 bytes, has 0" },
        { "--day-zone=../x", "--day-zone: ../x is not a time zone known here" },
        { "--trusted-proxies=10.0.0.0/33",
          "--trusted-proxies: 10.0.0.0/33 is not a network (such as 10.0.0.0/8)" },
        { "--cors-origins=http://a/",
          "--cors-origins: http://a/ is not an origin (such as https://example.org)" },
        { "--cors-origins=[\"http://a\"",
          "--cors-origins: a list that begins with [ must end with ]" },
        { "--loops=a\nb", "--loops: a?b is not a whole number" },
        { "--nonsense=hunter2", "--nonsense: there is no such option" },
        { "--loops", "--loops: needs a value" },
        { "-v", "-v: there is no such option" },
    };

    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(wrong); i++) {
        assert_int_equal(LOAD(wrong[i].arg), ERR_INVALID);
        assert_string_equal(err.text, wrong[i].text);
    }
    assert_int_equal(LOAD("--loops", "--data-dir=x"), ERR_INVALID);
    assert_string_equal(err.text, "--loops: needs a value");
    setenv("WHAZZ_LISTEN", "x", 1);
    assert_int_equal(LOAD_NONE, ERR_INVALID);
    assert_string_equal(err.text, "WHAZZ_LISTEN: x is not host:port");
}

static void the_replaced_systems_names_keep_their_units(void **state)
{
    (void)state;
    setenv("DATABASE_URL", "sqlite:///x.db", 1);
    setenv("SECRET_KEY", "0123456789abcdef0123456789abcdef", 1);
    setenv("ACCESS_TOKEN_EXPIRE_MINUTES", "45", 1);
    setenv("REFRESH_TOKEN_EXPIRE_DAYS", "14", 1);
    setenv("FILE_EXPIRY_HOURS", "48", 1);
    setenv("CORS_ORIGINS", "[\"http://a:1\", \"https://b\"]", 1);
    assert_int_equal(LOAD_NONE, 0);
    assert_string_equal(opts.database, "sqlite:///x.db");
    assert_string_equal(opts.secret_key, "0123456789abcdef0123456789abcdef");
    assert_int_equal(opts.access_token_us, 45 * CLOCK_MINUTE_US);
    assert_int_equal(opts.refresh_token_us, 14 * CLOCK_DAY_US);
    assert_int_equal(opts.file_expiry_us, 48 * CLOCK_HOUR_US);
    assert_string_equal(opts.cors_origins, "http://a:1,https://b");
    setenv("FILE_EXPIRY_HOURS", "48h", 1);
    assert_int_equal(LOAD_NONE, ERR_INVALID);
    assert_string_equal(err.text, "FILE_EXPIRY_HOURS: 48h is not a whole number");
    setenv("FILE_EXPIRY_HOURS", "9223372036854775807", 1);
    assert_int_equal(LOAD_NONE, ERR_INVALID);
}

static void secrets_stay_out_of_errors(void **state)
{
    (void)state;
    assert_int_equal(LOAD("--secret-key=hunter2"), ERR_INVALID);
    assert_string_equal(err.text, "--secret-key: needs 32 to 1024 bytes, has 7");
    assert_int_equal(load_conf("secret-key hunter2\n"), ERR_INVALID);
    assert_null(strstr(err.text, "hunter2"));
    assert_int_equal(load_conf("hunter2==\n"), ERR_INVALID);
    assert_null(strstr(err.text, "hunter2"));
    assert_int_equal(load_conf("secret-key = hunter2\n"), ERR_INVALID);
    assert_null(strstr(err.text, "hunter2"));
}

static void check_conf_error(const char *text, const char *suffix)
{
    char expected[ERR_TEXT_MAX];

    assert_int_equal(load_conf(text), ERR_INVALID);
    (void)snprintf(expected, sizeof expected, "%s %s", conf_path, suffix);
    assert_string_equal(err.text, expected);
}

static void the_file_is_read_line_by_line(void **state)
{
    (void)state;
    assert_int_equal(load_conf("# note\r\n\n  data-dir =  /a b#c \r\n\tloops=3"), 0);
    assert_string_equal(opts.data_dir, "/a b#c");
    assert_int_equal(opts.loops, 3);
    assert_int_equal(load_conf(""), 0);
    check_conf_error("\n\nloops = x\n", "line 3: x is not a whole number");
    check_conf_error("#\nlopps = 1\n", "line 2: there is no option \"lopps\"");
    check_conf_error("loops\n", "line 1: is not \"name = value\"");
    check_conf_error("loops = 1\nloops = 2\n", "line 2: loops is in line 1 already");
    check_conf_error("config = x\n", "line 1: config cannot be set in the file");
    write_conf("loops = 1\0\n", 11);
    assert_int_equal(LOAD("--config", conf_path), ERR_INVALID);
    assert_int_equal(LOAD("--config", "/nonexistent"), ERR_INVALID);
    assert_string_equal(err.text, "/nonexistent: No such file or directory");
    assert_int_equal(LOAD("--config", "/"), ERR_INVALID);
    assert_string_equal(err.text, "/: Is a directory");
    assert_int_equal(LOAD("--config="), ERR_INVALID);
}

static void help_and_manual_name_every_option(void **state)
{
    struct buf help, man;
    char flag[80];

    (void)state;
    buf_init(&help, 1 << 20);
    buf_init(&man, 1 << 20);
    options_help(&help);
    options_man(&man);
    assert_int_equal(help.error, 0);
    assert_int_equal(man.error, 0);
    for (size_t i = 0; i < options_table_count; i++) {
        (void)snprintf(flag, sizeof flag, "  --%s ", options_table[i].name);
        assert_non_null(strstr(help.data, flag));
        assert_non_null(strstr(man.data, options_table[i].section));
    }
    assert_non_null(strstr(man.data, "\\fB\\-\\-data\\-dir\\fR"));
    buf_release(&help);
    buf_release(&man);
}

static void every_member_has_one_row(void **state)
{
    (void)state;
    assert_int_equal(options_table_count, sizeof(struct options) / sizeof(int64_t));
    for (size_t i = 0; i < options_table_count; i++) {
        for (size_t j = 0; j < i; j++)
            assert_int_not_equal(options_table[i].offset, options_table[j].offset);
    }
}

/* UPDATE_DOCS=1 writes the page instead. */
static void the_page_is_up_to_date(void **state)
{
    const char *path = SOURCE_ROOT "/docs/configuration.md";
    FILE *f = fopen(path, getenv("UPDATE_DOCS") ? "w+" : "r");
    static char page[1 << 16];
    struct buf made;

    (void)state;
    assert_non_null(f);
    buf_init(&made, sizeof page);
    options_markdown(&made);
    assert_int_equal(made.error, 0);
    if (getenv("UPDATE_DOCS")) {
        assert_int_equal(fwrite(made.data, 1, made.len, f), made.len);
        rewind(f);
    }
    page[fread(page, 1, sizeof page - 1, f)] = '\0';
    assert_string_equal(page, made.data);
    buf_release(&made);
    (void)fclose(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(defaults_are_the_documented_ones, clear, clear),
        cmocka_unit_test_setup_teardown(the_stronger_source_wins, clear, clear),
        cmocka_unit_test_setup_teardown(flags_and_arguments_are_told_apart, clear, clear),
        cmocka_unit_test_setup_teardown(good_values_are_read, clear, clear),
        cmocka_unit_test_setup_teardown(wrong_values_are_named, clear, clear),
        cmocka_unit_test_setup_teardown(the_replaced_systems_names_keep_their_units, clear,
                                        clear),
        cmocka_unit_test_setup_teardown(secrets_stay_out_of_errors, clear, clear),
        cmocka_unit_test_setup_teardown(the_file_is_read_line_by_line, clear, clear),
        cmocka_unit_test_setup_teardown(help_and_manual_name_every_option, clear, clear),
        cmocka_unit_test_setup_teardown(every_member_has_one_row, clear, clear),
        cmocka_unit_test_setup_teardown(the_page_is_up_to_date, clear, clear),
    };
    const int fd = mkstemp(conf_path);
    int failed;

    if (fd < 0 || close(fd) != 0)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    (void)unlink(conf_path);
    return failed;
}
