#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include "base/buf.h"
#include "base/clock.h"
#include "server/http/multipart.h"

#define HEAD_FILE                                                                          \
    "Content-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\r\n"
#define HEAD_TEXT "content-disposition:form-data;name=n\r\n\r\n"

/* A run is written down as "[name|filename:" data "]" per part; "-" for no filename. */
static struct buf transcript;
static int stop_with;

static int on_begin(void *context, const struct multipart_part *part)
{
    (void)context;
    buf_add_char(&transcript, '[');
    buf_add(&transcript, part->name.ptr, part->name.len);
    buf_add_char(&transcript, '|');
    if (part->filename.ptr)
        buf_add(&transcript, part->filename.ptr, part->filename.len);
    else
        buf_add_char(&transcript, '-');
    buf_add_char(&transcript, ':');
    return stop_with;
}

static int on_data(void *context, struct view data)
{
    (void)context;
    assert_true(data.len > 0);
    buf_add(&transcript, data.ptr, data.len);
    return 0;
}

static int on_end(void *context)
{
    (void)context;
    buf_add_char(&transcript, ']');
    return 0;
}

static const struct multipart_events events = { on_begin, on_data, on_end };

static void begin(struct multipart *m, const char *boundary)
{
    buf_init(&transcript, 1 << 20);
    buf_add_text(&transcript, "");
    assert_int_equal(multipart_init(m, view_of(boundary), &events, NULL), MULTIPART_OK);
}

static void ends_as(struct multipart *m, enum multipart_result result, const char *expected)
{
    assert_int_equal(multipart_finish(m), result);
    assert_int_equal(multipart_finish(m), result);
    if (expected)
        assert_string_equal(transcript.data, expected);
    buf_release(&transcript);
}

static void reads_as(const char *body, enum multipart_result result, const char *expected)
{
    const struct view all = view_of(body);
    struct multipart m;

    for (size_t i = 0; i <= all.len; i++) {
        begin(&m, "B");
        (void)multipart_feed(&m, view_slice(all, 0, i));
        (void)multipart_feed(&m, view_slice(all, i, all.len));
        ends_as(&m, result, expected);
    }
    for (size_t step = 1; step < 5; step++) {
        begin(&m, "B");
        for (size_t i = 0; i < all.len; i += step)
            (void)multipart_feed(&m, view_slice(all, i, step));
        ends_as(&m, result, expected);
    }
}

static void parts_are_the_same_at_every_split(void **state)
{
    (void)state;
    reads_as("preamble\r\n--B\r\n" HEAD_FILE "one\r\ntwo\r\n--B  \t\r\n" HEAD_TEXT
             "value\r\n--B--\r\nepilogue\r\n--B\r\n",
             MULTIPART_OK, "[file|a.wav:one\r\ntwo][n|-:value]");
    reads_as("--B\r\n" HEAD_FILE "\r\n--B\r\n" HEAD_TEXT "\r\n--B--", MULTIPART_OK,
             "[file|a.wav:][n|-:]");
    reads_as("--B--", MULTIPART_OK, "");
    reads_as("\r\n--B--x", MULTIPART_OK, "");
}

static void look_alikes_are_content(void **state)
{
    static const char *const contents[] = {
        "--B",
        "x--B--",
        "\n--B--",
        "x\r\n--BX",
        "\r\n--B-x",
        "\r\n--B \tx",
        "\r\n--B\rx",
        "\r\n--B\r\r",
        "\r\n--b\r\n",
        "\r\r\n-\r\n--\r",
        "\r\n--",
        "\r\n\r\n\r\n",
        "\r\n--\r\n--C",
        "\r\n--B \r\r\n--",
        "\r\n-- B--",
        "\r",
        "\n",
        "\r\n",
        "\r\n--B  \r \r\n",
        "x\r\n--B-",
    };
    char body[256], expected[256];

    (void)state;
    /* at the very start of a part "--B" may be a delimiter, so a letter comes first */
    for (size_t i = 0; i < UNIT_COUNT(contents); i++) {
        (void)snprintf(body, sizeof body, "--B\r\n%sx%s\r\n--B--\r\n", HEAD_TEXT,
                       contents[i]);
        (void)snprintf(expected, sizeof expected, "[n|-:x%s]", contents[i]);
        reads_as(body, MULTIPART_OK, expected);
    }
    reads_as("--B\r\n" HEAD_TEXT "--BX\r\n--B--", MULTIPART_OK, "[n|-:--BX]");
    reads_as("--B\r\n" HEAD_TEXT "--B--", MULTIPART_OK, "[n|-:]");
    reads_as("--B\r\n" HEAD_TEXT "x\r\n--B                                  \r\n--B--",
             MULTIPART_OK, "[n|-:x\r\n--B                                  ]");
}

static void filenames_are_decoded(void **state)
{
    static const struct {
        const char *parameters, *expected;
    } cases[] = {
        { "name=\"f\"; filename=\"\"", "[f|:]" },
        { "name=f; filename=my song.wav ", "[f|my song.wav:]" },
        { "filename=\"q\\\"x\\\\.wav\" ;name=\"f\"", "[f|q\"x\\.wav:]" },
        { "name=\"f\"; filename=\"C:\\dir\\a;b.wav\"", "[f|C:\\dir\\a;b.wav:]" },
        { "name=f; filename=\"a%22.wav\"", "[f|a%22.wav:]" },
        { "name=f; filename*=UTF-8''%e9%9f%b3.wav; filename=\"x\"", "[f|音.wav:]" },
        { "name=f; filename=\"x\"; FILENAME*=utf-8'en'%c3%a9", "[f|é:]" },
        { "name=f; filename=\"x\"; filename*=UTF-8''%ff", "[f|x:]" },
        { "name=f; filename=\"x\"; filename*=UTF-8''%00a", "[f|x:]" },
        { "name=f; filename=\"x\"; filename*=UTF-8''%4", "[f|x:]" },
        { "name=f; filename*=ISO-8859-1''%e9", "[f|-:]" },
        { "name=\"音\"; filename=\"../../etc/passwd.wav\"", "[音|../../etc/passwd.wav:]" },
        { "name=f;", "[f|-:]" },
    };
    char body[256];

    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        (void)snprintf(
            body, sizeof body,
            "--B\r\nX-A: b\r\nContent-Disposition: form-data; %s\r\n\r\n\r\n--B--",
            cases[i].parameters);
        reads_as(body, MULTIPART_OK, cases[i].expected);
    }
}

static void broken_bodies_are_told_apart(void **state)
{
    static const char *const malformed[] = {
        "{\"a\":1}",
        "--C\r\n" HEAD_TEXT "x\r\n--C--",
        "--B\n" HEAD_TEXT "x\n--B--",
        "--B\r\n\r\nno headers\r\n--B--",
        "--B\r\nX: y\r\n\r\nno name\r\n--B--",
        "--B\r\nContent-Disposition: form-data; filename=a\r\n\r\n\r\n--B--",
        "--B\r\nContent-Disposition: attachment; name=a\r\n\r\n\r\n--B--",
        "--B\r\nContent-Disposition: form-data; name=\"a\r\n\r\n\r\n--B--",
        "--B\r\nContent-Disposition: form-data; name=\"a\"b\r\n\r\n\r\n--B--",
        "--B\r\nContent-Disposition: form-data; name\r\n\r\n\r\n--B--",
        "--B\r\nContent-Disposition: form-data; name=a\n\r\n\r\n--B--",
        "--B\r\nContent-Disposition : form-data; name=a\r\n\r\n\r\n--B--",
        "--B\r\nContent-Disposition: form-data;\r\n name=a\r\n\r\n\r\n--B--",
        "--B\r\nX: a\rb\r\n" HEAD_TEXT "\r\n--B--",
        "--B\r\nnonsense\r\n" HEAD_TEXT "\r\n--B--",
        "--B\r\n--B--\r\n",
    };
    static const char whole[] = "--B\r\n" HEAD_FILE "data\r\n--B--";
    char cut[sizeof whole];

    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(malformed); i++)
        reads_as(malformed[i], MULTIPART_MALFORMED, NULL);
    reads_as("", MULTIPART_TRUNCATED, "");
    for (size_t len = 5; len < sizeof whole - 1; len++) {
        memcpy(cut, whole, len);
        cut[len] = '\0';
        reads_as(cut, MULTIPART_TRUNCATED, NULL);
    }
}

static void bounds_are_kept(void **state)
{
    static char huge[2 * MULTIPART_HEAD_MAX];
    struct multipart m;
    enum multipart_result result = MULTIPART_OK;

    (void)state;
    memset(huge, 'a', sizeof huge);
    begin(&m, "B");
    (void)multipart_feed(&m, view_of("--B\r\nX: "));
    assert_int_equal(multipart_feed(&m, (struct view){ huge, MULTIPART_HEAD_MAX - 3 }),
                     MULTIPART_OK);
    assert_int_equal(multipart_feed(&m, view_of("a")), MULTIPART_TOO_LARGE);
    assert_int_equal(multipart_feed(&m, view_of("\r\n")), MULTIPART_TOO_LARGE);
    ends_as(&m, MULTIPART_TOO_LARGE, "");

    begin(&m, "B");
    for (int i = 0; i <= MULTIPART_PARTS_MAX; i++) {
        assert_int_equal(result, MULTIPART_OK);
        result = multipart_feed(&m, view_of("\r\n--B\r\n" HEAD_TEXT));
    }
    ends_as(&m, MULTIPART_TOO_LARGE, NULL);
}

static void a_callback_can_stop_it(void **state)
{
    struct multipart m;

    (void)state;
    stop_with = -8;
    begin(&m, "B");
    assert_int_equal(multipart_feed(&m, view_of("--B\r\n" HEAD_FILE "data\r\n--B--")),
                     MULTIPART_STOPPED);
    assert_int_equal(m.callback_error, -8);
    ends_as(&m, MULTIPART_STOPPED, "[file|a.wav:");
    stop_with = 0;
}

static void boundaries_are_taken_from_the_content_type(void **state)
{
    static const struct {
        const char *type;
        enum multipart_result result;
        const char *boundary;
    } cases[] = {
        { "multipart/form-data; boundary=abc", MULTIPART_OK, "abc" },
        { "Multipart/Form-Data ;charset=utf-8; BOUNDARY=\"a b:=;\"", MULTIPART_OK,
          "a b:=;" },
        { "multipart/form-data; boundary=----WebKitFormBoundaryX", MULTIPART_OK,
          "----WebKitFormBoundaryX" },
        { "multipart/form-data", MULTIPART_NO_BOUNDARY, NULL },
        { "multipart/form-data; boundary=", MULTIPART_NO_BOUNDARY, NULL },
        { "multipart/form-data; boundary=\"\"", MULTIPART_NO_BOUNDARY, NULL },
        { "multipart/form-data; boundary", MULTIPART_NO_BOUNDARY, NULL },
        { "multipart/form-data; boundary=\"a \"", MULTIPART_MALFORMED, NULL },
        { "multipart/form-data; boundary=\xc3\xa9", MULTIPART_MALFORMED, NULL },
        { "application/json", MULTIPART_OTHER_TYPE, NULL },
        { "multipart/mixed; boundary=a", MULTIPART_OTHER_TYPE, NULL },
        { NULL, MULTIPART_OTHER_TYPE, NULL },
    };
    char boundary[MULTIPART_BOUNDARY_SIZE], longest[120];

    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        assert_int_equal(boundary_of_content_type(view_of(cases[i].type), boundary),
                         cases[i].result);
        if (cases[i].boundary)
            assert_string_equal(boundary, cases[i].boundary);
    }
    for (int len = 70; len <= 71; len++) {
        (void)snprintf(longest, sizeof longest, "multipart/form-data; boundary=%0*d", len,
                       7);
        assert_int_equal(boundary_of_content_type(view_of(longest), boundary),
                         len == 70 ? MULTIPART_OK : MULTIPART_MALFORMED);
    }
    assert_string_equal(multipart_text(MULTIPART_NO_BOUNDARY),
                        "Missing boundary in multipart.");
    assert_string_equal(multipart_text(MULTIPART_MALFORMED),
                        "There was an error parsing the body");
}

static int count_data(void *context, struct view data)
{
    *(size_t *)context += data.len;
    return 0;
}

static int ignore_begin(void *context, const struct multipart_part *part)
{
    (void)context;
    (void)part;
    return 0;
}

static int ignore_end(void *context)
{
    (void)context;
    return 0;
}

/* The bound is loose, for sanitizers and busy machines; a quadratic search passes it. */
static void a_hundred_megabytes_take_no_time(void **state)
{
    static const struct multipart_events counting = { ignore_begin, count_data,
                                                      ignore_end };
    enum { PIECE = 64 * 1024, PIECES = 1600 };
    static const char *const patterns[] = { "\r", "\r\n--", "\r\n------WebKitFormBoundary7",
                                            NULL };
    char *piece = malloc(PIECE);

    (void)state;
    assert_non_null(piece);
    for (size_t p = 0; p < UNIT_COUNT(patterns); p++) {
        struct multipart m;
        size_t bytes = 0;
        uint32_t random = 1;
        int64_t start_us;

        for (size_t i = 0; i < PIECE; i++) {
            random = random * 1664525 + 1013904223;
            piece[i] = patterns[p] ? patterns[p][i % strlen(patterns[p])]
                                   : (char)(random >> 24);
        }
        start_us = clock_monotonic_us();
        (void)multipart_init(&m, view_of("----WebKitFormBoundary7MA4YWxk"), &counting,
                             &bytes);
        (void)multipart_feed(&m,
                             view_of("------WebKitFormBoundary7MA4YWxk\r\n" HEAD_FILE "x"));
        for (int i = 0; i < PIECES; i++)
            (void)multipart_feed(&m, (struct view){ piece, PIECE });
        (void)multipart_feed(&m, view_of("\r\n------WebKitFormBoundary7MA4YWxk--\r\n"));
        assert_int_equal(multipart_finish(&m), MULTIPART_OK);
        assert_int_equal(bytes, 1 + (size_t)PIECE * PIECES);
        print_message("pattern %zu: %lld ms\n", p,
                      (long long)(clock_monotonic_us() - start_us) / 1000);
        assert_true(clock_monotonic_us() - start_us < 10 * CLOCK_SECOND_US);
    }
    free(piece);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_the_same_at_every_split),
        cmocka_unit_test(look_alikes_are_content),
        cmocka_unit_test(filenames_are_decoded),
        cmocka_unit_test(broken_bodies_are_told_apart),
        cmocka_unit_test(bounds_are_kept),
        cmocka_unit_test(a_callback_can_stop_it),
        cmocka_unit_test(boundaries_are_taken_from_the_content_type),
        cmocka_unit_test(a_hundred_megabytes_take_no_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
