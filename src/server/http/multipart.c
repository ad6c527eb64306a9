#include "server/http/multipart.h"

#include "server/http/forms.h"
#include "base/utf8.h"

/* The delimiter begins with CR and holds no other, so a match that fails can only begin
 * anew at the byte that broke it: nothing ever needs to be searched twice. */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct view trimmed(struct view v)
{
    return view_trim(v, " \t");
}

static bool is_boundary(struct view v)
{
    if (v.len < 1 || v.len > MULTIPART_BOUNDARY_MAX || v.ptr[v.len - 1] == ' ')
        return false;
    for (size_t i = 0; i < v.len; i++) {
        if (v.ptr[i] < 0x20 || v.ptr[i] > 0x7e)
            return false;
    }
    return true;
}

/* ---- parameters ---- */

/* The bytes between the quotes of a quoted string at the front of *text, which it takes
 * off. */
static bool take_quoted(struct view *text, struct view *ret)
{
    size_t at = 1;

    while (at < text->len && text->ptr[at] != '"') {
        const bool escape = text->ptr[at] == '\\' && at + 1 < text->len &&
                            (text->ptr[at + 1] == '"' || text->ptr[at + 1] == '\\');

        at += escape ? 2 : 1;
    }
    if (at >= text->len)
        return false;
    *ret = view_slice(*text, 1, at - 1);
    *text = view_slice(*text, at + 1, text->len);
    return true;
}

struct param {
    struct view name, value;
    bool quoted; /* the value may hold escapes */
};

/* Takes "; name=value" off the front of *rest. False at its end, and when malformed: then
 * *rest is not empty. */
static bool take_param(struct view *rest, struct param *ret)
{
    struct view text = trimmed(*rest);
    size_t len = 0;

    while (text.len && text.ptr[0] == ';')
        text = trimmed(view_slice(text, 1, text.len));
    *rest = text;
    while (len < text.len && text.ptr[len] != '=' && text.ptr[len] != ';')
        len++;
    if (len == text.len || text.ptr[len] == ';')
        return false;
    ret->name = trimmed(view_slice(text, 0, len));
    text = trimmed(view_slice(text, len + 1, text.len));
    ret->quoted = text.len && text.ptr[0] == '"';
    if (ret->quoted) {
        if (!take_quoted(&text, &ret->value))
            return false;
        text = trimmed(text);
        if (text.len && text.ptr[0] != ';')
            return false;
    } else {
        for (len = 0; len < text.len && text.ptr[len] != ';'; len++)
            ;
        ret->value = trimmed(view_slice(text, 0, len));
        text = view_slice(text, len, text.len);
    }
    *rest = text;
    return true;
}

/* A backslash that escapes neither quote nor backslash stays: some clients send DOS paths.
 */
static struct view unescaped(struct param p, char *to)
{
    size_t len = 0;

    for (size_t i = 0; i < p.value.len; i++) {
        if (p.quoted && p.value.ptr[i] == '\\' && i + 1 < p.value.len &&
            (p.value.ptr[i + 1] == '"' || p.value.ptr[i + 1] == '\\'))
            i++;
        to[len++] = p.value.ptr[i];
    }
    return (struct view){ to, len };
}

/* Splits "value; parameters" and leaves the parameters in *text. */
static struct view take_main_value(struct view *text)
{
    const char *end = text->len ? memchr(text->ptr, ';', text->len) : NULL;
    const size_t len = end ? (size_t)(end - text->ptr) : text->len;
    const struct view value = trimmed(view_slice(*text, 0, len));

    *text = view_slice(*text, len, text->len);
    return value;
}

enum multipart_result boundary_of_content_type(struct view content_type,
                                               char boundary[MULTIPART_BOUNDARY_SIZE])
{
    char raw[2 * MULTIPART_BOUNDARY_MAX];
    struct view rest = content_type, found = { NULL, 0 };
    struct param p;

    if (!view_eq_nocase(take_main_value(&rest), "multipart/form-data"))
        return MULTIPART_OTHER_TYPE;
    while (take_param(&rest, &p)) {
        if (!view_eq_nocase(p.name, "boundary"))
            continue;
        if (p.value.len > sizeof raw)
            return MULTIPART_MALFORMED;
        found = unescaped(p, raw);
    }
    if (found.len == 0)
        return MULTIPART_NO_BOUNDARY;
    if (rest.len || !is_boundary(found))
        return MULTIPART_MALFORMED;
    memcpy(boundary, found.ptr, found.len);
    boundary[found.len] = '\0';
    return MULTIPART_OK;
}

/* ---- part headers ---- */

/* Decodes charset'language'value over itself; false unless it is valid UTF-8. */
static bool decode_extended(struct view value, char *to, struct view *ret)
{
    const char *quote = memchr(value.ptr, '\'', value.len);
    struct view text;
    size_t len;

    if (!quote ||
        !view_eq_nocase(view_slice(value, 0, (size_t)(quote - value.ptr)), "utf-8"))
        return false;
    text = view_slice(value, (size_t)(quote - value.ptr) + 1, value.len);
    quote = text.len ? memchr(text.ptr, '\'', text.len) : NULL;
    if (!quote)
        return false;
    text = view_slice(text, (size_t)(quote - text.ptr) + 1, text.len);
    if (percent_decode(text, false, to, &len) || !utf8_is_valid((struct view){ to, len }))
        return false;
    *ret = (struct view){ to, len };
    return true;
}

/* Values are decoded in place: they only shrink. */
static char *writable(struct multipart *m, struct view v)
{
    return m->head + (v.ptr - m->head);
}

static bool read_disposition(struct multipart *m, struct view rest)
{
    struct view extended = { NULL, 0 };
    struct param p;

    m->part.name = m->part.filename = (struct view){ NULL, 0 };
    if (!view_eq_nocase(take_main_value(&rest), "form-data"))
        return false;
    while (take_param(&rest, &p)) {
        char *to = writable(m, p.value);

        if (view_eq_nocase(p.name, "name"))
            m->part.name = unescaped(p, to);
        else if (view_eq_nocase(p.name, "filename"))
            m->part.filename = unescaped(p, to);
        else if (view_eq_nocase(p.name, "filename*") && p.value.len)
            (void)decode_extended(p.value, to, &extended);
    }
    if (extended.ptr)
        m->part.filename = extended;
    return rest.len == 0;
}

static bool is_token_char(char c)
{
    return c > 0x20 && c < 0x7f && !strchr("()<>@,;:\\\"/[]?={}", c);
}

static bool read_header_line(struct multipart *m, struct view line)
{
    size_t name_len = 0;
    struct view name, value;

    while (name_len < line.len && is_token_char(line.ptr[name_len]))
        name_len++;
    if (name_len == 0 || name_len == line.len || line.ptr[name_len] != ':')
        return false;
    name = view_slice(line, 0, name_len);
    value = trimmed(view_slice(line, name_len + 1, line.len));
    if (value.len &&
        (memchr(value.ptr, '\r', value.len) || memchr(value.ptr, '\0', value.len)))
        return false;
    if (view_eq_nocase(name, "content-type"))
        m->part.content_type = value;
    if (view_eq_nocase(name, "content-disposition"))
        return read_disposition(m, value);
    return true;
}

/* ---- the stream ---- */

static void fail(struct multipart *m, enum multipart_result result)
{
    if (m->result == MULTIPART_OK)
        m->result = result;
}

static void note_callback(struct multipart *m, int value)
{
    if (value) {
        m->callback_error = value;
        fail(m, MULTIPART_STOPPED);
    }
}

static void emit(struct multipart *m, const char *bytes, size_t len)
{
    if (m->in_part && len && m->result == MULTIPART_OK)
        note_callback(m, m->events->part_data(m->context, (struct view){ bytes, len }));
}

/* Where a line has just begun, a delimiter needs no CRLF of its own. */
static void begin_text(struct multipart *m)
{
    m->state = MULTIPART_IN_TEXT;
    m->matched = m->implied = 2;
}

/* What was held back as the start of a delimiter is content after all. */
static void give_back(struct multipart *m)
{
    const size_t implied = m->implied;

    emit(m, m->delimiter + implied, m->matched - implied);
    m->matched = m->implied = 0;
}

static void delimiter_found(struct multipart *m)
{
    m->matched = m->delimiter_len;
    m->tail_len = 0;
    m->state = MULTIPART_IN_TAIL;
}

/* How many bytes at the end of a piece may be the start of a delimiter. */
static size_t partial_delimiter(const struct multipart *m, struct view piece)
{
    const size_t most = piece.len < m->delimiter_len ? piece.len : m->delimiter_len - 1;
    const char *end = piece.ptr + piece.len;
    const char *cr = memrchr(end - most, '\r', most);
    const size_t len = cr ? (size_t)(end - cr) : 0;

    return len && memcmp(cr, m->delimiter, len) == 0 ? len : 0;
}

static size_t feed_text(struct multipart *m, struct view piece)
{
    const char *found;
    size_t len = 0;

    if (m->matched) {
        while (len < piece.len && m->matched < m->delimiter_len &&
               piece.ptr[len] == m->delimiter[m->matched]) {
            len++;
            m->matched++;
        }
        if (m->matched == m->delimiter_len)
            delimiter_found(m);
        else if (len < piece.len)
            give_back(m);
        return len;
    }
    found = memmem(piece.ptr, piece.len, m->delimiter, m->delimiter_len);
    if (found) {
        emit(m, piece.ptr, (size_t)(found - piece.ptr));
        delimiter_found(m);
        return (size_t)(found - piece.ptr) + m->delimiter_len;
    }
    m->matched = partial_delimiter(m, piece);
    emit(m, piece.ptr, piece.len - m->matched);
    return piece.len;
}

static void end_part(struct multipart *m)
{
    if (m->in_part)
        note_callback(m, m->events->part_end(m->context));
    m->in_part = false;
    m->saw_delimiter = true;
}

static void tail_is_content(struct multipart *m)
{
    const bool cr = m->tail_len && m->tail[m->tail_len - 1] == '\r';

    give_back(m);
    emit(m, m->tail, m->tail_len - cr);
    m->matched = cr;
    m->state = MULTIPART_IN_TEXT;
}

static size_t feed_tail(struct multipart *m, struct view piece)
{
    const char c = piece.ptr[0];
    const char last = m->tail_len ? m->tail[m->tail_len - 1] : ' ';

    if (last == '-' && c == '-') {
        end_part(m);
        m->state = MULTIPART_AFTER_END;
        return 1;
    }
    if (last == '\r' && c == '\n') {
        end_part(m);
        m->state = MULTIPART_IN_HEAD;
        m->head_len = m->line_start = 0;
        m->part = (struct multipart_part){ 0 };
        if (++m->parts > MULTIPART_PARTS_MAX)
            fail(m, MULTIPART_TOO_LARGE);
        return 1;
    }
    if ((c == '-' && m->tail_len == 0) || (c == '\r' && is_blank(last)) ||
        (is_blank(c) && is_blank(last) && m->tail_len < MULTIPART_PADDING_MAX)) {
        m->tail[m->tail_len++] = c;
        return 1;
    }
    tail_is_content(m);
    return 0;
}

static void end_line(struct multipart *m)
{
    const struct view line = { m->head + m->line_start, m->head_len - m->line_start };

    m->line_start = m->head_len;
    if (line.len < 2 || line.ptr[line.len - 2] != '\r') {
        fail(m, MULTIPART_MALFORMED);
    } else if (line.len > 2) {
        if (!read_header_line(m, view_slice(line, 0, line.len - 2)))
            fail(m, MULTIPART_MALFORMED);
    } else if (!m->part.name.ptr) {
        fail(m, MULTIPART_MALFORMED);
    } else {
        m->in_part = true;
        begin_text(m);
        note_callback(m, m->events->part_begin(m->context, &m->part));
    }
}

static size_t feed_head(struct multipart *m, struct view piece)
{
    const char *lf = memchr(piece.ptr, '\n', piece.len);
    const size_t len = lf ? (size_t)(lf - piece.ptr) + 1 : piece.len;

    if (len > MULTIPART_HEAD_MAX - m->head_len) {
        fail(m, MULTIPART_TOO_LARGE);
        return piece.len;
    }
    memcpy(m->head + m->head_len, piece.ptr, len);
    m->head_len += len;
    if (lf)
        end_line(m);
    return len;
}

enum multipart_result multipart_init(struct multipart *m, struct view boundary,
                                     const struct multipart_events *events, void *context)
{
    m->callback_error = 0;
    m->events = events;
    m->context = context;
    m->in_part = m->saw_delimiter = m->saw_bytes = false;
    m->parts = m->tail_len = m->head_len = m->line_start = 0;
    m->part = (struct multipart_part){ 0 };
    m->result = is_boundary(boundary) ? MULTIPART_OK : MULTIPART_MALFORMED;
    if (m->result == MULTIPART_OK) {
        memcpy(m->delimiter, "\r\n--", 4);
        memcpy(m->delimiter + 4, boundary.ptr, boundary.len);
        m->delimiter_len = 4 + boundary.len;
    }
    begin_text(m);
    return m->result;
}

enum multipart_result multipart_feed(struct multipart *m, struct view piece)
{
    while (piece.len && m->result == MULTIPART_OK && m->state != MULTIPART_AFTER_END) {
        size_t len;

        m->saw_bytes = true;
        if (m->state == MULTIPART_IN_TEXT)
            len = feed_text(m, piece);
        else if (m->state == MULTIPART_IN_TAIL)
            len = feed_tail(m, piece);
        else
            len = feed_head(m, piece);
        piece = view_slice(piece, len, piece.len);
    }
    return m->result;
}

enum multipart_result multipart_finish(struct multipart *m)
{
    if (m->state != MULTIPART_AFTER_END)
        fail(m,
             m->saw_bytes && !m->saw_delimiter ? MULTIPART_MALFORMED : MULTIPART_TRUNCATED);
    return m->result;
}

const char *multipart_text(enum multipart_result result)
{
    switch (result) {
    case MULTIPART_OK:
        return "OK";
    case MULTIPART_OTHER_TYPE:
        return "The body is not multipart/form-data";
    case MULTIPART_NO_BOUNDARY:
        return "Missing boundary in multipart.";
    case MULTIPART_MALFORMED:
        return "There was an error parsing the body";
    case MULTIPART_TOO_LARGE:
        return "A part's headers, or the number of parts, exceed the limit";
    case MULTIPART_TRUNCATED:
        return "The body ended early";
    case MULTIPART_STOPPED:
        return "Reading was stopped";
    }
    return "There was an error parsing the body";
}
