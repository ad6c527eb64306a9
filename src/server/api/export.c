#include "server/api/export.h"

#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "jobs/meters.h"
#include "server/api/api.h"
#include "server/api/pages.h"
#include "server/api/validate.h"

enum export_format { EXPORT_CSV, EXPORT_NDJSON, EXPORT_JSON };

static const struct {
    const char *name, *content_type, *head, *between, *tail;
} formats[] = {
    { "csv", "text/csv; charset=utf-8",
      "event_id,occurred_at,kind,meter,unit,processing_type,reference,amount,held\r\n", "",
      "" },
    { "ndjson", "application/x-ndjson", "", "", "" },
    { "json", "application/json", "[", ",", "]" },
};

/* One export on its way; freed when the reply is. */
struct export
{
    struct pages pages;
    enum export_format format;
    int64_t account_id, start_us, end_us, after_event_id;
    bool has_begun, has_rows;
};

int export_prepare(struct http_request *req, struct http_reply *reply)
{
    const struct view format = http_query(req, "format");
    struct export *e = api_own(req, sizeof *e, NULL);

    (void)reply;
    if (!e)
        return ERR_NO_MEMORY;
    for (int i = 0; i < 3; i++) {
        if (view_eq(format, formats[i].name))
            e->format = (enum export_format)i;
    }
    if (format.ptr && !view_eq(format, formats[e->format].name))
        validate_add(req, "enum", "query", "format",
                     "Input should be 'csv', 'ndjson' or 'json'", NULL);
    e->end_us = INT64_MAX;
    validate_query_time(req, "start", &e->start_us);
    validate_query_time(req, "end", &e->end_us);
    return validate_result(req);
}

static const char *unit_of(const char *meter)
{
    for (size_t i = 0; i < METERS_COUNT; i++) {
        if (strcmp(meters[i].name, meter) == 0)
            return meters[i].unit;
    }
    return "";
}

void export_row_json(struct buf *out, const struct usage_row *row)
{
    struct json j;

    json_init(&j, out);
    json_object_begin(&j);
    json_put_int(&j, "event_id", row->event_id);
    json_put_time(&j, "occurred_at", row->occurred_us);
    json_put_str(&j, "kind", row->kind);
    json_put_str(&j, "meter", row->meter);
    json_put_str(&j, "unit", unit_of(row->meter));
    json_put_str(&j, "processing_type", row->type[0] ? row->type : NULL);
    json_put_str(&j, "reference", row->ref[0] ? row->ref : NULL);
    json_put_int(&j, "amount", row->amount);
    json_put_int(&j, "held", row->held);
    json_object_end(&j);
}

/* No field of ours needs quotes (RFC 4180): names and ids are letters, digits, "_" and "-".
 */
static void row_csv(struct buf *out, const struct usage_row *row)
{
    char time[CLOCK_TEXT_SIZE];

    clock_format(row->occurred_us, time);
    buf_addf(out, "%lld,%s,%s,%s,%s,%s,%s,%lld,%lld\r\n", (long long)row->event_id, time,
             row->kind, row->meter, unit_of(row->meter), row->type, row->ref,
             (long long)row->amount, (long long)row->held);
}

struct page {
    struct export *export;
    size_t rows;
};

static int row_write(void *ctx, const struct usage_row *row)
{
    struct page *page = ctx;
    struct export *e = page->export;
    struct buf *out = &e->pages.page;

    if (e->has_rows)
        buf_add_text(out, formats[e->format].between);
    e->has_rows = true;
    if (e->format == EXPORT_CSV)
        row_csv(out, row);
    else
        export_row_json(out, row);
    if (e->format == EXPORT_NDJSON)
        buf_add_char(out, '\n');
    e->after_event_id = row->event_id;
    page->rows++;
    return out->error;
}

/* Each page is read from a snapshot of its own: rows are only ever added, in order, so none
 * is missed or told twice. */
static int page_fill(struct pages *pages, struct http_request *req, struct db *db)
{
    struct export *e = (struct export *)pages;
    struct page page = { .export = e };
    int rc;

    (void)req;
    if (!e->has_begun)
        buf_add_text(&pages->page, formats[e->format].head);
    e->has_begun = true;
    rc = usage_rows_read(db, e->account_id, e->start_us, e->end_us, e->after_event_id,
                         EXPORT_PAGE_ROWS, row_write, &page);
    pages->is_last = page.rows < EXPORT_PAGE_ROWS;
    if (pages->is_last)
        buf_add_text(&pages->page, formats[e->format].tail);
    return rc;
}

int export_start(struct http_request *req, struct http_reply *reply)
{
    const struct export *wanted = api_context_of(req)->own;
    struct export *e = malloc(sizeof *e);
    const int64_t account_id = api_context_of(req)->principal.account_id;

    if (!e)
        return ERR_NO_MEMORY;
    *e = *wanted;
    e->account_id = account_id ? account_id : -1;
    pages_init(&e->pages, EXPORT_PAGE_BYTES_MAX, page_fill);
    reply->content_type = formats[e->format].content_type;
    pages_reply(reply, &e->pages);
    http_reply_header_format(reply, "Content-Disposition",
                             "attachment; filename=\"usage.%s\"", formats[e->format].name);
    return 0;
}
