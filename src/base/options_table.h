/* The rows behind base/options.h, shared by its reader and its printers. */
#ifndef BASE_OPTIONS_TABLE_H
#define BASE_OPTIONS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/err.h"
#include "base/options.h"

enum option_type {
    OPTION_TEXT,         /* const char *; min and max bound its length in bytes */
    OPTION_CHOICE,       /* const char *: one of `choices` */
    OPTION_CHOICE_INDEX, /* int64_t: the place of the word in `choices` */
    OPTION_INT,          /* int64_t */
    OPTION_BYTES,        /* int64_t, written as 100MB; units are powers of 1024 */
    OPTION_DURATION,     /* int64_t microseconds, written as 30s */
};

/* Appends the normal form of `value`, or fails with ERR_INVALID and a reason. */
typedef int (*option_check)(const char *value, struct buf *normal, struct err *reterr);

struct option {
    const char *section;
    const char *name; /* as in --name and in the file; WHAZZ_NAME is made from it */
    enum option_type type;
    bool is_secret; /* its value is never shown, not even in an error */
    size_t offset;  /* in struct options */
    int64_t min, max;
    const char *choices; /* words with | between them */
    const char
        *standard; /* the default as a user would write it; NULL: the member is NULL */
    const char *standard_note; /* what a NULL or special default means */
    const char *legacy_env;    /* the replaced system's name */
    int64_t legacy_unit; /* what one in legacy_env stands for; 0: written as elsewhere */
    const char *legacy_unit_name;
    option_check check; /* of OPTION_TEXT; may be NULL */
    const char *help;   /* one line, without a full stop */
};

enum { OPTION_ENV_MAX = 64 };

extern const struct option options_table[];
extern const size_t options_table_count;

static inline bool option_is_text(const struct option *o)
{
    return o->type == OPTION_TEXT || o->type == OPTION_CHOICE;
}

void option_env_name(const struct option *o, char name[OPTION_ENV_MAX]);
/* "1 to 4096", "1KB to 1TB", "any|uuid|signed"; nothing for plain text. */
void option_range_text(const struct option *o, struct buf *out);

/* Reads `value` into the option's member of *to, freeing a text that was there. With a
 * `unit` other than 0, the value is a bare number of such units. The error's text gives the
 * reason and leaves the source to the caller. */
MUST_CHECK int option_set(const struct option *o, const char *value, int64_t unit,
                          struct options *to, struct err *reterr);

int option_check_listen(const char *value, struct buf *normal, struct err *reterr);
int option_check_origins(const char *value, struct buf *normal, struct err *reterr);
int option_check_networks(const char *value, struct buf *normal, struct err *reterr);
int option_check_zone(const char *value, struct buf *normal, struct err *reterr);

#endif
