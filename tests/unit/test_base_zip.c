/* Archives of every kind, read by Python's zipfile and, where it is there, unzip. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/zip.h"

#define FIVE_GB ((int64_t)5 << 30)

struct folder {
    char dir[64];
};

static int folder_setup(void **state)
{
    struct folder *f = calloc(1, sizeof *f);

    assert_non_null(f);
    strcpy(f->dir, "/tmp/whazz-zip-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    *state = f;
    return 0;
}

static int shell(const struct folder *f, const char *command)
{
    char whole[1024];

    (void)snprintf(whole, sizeof whole, "cd '%s' && %s", f->dir, command);
    return system(whole);
}

static int folder_teardown(void **state)
{
    char command[128];

    (void)snprintf(command, sizeof command, "rm -rf '%s'", ((struct folder *)*state)->dir);
    assert_int_equal(system(command), 0);
    free(*state);
    return 0;
}

static int file_open(const struct folder *f, const char *name)
{
    char path[128];
    int fd;

    (void)snprintf(path, sizeof path, "%s/%s", f->dir, name);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    return fd;
}

static struct zip_file file_of(const struct folder *f, const char *stored, const char *name,
                               const char *text)
{
    struct zip_file file = { .name = name,
                             .fd = file_open(f, stored),
                             .bytes = (int64_t)strlen(text),
                             .modified_us = INT64_C(1795489766) * CLOCK_SECOND_US };

    assert_int_equal(write(file.fd, text, strlen(text)), strlen(text));
    assert_int_equal(zip_crc(file.fd, file.bytes, &file.crc), 0);
    return file;
}

/* Reads the archive in pieces of `piece` bytes; zeros become holes. */
static void archive_write(const struct folder *f, const struct zip *z, size_t piece)
{
    const int fd = file_open(f, "archive.zip");
    static char bytes[1 << 20], zeros[1 << 20];
    int64_t at = 0, got;

    while ((got = zip_read(z, at, bytes, piece)) > 0) {
        if (memcmp(bytes, zeros, (size_t)got) != 0)
            assert_int_equal(pwrite(fd, bytes, (size_t)got, at), got);
        at += got;
    }
    assert_int_equal(got, 0);
    assert_int_equal(at, zip_bytes(z));
    assert_int_equal(ftruncate(fd, at), 0);
    (void)close(fd);
}

static void an_archive_is_read_by_others(void **state)
{
    static const size_t pieces[] = { 1, 7, 4096 };
    const struct folder *f = *state;
    const struct zip_file files[] = {
        file_of(f, "a", "vocals.wav", "la la la"),
        file_of(f, "b", "\xe9\x9f\xb3.wav", ""),
        file_of(f, "c", "drums.wav", "boom"),
    };
    struct zip *z = NULL;

    assert_int_equal(zip_new(files, 3, &z), 0);
    for (size_t i = 0; i < 3; i++) {
        archive_write(f, z, pieces[i]);
        assert_int_equal(
            shell(f, "python3 -c \"import zipfile; z = zipfile.ZipFile('archive.zip');"
                     "assert z.testzip() is None;"
                     "assert z.namelist() == ['vocals.wav', '\\u97f3.wav', 'drums.wav'];"
                     "assert z.read('vocals.wav') == b'la la la';"
                     "assert z.infolist()[0].date_time == (2026, 11, 24, 3, 9, 26);"
                     "assert z.infolist()[0].compress_type == 0\""),
            0);
        assert_int_equal(shell(f, "! command -v unzip >/dev/null || unzip -tq archive.zip "
                                  ">/dev/null"),
                         0);
    }
    zip_free(&z);
    assert_null(z);
    for (size_t i = 0; i < 3; i++)
        (void)close(files[i].fd);
}

/* Each of the three 64-bit fields: a size, a position, the directory's own. */
static void beyond_four_gigabytes_it_is_zip64(void **state)
{
    const struct folder *f = *state;
    struct zip_file files[] = { file_of(f, "large", "large.wav", ""),
                                file_of(f, "after", "after.wav", "after it") };
    struct zip *z = NULL;

    assert_int_equal(ftruncate(files[0].fd, FIVE_GB), 0);
    files[0].bytes = FIVE_GB;
    assert_int_equal(zip_new(files, 2, &z), 0);
    assert_true(zip_bytes(z) > FIVE_GB);
    archive_write(f, z, 1 << 20);
    assert_int_equal(
        shell(f, "python3 -c \"import zipfile; z = zipfile.ZipFile('archive.zip');"
                 "assert [i.file_size for i in z.infolist()] == [5 << 30, 8];"
                 "assert z.infolist()[1].header_offset > 5 << 30;"
                 "assert z.open('large.wav').read(10) == bytes(10);"
                 "assert z.read('after.wav') == b'after it'\""),
        0);
    zip_free(&z);
    (void)close(files[0].fd);
    (void)close(files[1].fd);
}

static void what_cannot_be_read_is_told(void **state)
{
    const struct folder *f = *state;
    struct zip_file file = file_of(f, "a", "a", "12345");
    struct zip *z = NULL;
    char bytes[64];
    uint32_t crc;

    assert_int_equal(zip_crc(file.fd, 6, &crc), ERR_IO);
    assert_int_equal(zip_new(&file, ZIP_FILES_MAX + 1, &z), ERR_INVALID);
    assert_int_equal(zip_new(&file, 1, &z), 0);
    assert_int_equal(ftruncate(file.fd, 0), 0);
    assert_int_equal(zip_read(z, 31, bytes, sizeof bytes), ERR_IO); /* the content */
    assert_int_equal(zip_read(z, zip_bytes(z), bytes, sizeof bytes), 0);
    zip_free(&z);
    assert_int_equal(zip_new(&file, 0, &z), 0);
    assert_int_equal(zip_bytes(z), 22);
    zip_free(&z);
    zip_free(&z);
    (void)close(file.fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_archive_is_read_by_others, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(beyond_four_gigabytes_it_is_zip64, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_read_is_told, folder_setup,
                                        folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
