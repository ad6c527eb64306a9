#include "webui/assets.h"

#include <stdlib.h>

static int path_compare(const void *key, const void *row)
{
    const struct view *path = key;
    const struct asset *asset = row;
    const size_t len = strlen(asset->path);
    const size_t shared = path->len < len ? path->len : len;
    const int order = shared ? memcmp(path->ptr, asset->path, shared) : 0;

    return order ? order : (path->len > len) - (path->len < len);
}

const struct asset *assets_find(struct view path)
{
    return bsearch(&path, assets, assets_count, sizeof assets[0], path_compare);
}
