#include "server/api/types.h"

#include "audio/audio.h"
#include "audio/exec.h"

static bool is_named(struct view type)
{
    for (size_t i = 0; audio_kinds[i].type; i++) {
        if (view_eq(type, audio_kinds[i].type))
            return true;
    }
    return false;
}

bool type_is_available(const struct api *api, struct view type)
{
    return audio_type_is_known(type) || exec_engines_serve(api->engines, type);
}

/* All types in their order: those with a name of ours, then what engines add. */
static void types_walk(const struct api *api,
                       void (*each)(void *ctx, const char *type, const char *engine),
                       void *ctx)
{
    const char *type;

    for (size_t i = 0; audio_kinds[i].type; i++)
        each(ctx, audio_kinds[i].type,
             exec_engines_serve(api->engines, view_of(audio_kinds[i].type))
                 ? "external"
                 : audio_kinds[i].engine);
    for (size_t i = 0; (type = exec_engines_type(api->engines, i)); i++) {
        if (!is_named(view_of(type)))
            each(ctx, type, "external");
    }
}

static void name_add(void *ctx, const char *type, const char *engine)
{
    struct buf *out = ctx;

    if (engine)
        buf_addf(out, "%s%s", out->len ? ", " : "", type);
}

void types_list(const struct api *api, struct buf *out)
{
    types_walk(api, name_add, out);
}

static void kind_write(void *ctx, const char *type, const char *engine)
{
    struct json *j = ctx;

    json_object_begin(j);
    json_put_str(j, "name", type);
    json_put_bool(j, "available", engine != NULL);
    json_put_str(j, "engine", engine);
    json_object_end(j);
}

static void formats_write(struct json *j)
{
    json_key(j, "output_formats");
    json_array_begin(j);
    for (const struct audio_format *f = audio_formats; f->name; f++) {
        json_object_begin(j);
        json_put_str(j, "name", f->name);
        json_put_str(j, "description", f->what);
        json_put_str(j, "extension", f->extension);
        json_put_bool(j, "lossless", f->is_lossless);
        json_object_end(j);
    }
    json_array_end(j);
}

int types_reply(struct http_request *req, struct http_reply *reply)
{
    struct json j;

    http_reply_json(reply, 200, &j);
    json_object_begin(&j);
    json_key(&j, "processing_types");
    json_array_begin(&j);
    types_walk(api_of(req), kind_write, &j);
    json_array_end(&j);
    json_key(&j, "strengths");
    json_array_begin(&j);
    for (size_t i = 0; audio_strengths[i]; i++)
        json_text(&j, view_of(audio_strengths[i]));
    json_array_end(&j);
    formats_write(&j);
    json_put_int(&j, "max_file_size_bytes", api_of(req)->options->upload_bytes_max);
    json_object_end(&j);
    return 0;
}
