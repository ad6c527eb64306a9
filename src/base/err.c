#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *reterr, int code, const char *format, ...)
{
    va_list args;

    if (!reterr)
        return code;
    reterr->code = code;
    reterr->retry_after_s = 0;
    va_start(args, format);
    (void)vsnprintf(reterr->text, sizeof reterr->text, format, args);
    va_end(args);
    for (char *p = reterr->text; *p; p++) {
        if (*p == '\n' || *p == '\r')
            *p = ' ';
    }
    return code;
}

static int code_of_errno(int errnum)
{
    switch (errnum) {
    case ENOSPC:
    case EDQUOT:
        return ERR_NO_SPACE;
    case ENOMEM:
        return ERR_NO_MEMORY;
    default:
        return ERR_IO;
    }
}

int err_set_errno(struct err *reterr, int errnum, const char *what)
{
    char text[128];

    return err_set(reterr, code_of_errno(errnum), "%s: %s", what,
                   strerror_r(errnum, text, sizeof text));
}

const char *err_name(int code)
{
    static const char *const names[] = {
        [-ERR_INVALID] = "ERR_INVALID",
        [-ERR_NOT_FOUND] = "ERR_NOT_FOUND",
        [-ERR_CONFLICT] = "ERR_CONFLICT",
        [-ERR_UNAUTHENTICATED] = "ERR_UNAUTHENTICATED",
        [-ERR_FORBIDDEN] = "ERR_FORBIDDEN",
        [-ERR_LIMIT] = "ERR_LIMIT",
        [-ERR_THROTTLED] = "ERR_THROTTLED",
        [-ERR_TOO_LARGE] = "ERR_TOO_LARGE",
        [-ERR_GONE] = "ERR_GONE",
        [-ERR_BUSY] = "ERR_BUSY",
        [-ERR_TIMEOUT] = "ERR_TIMEOUT",
        [-ERR_CANCELLED] = "ERR_CANCELLED",
        [-ERR_NOT_MEDIA] = "ERR_NOT_MEDIA",
        [-ERR_CRASHED] = "ERR_CRASHED",
        [-ERR_IO] = "ERR_IO",
        [-ERR_NO_SPACE] = "ERR_NO_SPACE",
        [-ERR_STORE] = "ERR_STORE",
        [-ERR_CORRUPT] = "ERR_CORRUPT",
        [-ERR_NO_MEMORY] = "ERR_NO_MEMORY",
        [-ERR_INTERNAL] = "ERR_INTERNAL",
        [-ERR_ENGINE] = "ERR_ENGINE",
    };
    const int count = (int)(sizeof names / sizeof names[0]);

    return code < 0 && code > -count && names[-code] ? names[-code] : "ERR_UNKNOWN";
}
