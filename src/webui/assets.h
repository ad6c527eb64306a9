/* The files inside the binary: the API's description and the web app. tools/embed.py makes
 * the table at build time. Everything here is constant; any thread may read it. */
#ifndef WEBUI_ASSETS_H
#define WEBUI_ASSETS_H

#include <stdbool.h>
#include <stddef.h>
#include "base/view.h"

struct asset {
    const char *path; /* "/openapi.json" */
    const char *type; /* content type */
    const char *etag; /* strong, with its quotes; of `bytes`: a packed form needs another */
    const unsigned char *bytes;
    size_t bytes_count;
    const unsigned char *gzip; /* the same content; NULL where it would not be smaller */
    size_t gzip_count;
    const unsigned char *brotli; /* as gzip; NULL too where the build made none */
    size_t brotli_count;
    bool is_immutable; /* its name holds a hash of its content */
    /* What a page's Content-Security-Policy has to name: " 'sha256-...'" for each inline
     * script and style; "" where there is none. */
    const char *script_hashes;
    const char *style_hashes;
};

extern const struct asset assets[]; /* sorted by path */
extern const size_t assets_count;

/* The file of exactly this path, or NULL. */
const struct asset *assets_find(struct view path);

#endif
