/* Error codes and the one line of text that goes with them.
 *
 * A function that can fail returns 0 or one of these negative codes and puts one line
 * for the log in *reterr (which may be NULL). Layers below the server never log: whoever
 * decides what to do about an error logs it, once. Any thread. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdint.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(format_index, first_arg)                                               \
    __attribute__((format(printf, format_index, first_arg)))

enum err_code {
    ERR_INVALID = -1,         /* the caller's input is wrong */
    ERR_NOT_FOUND = -2,       /* no such thing */
    ERR_CONFLICT = -3,        /* it exists already, or is in another state */
    ERR_UNAUTHENTICATED = -4, /* no identity, or one that does not hold */
    ERR_FORBIDDEN = -5,       /* an identity that may not do this */
    ERR_LIMIT = -6,           /* a usage limit would be passed */
    ERR_THROTTLED = -7,       /* too many attempts in a short time */
    ERR_TOO_LARGE = -8,       /* over a bound that no waiting changes */
    ERR_GONE = -9,            /* it existed and has expired */
    ERR_BUSY = -10,           /* a bounded queue is full: try again */
    ERR_TIMEOUT = -11,        /* a deadline passed */
    ERR_CANCELLED = -12,      /* someone asked for the work to stop */
    ERR_NOT_MEDIA = -13,      /* bytes that are not the audio they claim to be */
    ERR_CRASHED = -14,        /* a child process died or broke its protocol */
    ERR_IO = -15,             /* the operating system refused */
    ERR_NO_SPACE = -16,       /* disk or quota full */
    ERR_STORE = -17,          /* the database refused */
    ERR_CORRUPT = -18,        /* stored data contradicts itself */
    ERR_NO_MEMORY = -19,
    ERR_INTERNAL = -20, /* a bug of ours that was caught */
    ERR_ENGINE = -21,   /* an external engine failed, by itself */
};

enum { ERR_TEXT_MAX = 256 };

struct err {
    int code;
    char text[ERR_TEXT_MAX]; /* one line, no trailing newline */
    int64_t retry_after_s;   /* with ERR_THROTTLED: until the next attempt; else 0 */
};

/* Fills *reterr (when not NULL) and returns `code`, so that `return err_set(...)` works. */
int err_set(struct err *reterr, int code, const char *format, ...) PRINTF_LIKE(3, 4);

/* The same from errno value `errnum`: ENOSPC and EDQUOT give ERR_NO_SPACE, ENOMEM gives
 * ERR_NO_MEMORY, the rest ERR_IO; the text is "what: strerror". */
int err_set_errno(struct err *reterr, int errnum, const char *what);

/* A constant name such as "ERR_LIMIT"; "ERR_UNKNOWN" for anything else. */
const char *err_name(int code);

#endif
