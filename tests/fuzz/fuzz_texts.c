/* Short values out of bodies and queries: times, emails, UUIDs. */
#include <stdint.h>
#include <stdlib.h>
#include "auth/auth.h"
#include "base/clock.h"
#include "base/uuid.h"

static void check_time(struct view text)
{
    char written[CLOCK_TEXT_SIZE];
    int64_t time_us, again_us;

    if (!clock_parse(text, &time_us))
        return;
    clock_format(time_us, written);
    if (!clock_parse(view_of(written), &again_us) || again_us != time_us)
        abort();
}

static void check_email(struct view text)
{
    char email[AUTH_EMAIL_MAX + 1], again[AUTH_EMAIL_MAX + 1];
    const char *reason = NULL;

    if (!auth_email_normalise(text, email, &reason)) {
        if (!reason)
            abort();
        return;
    }
    if (strlen(email) != text.len ||
        !auth_email_normalise(view_of(email), again, &reason) || strcmp(email, again) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const struct view text = { (const char *)data, len };

    check_time(text);
    check_email(text);
    if (uuid_is_valid(text) && len != 36)
        abort();
    return 0;
}
