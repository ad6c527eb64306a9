#include "tests/unit/unit.h"

#include "server/http/disposition.h"

static void names_are_written_so_that_they_cannot_end_the_field(void **state)
{
    static const struct {
        const char *name, *parameters;
    } cases[] = {
        { "", "filename=\"\"" },
        { "processed_my song.wav", "filename=\"processed_my song.wav\"" },
        { "q\"x\\y.wav", "filename=\"q\\\"x_y.wav\"" },
        { "processed_../../etc/passwd.wav", "filename=\"processed_.._.._etc_passwd.wav\"" },
        { "é/\\.wav", "filename=\"___.wav\"; filename*=UTF-8''%C3%A9__.wav" },
        { "a\r\nSet-Cookie: b\x7f.wav", "filename=\"aSet-Cookie: b.wav\"" },
        { "音楽.wav", "filename=\"__.wav\"; filename*=UTF-8''%E9%9F%B3%E6%A5%BD.wav" },
        { "é 'a'%.wav",
          "filename=\"_ 'a'%.wav\"; filename*=UTF-8''%C3%A9%20%27a%27%25.wav" },
        { "\xff.wav", "filename=\"_.wav\"; filename*=UTF-8''%EF%BF%BD.wav" },
        { "\xed\xa0\x80",
          "filename=\"___\"; filename*=UTF-8''%EF%BF%BD%EF%BF%BD%EF%BF%BD" },
        { "a\xc2\x85.wav", "filename=\"a.wav\"" },
        { "\xf0\x9f\x8e\xb5", "filename=\"_\"; filename*=UTF-8''%F0%9F%8E%B5" },
    };

    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        struct buf out;

        buf_init(&out, 1024);
        disposition_attachment(&out, view_of(cases[i].name));
        assert_int_equal(out.error, 0);
        assert_memory_equal(out.data, "attachment; ", 12);
        assert_string_equal(out.data + 12, cases[i].parameters);
        buf_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_written_so_that_they_cannot_end_the_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
