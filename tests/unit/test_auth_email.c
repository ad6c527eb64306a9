#include "tests/unit/unit.h"

#include <stdio.h>
#include "auth/auth.h"

static void the_domain_is_lower_cased_only(void **state)
{
    (void)state;
    char ret[AUTH_EMAIL_MAX + 1];
    const char *reason = "";

    assert_true(auth_email_normalise(view_of("Al.Ice+x@Mail.EXAMPLE.Com"), ret, &reason));
    assert_string_equal(ret, "Al.Ice+x@mail.example.com");
    assert_null(reason);
    assert_true(auth_email_normalise(view_of("\xc3\xa9@xn--bcher-kva.de"), ret, &reason));
    assert_string_equal(ret, "\xc3\xa9@xn--bcher-kva.de");
}

static const char reserved[] =
    "The part after the @-sign is a special-use or reserved name "
    "that cannot be used with email.";
static const char no_period[] =
    "The part after the @-sign is not valid. It should have a period.";
static const char bad_local[] =
    "The email address contains invalid characters before the @-sign.";
static const char bad_domain[] = "The part after the @-sign contains invalid characters.";
static const struct {
    const char *email, *reason;
} faults[] = {
    { "", "An email address must have an @-sign." },
    { "nope", "An email address must have an @-sign." },
    { "a@b", no_period },
    { "a@localhost", no_period },
    { "a@foo.test", reserved },
    { "a@foo.TEST", reserved },
    { "a@b.example", reserved },
    { "a@b.invalid", reserved },
    { "a@b.localhost", reserved },
    { "a@b.local", reserved },
    { "@b.de", "There must be something before the @-sign." },
    { "a@", "There must be something after the @-sign." },
    { "a b@c.de", bad_local },
    { "a@b@c.de", bad_local },
    { "a\r\n@c.de", bad_local },
    { "<a@c.de", bad_local },
    { "a@c .de", bad_domain },
    { "a@c.de>", bad_domain },
    { "a@[127.0.0.1]", bad_domain },
    { "a@b_c.de", bad_domain },
    { ".a@c.de", "An email address cannot start with a period." },
    { "a.@c.de", "An email address cannot have a period immediately before the @-sign." },
    { "a..b@c.de", "An email address cannot have two periods in a row." },
    { "a@.c.de", "An email address cannot have a period immediately after the @-sign." },
    { "a@c.de.", "An email address cannot end with a period." },
    { "a@c..de", "An email address cannot have two periods in a row." },
    { "a@-c.de", "An email address cannot have a hyphen immediately after the @-sign." },
    { "a@c.de-", "An email address cannot end with a hyphen." },
    { "a@c-.de", "An email address cannot have a period and a hyphen next to each other." },
    { "a@1.2.3.4", "The part after the @-sign is not valid. It is not within a valid "
                   "top-level domain." },
};

static void each_fault_has_its_reason(void **state)
{
    char ret[AUTH_EMAIL_MAX + 1];
    const char *reason;

    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(faults); i++) {
        assert_false(auth_email_normalise(view_of(faults[i].email), ret, &reason));
        assert_string_equal(reason, faults[i].reason);
    }
    assert_false(auth_email_normalise((struct view){ "a\0b@c.de", 8 }, ret, &reason));
    assert_string_equal(reason, bad_local);
    assert_false(auth_email_normalise((struct view){ "a@c.d\0e", 7 }, ret, &reason));
    assert_string_equal(reason, bad_domain);
}

static void lengths_are_bounded(void **state)
{
    (void)state;
    char email[600], ret[AUTH_EMAIL_MAX + 1];
    const char *reason;

    (void)snprintf(email, sizeof email, "%064d@c.de", 0);
    assert_true(auth_email_normalise(view_of(email), ret, &reason));
    (void)snprintf(email, sizeof email, "%065d@c.de", 0);
    assert_false(auth_email_normalise(view_of(email), ret, &reason));
    (void)snprintf(email, sizeof email, "a@%064d.de", 0);
    assert_false(auth_email_normalise(view_of(email), ret, &reason));
    (void)snprintf(email, sizeof email, "a@%063d.%063d.%063d.%058d.de", 0, 0, 0, 0);
    assert_false(auth_email_normalise(view_of(email), ret, &reason));
    (void)snprintf(email, sizeof email, "a@%063d.%063d.%063d.%059d.de", 0, 0, 0, 0);
    assert_false(auth_email_normalise(view_of(email), ret, &reason));
    (void)snprintf(email, sizeof email, "a@%063d.%063d.%063d.%057d.de", 0, 0, 0, 0);
    assert_int_equal(strlen(email), 254);
    assert_true(auth_email_normalise(view_of(email), ret, &reason));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_domain_is_lower_cased_only),
        cmocka_unit_test(each_fault_has_its_reason),
        cmocka_unit_test(lengths_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
