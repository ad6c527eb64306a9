/* A streaming reader of multipart/form-data (RFC 7578, RFC 2046): it is fed a body in
 * pieces of any size and calls back with parts and views of their content, copying nothing
 * but part headers. Memory is constant (the struct itself). One thread at a time per
 * object.
 *
 *     char boundary[MULTIPART_BOUNDARY_SIZE];
 *     result = boundary_of_content_type(content_type, boundary);
 *     result = multipart_init(&m, view_of(boundary), &events, context);
 *     result = multipart_feed(&m, piece);   ... once per piece
 *     result = multipart_finish(&m);        at the end of the body
 *
 * Each result other than MULTIPART_OK is final: later calls return it again, and no
 * callback follows, not even part_end of a part that is open.
 *
 * Lines end with CRLF. A delimiter is one only when CRLF (blanks allowed before it) or "--"
 * follows: "--boundaryX" at the start of a line is content. What stands before the first
 * delimiter and after the closing one is ignored. */
#ifndef SERVER_HTTP_MULTIPART_H
#define SERVER_HTTP_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>
#include "base/view.h"

enum {
    MULTIPART_BOUNDARY_MAX = 70,
    MULTIPART_BOUNDARY_SIZE = MULTIPART_BOUNDARY_MAX + 1,
    MULTIPART_HEAD_MAX = 8192, /* bytes of one part's headers */
    MULTIPART_PARTS_MAX = 1000,
    MULTIPART_PADDING_MAX = 32, /* blanks after a delimiter */
};

enum multipart_result {
    MULTIPART_OK,          /* so far; from multipart_finish: the body is complete */
    MULTIPART_OTHER_TYPE,  /* the content type is not multipart/form-data */
    MULTIPART_NO_BOUNDARY, /* "Missing boundary in multipart." */
    MULTIPART_MALFORMED,   /* "There was an error parsing the body" */
    MULTIPART_TOO_LARGE,   /* headers or number of parts past the bounds above */
    MULTIPART_TRUNCATED,   /* the body ended before its closing delimiter, or was empty */
    MULTIPART_STOPPED,     /* a callback said so; its value is in callback_error */
};

struct multipart_part {
    struct view name; /* never absent */
    struct view
        filename; /* ptr NULL: no file. filename*=UTF-8''... wins when it is valid */
    struct view content_type; /* ptr NULL when absent */
};

/* Views live until the callback returns. Names are the bytes that were sent, with \" and \\
 * undone: neither valid UTF-8 nor safe as a path. A value other than 0 stops the reading.
 */
struct multipart_events {
    int (*part_begin)(void *context, const struct multipart_part *part);
    int (*part_data)(void *context, struct view data); /* never empty */
    int (*part_end)(void *context);
};

struct multipart {
    int callback_error;
    /* the rest is the reader's */
    const struct multipart_events *events;
    void *context;
    enum multipart_result result;
    enum {
        MULTIPART_IN_TEXT,
        MULTIPART_IN_TAIL,
        MULTIPART_IN_HEAD,
        MULTIPART_AFTER_END
    } state;
    bool in_part, saw_delimiter, saw_bytes;
    size_t parts;
    size_t matched; /* bytes of the delimiter seen at the end of what was fed */
    size_t implied; /* of those, how many are no content if the match fails */
    size_t delimiter_len, tail_len, head_len, line_start;
    struct multipart_part part;
    char delimiter[4 + MULTIPART_BOUNDARY_MAX]; /* CRLF, "--", boundary */
    char tail[MULTIPART_PADDING_MAX + 2]; /* what followed it, until that is decided */
    char head[MULTIPART_HEAD_MAX];
};

/* The boundary parameter of a Content-Type field. MULTIPART_OTHER_TYPE,
 * MULTIPART_NO_BOUNDARY when it is absent or empty, MULTIPART_MALFORMED when it is no
 * boundary. */
enum multipart_result boundary_of_content_type(struct view content_type,
                                               char boundary[MULTIPART_BOUNDARY_SIZE]);

/* `events` is borrowed for the reader's life; the struct must not move. MULTIPART_MALFORMED
 * for a boundary that is not 1 to 70 printable ASCII characters, the last no space. */
enum multipart_result multipart_init(struct multipart *m, struct view boundary,
                                     const struct multipart_events *events, void *context);
enum multipart_result multipart_feed(struct multipart *m, struct view piece);
enum multipart_result multipart_finish(struct multipart *m);

/* The line for the client. */
const char *multipart_text(enum multipart_result result);

#endif
