#include "server/api/webapp.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "server/http/preference.h"
#include "server/http/etag.h"
#include "webui/assets.h"

/* After the scripts and styles. The app: audio and pictures it made itself, no frames. */
#define CSP_APP                                                                            \
    "img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self'; font-src "    \
    "'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors "   \
    "'none'"
/* Redoc searches in a worker it makes itself. */
#define CSP_DOCS                                                                           \
    "img-src 'self' data:; connect-src 'self'; font-src 'self'; worker-src 'self' blob:; " \
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/* A file as it is sent. */
struct sent {
    const char *coding; /* NULL: as it is */
    const unsigned char *bytes;
    size_t count;
};

/* The smallest form that the client takes. */
static struct sent form_of(struct http_request *req, const struct asset *a)
{
    const struct view taken = http_header(req, "Accept-Encoding");

    if (a->brotli && preference_names(taken, "br"))
        return (struct sent){ "br", a->brotli, a->brotli_count };
    if (a->gzip && preference_names(taken, "gzip"))
        return (struct sent){ "gzip", a->gzip, a->gzip_count };
    return (struct sent){ NULL, a->bytes, a->bytes_count };
}

static int asset_reply(struct http_request *req, struct http_reply *reply,
                       const struct asset *a)
{
    const struct sent form = form_of(req, a);
    char etag[64];

    /* The tag of a packed form is another one: the bytes differ. */
    (void)snprintf(etag, sizeof etag, "%.*s%s%s\"", (int)strlen(a->etag) - 1, a->etag,
                   form.coding ? "-" : "", form.coding ? form.coding : "");
    http_reply_header(reply, "ETag", etag);
    http_reply_header(reply, "Cache-Control",
                      a->is_immutable ? "public, max-age=31536000, immutable" : "no-cache");
    http_reply_header(reply, "X-Content-Type-Options", "nosniff");
    if (a->gzip || a->brotli)
        http_reply_header(reply, "Vary", "Accept-Encoding");
    if (etag_list_names(http_header(req, "If-None-Match"), view_of(etag))) {
        reply->status = 304;
        return 0;
    }
    reply->content_type = a->type;
    if (form.coding)
        http_reply_header(reply, "Content-Encoding", form.coding);
    buf_add(&reply->body, form.bytes, form.count);
    return 0;
}

int webapp_file(struct http_request *req, struct http_reply *reply)
{
    const struct asset *a = assets_find(req->path);

    return a ? asset_reply(req, reply, a) : 404;
}

/* `styles` and `rest` are of its Content-Security-Policy; its own inline parts are allowed
 * by their hashes. */
static int page(struct http_request *req, struct http_reply *reply, const char *path,
                const char *styles, const char *rest)
{
    const struct asset *a = assets_find(view_of(path));

    if (!a)
        return 404;
    http_reply_header_format(
        reply, "Content-Security-Policy",
        "default-src 'none'; script-src 'self'%s; style-src 'self'%s%s; %s",
        a->script_hashes, styles, a->style_hashes, rest);
    http_reply_header(reply, "Referrer-Policy", "no-referrer");
    http_reply_header(reply, "Cross-Origin-Opener-Policy", "same-origin");
    http_reply_header(reply, "Permissions-Policy",
                      "microphone=(self), camera=(), geolocation=()");
    return asset_reply(req, reply, a);
}

bool webapp_is_wanted(struct http_request *req)
{
    return preference_names(http_header(req, "Accept"), "text/html");
}

static int app(struct http_request *req, struct http_reply *reply, const char *path)
{
    http_reply_header(reply, "Vary", "Accept");
    return page(req, reply, path, "", CSP_APP);
}

int webapp_index(struct http_request *req, struct http_reply *reply)
{
    return app(req, reply, "/index.html");
}

/* A page that the app may know: index.html has the front page's first view in it. */
static int unknown(struct http_request *req, struct http_reply *reply)
{
    return webapp_is_wanted(req) ? app(req, reply, "/app.html") : 404;
}

/* Swagger UI and Redoc write style elements. */
static int docs(struct http_request *req, struct http_reply *reply)
{
    return page(req, reply, "/docs.html", " 'unsafe-inline'", CSP_DOCS);
}

static int redoc(struct http_request *req, struct http_reply *reply)
{
    return page(req, reply, "/redoc.html", " 'unsafe-inline'", CSP_DOCS);
}

const struct route webapp_fallback = { HTTP_GET, "", ROUTE_PUBLIC, .prepare = unknown };

const struct route api_routes_webapp[] = {
    { HTTP_GET, "/openapi.json", ROUTE_PUBLIC, .prepare = webapp_file },
    { HTTP_GET, "/docs", ROUTE_PUBLIC, .prepare = docs },
    { HTTP_GET, "/redoc", ROUTE_PUBLIC, .prepare = redoc },
    { HTTP_GET, "/assets/{name}", ROUTE_PUBLIC, .prepare = webapp_file },
    { HTTP_GET, "/licenses.txt", ROUTE_PUBLIC, .prepare = webapp_file },
    { HTTP_GET, "/favicon.svg", ROUTE_PUBLIC, .prepare = webapp_file },
    { 0 },
};
