#include "server/api/types.h"

#include "audio/audio.h"
#include "server/api/api.h"

static void kinds_write(struct json *j)
{
    json_key(j, "processing_types");
    json_array_begin(j);
    for (size_t i = 0; audio_kinds[i].type; i++) {
        json_object_begin(j);
        json_put_str(j, "name", audio_kinds[i].type);
        json_put_bool(j, "available", audio_type_is_known(view_of(audio_kinds[i].type)));
        json_put_str(j, "engine", audio_kinds[i].engine);
        json_object_end(j);
    }
    json_array_end(j);
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

    (void)req;
    http_reply_json(reply, 200, &j);
    json_object_begin(&j);
    kinds_write(&j);
    json_key(&j, "strengths");
    json_array_begin(&j);
    for (size_t i = 0; audio_strengths[i]; i++)
        json_text(&j, view_of(audio_strengths[i]));
    json_array_end(&j);
    formats_write(&j);
    json_object_end(&j);
    return 0;
}
