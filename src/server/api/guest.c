/* /guest: identities of people who have not signed up. */
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "server/api/api.h"

enum { BODY_BYTES_MAX = 64 << 10 }; /* any body is taken and ignored, as before */

struct session {
    struct principal principal;
    char token[AUTH_TOKEN_MAX];
    char user_agent[256];
};

static int session_prepare(struct http_request *req, struct http_reply *reply)
{
    struct session *s = api_own(req, sizeof *s, NULL);
    const struct view agent = http_header(req, "User-Agent");

    (void)reply;
    if (!s)
        return ERR_NO_MEMORY;
    (void)snprintf(s->user_agent, sizeof s->user_agent, "%.*s", (int)agent.len,
                   agent.ptr ? agent.ptr : "");
    /* Whoever asks for a new identity gets one, whatever it had. */
    memcpy(s->principal.network, api_context_of(req)->principal.network,
           sizeof s->principal.network);
    memcpy(s->principal.address, api_context_of(req)->principal.address,
           sizeof s->principal.address);
    return 0;
}

static int session_write(struct http_request *req, struct http_reply *reply)
{
    struct session *s = api_context_of(req)->own;
    int64_t expires_us;
    struct json j;
    const int rc = auth_guest_session_start(api_of(req)->auth, req->db, &s->principal,
                                            view_of(s->user_agent), req->now_us, s->token,
                                            &expires_us, &req->err);

    if (rc)
        return rc;
    http_reply_json(reply, 200, &j);
    json_object_begin(&j);
    json_put_str(&j, "guest_token", s->token);
    json_put_str(&j, "guest_id", s->principal.guest_id);
    json_put_str(&j, "token_type", "bearer");
    json_put_int(&j, "expires_in", (expires_us - clock_now_us()) / CLOCK_SECOND_US);
    json_object_end(&j);
    http_reply_header(reply, "Cache-Control", "no-store");
    return 0;
}

/* Its own guest or an admin only. */
static int session_get(struct http_request *req, struct http_reply *reply)
{
    const struct principal *p = &api_context_of(req)->principal;
    struct guest guest;
    struct json j;
    int rc;

    if (!p->is_admin &&
        (p->kind != PRINCIPAL_GUEST || !view_eq(req->path_params[0], p->guest_id)))
        return err_set(&req->err, ERR_FORBIDDEN,
                       "Not authorized to see this guest session");
    rc = auth_guest_get(req->db, req->path_params[0], &guest);
    if (rc == ERR_NOT_FOUND)
        return err_set(&req->err, rc, "Guest session not found");
    if (rc)
        return rc;
    http_reply_json(reply, 200, &j);
    json_object_begin(&j);
    json_put_str(&j, "guest_id", guest.guest_id);
    json_put_time(&j, "created_at", guest.created_us);
    json_put_time(&j, "last_active_at", guest.last_active_us);
    json_put_time(&j, "expires_at", guest.expires_us);
    json_object_end(&j);
    return 0;
}

static int hello_user(struct http_request *req, struct json *j)
{
    struct user user;
    char message[AUTH_USERNAME_MAX + 32];
    const int rc = auth_user_get(req->db, api_context_of(req)->principal.account_id, &user);

    if (rc)
        return rc;
    (void)snprintf(message, sizeof message, "Hello registered user %s!", user.username);
    json_put_str(j, "message", message);
    json_put_str(j, "user_type", "registered");
    json_put_int(j, "user_id", user.account_id);
    json_put_str(j, "email", user.email);
    return 0;
}

static int hello_guest(struct http_request *req, struct json *j)
{
    const struct principal *p = &api_context_of(req)->principal;
    struct guest guest = { .created_us = req->now_us };
    const int rc = auth_guest_get(req->db, view_of(p->guest_id), &guest);

    json_put_str(j, "message", "Hello guest user!");
    json_put_str(j, "user_type", "guest");
    json_put_str(j, "guest_id", p->guest_id);
    json_put_time(j, "session_created", guest.created_us);
    return rc == ERR_NOT_FOUND ? 0 : rc;
}

static int mixed_access(struct http_request *req, struct http_reply *reply)
{
    struct json j;
    int rc = 0;

    http_reply_json(reply, 200, &j);
    json_object_begin(&j);
    switch (api_context_of(req)->principal.kind) {
    case PRINCIPAL_USER:
        rc = hello_user(req, &j);
        break;
    case PRINCIPAL_GUEST:
        rc = hello_guest(req, &j);
        break;
    case PRINCIPAL_NONE:
        json_put_str(&j, "message", "Hello anonymous visitor!");
        json_put_str(&j, "user_type", "anonymous");
        json_put_str(&j, "note",
                     "Create a guest session at POST /guest/session or register at "
                     "POST /auth/signup");
        break;
    }
    json_object_end(&j);
    return rc;
}

const struct route api_routes_guest[] = {
    { HTTP_POST, "/guest/session", ROUTE_PUBLIC, .prepare = session_prepare,
      .write = session_write, .body_bytes_max = BODY_BYTES_MAX },
    { HTTP_GET, "/guest/session/{guest_id}", ROUTE_IDENTIFIED, .read = session_get },
    { HTTP_GET, "/guest/example/mixed-access", ROUTE_OPTIONAL, .read = mixed_access },
    { 0 },
};
