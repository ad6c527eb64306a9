#include "tests/unit/unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "auth/auth.h"

static char folder[64], path[96];

static void fresh_folder(void)
{
    (void)snprintf(folder, sizeof folder, "/tmp/whazz-secret-XXXXXX");
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/secret.key", folder);
}

/* Fails when anything but the key is left behind. */
static void remove_folder(void)
{
    (void)unlink(path);
    assert_int_equal(rmdir(folder), 0);
}

static void a_configured_key_has_32_bytes_or_more(void **state)
{
    (void)state;
    unsigned char key[64];
    size_t len = 0;
    struct err err;

    assert_int_equal(
        auth_secret_load("0123456789abcdef0123456789abcde", "/", key, &len, &err),
        ERR_INVALID);
    assert_int_equal(auth_secret_load("", "/", key, &len, &err), ERR_INVALID);
    assert_int_equal(
        auth_secret_load("0123456789abcdef0123456789abcdef", "/", key, &len, &err), 0);
    assert_int_equal(len, 32);
    assert_memory_equal(key, "0123456789abcdef0123456789abcdef", 32);
    assert_int_equal(
        auth_secret_load("0123456789abcdef0123456789abcdef0123456789abcdef0123456789"
                         "abcdef0",
                         "/", key, &len, &err),
        0);
    assert_int_equal(len, 32);
}

static void the_first_start_makes_a_key_and_the_next_keeps_it(void **state)
{
    (void)state;
    unsigned char first[64], second[64];
    size_t len, again;
    struct stat st;

    fresh_folder();
    assert_int_equal(auth_secret_load(NULL, folder, first, &len, NULL), 0);
    assert_int_equal(len, 32);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(auth_secret_load(NULL, folder, second, &again, NULL), 0);
    assert_int_equal(again, len);
    assert_memory_equal(first, second, len);
    remove_folder();
}

static void a_key_file_that_others_read_or_that_is_cut_is_refused(void **state)
{
    (void)state;
    unsigned char key[64];
    size_t len;
    struct err err;

    fresh_folder();
    assert_int_equal(auth_secret_load(NULL, folder, key, &len, &err), 0);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(auth_secret_load(NULL, folder, key, &len, &err), ERR_FORBIDDEN);
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(truncate(path, 31), 0);
    assert_int_equal(auth_secret_load(NULL, folder, key, &len, &err), ERR_CORRUPT);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("/dev/zero", path), 0);
    assert_int_equal(auth_secret_load(NULL, folder, key, &len, &err), ERR_IO);
    remove_folder();
    assert_int_equal(auth_secret_load(NULL, folder, key, &len, &err), ERR_IO);
}

struct starter {
    pthread_t thread;
    unsigned char key[64];
    size_t len;
    int code;
};

static void *start(void *arg)
{
    struct starter *s = arg;

    s->code = auth_secret_load(NULL, folder, s->key, &s->len, NULL);
    return NULL;
}

static void starters_at_once_agree(void **state)
{
    (void)state;
    struct starter starters[8];

    for (int round = 0; round < 20; round++) {
        fresh_folder();
        for (size_t i = 0; i < UNIT_COUNT(starters); i++)
            assert_int_equal(pthread_create(&starters[i].thread, NULL, start, &starters[i]),
                             0);
        for (size_t i = 0; i < UNIT_COUNT(starters); i++) {
            assert_int_equal(pthread_join(starters[i].thread, NULL), 0);
            assert_int_equal(starters[i].code, 0);
        }
        for (size_t i = 1; i < UNIT_COUNT(starters); i++)
            assert_memory_equal(starters[0].key, starters[i].key, 32);
        remove_folder();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_configured_key_has_32_bytes_or_more),
        cmocka_unit_test(the_first_start_makes_a_key_and_the_next_keeps_it),
        cmocka_unit_test(a_key_file_that_others_read_or_that_is_cut_is_refused),
        cmocka_unit_test(starters_at_once_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
