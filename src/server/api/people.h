/* Users and guests as JSON, and what several routes do with passwords. */
#ifndef SERVER_API_PEOPLE_H
#define SERVER_API_PEOPLE_H

#include "server/api/api.h"

/* {email, username, id, is_active, is_verified, created_at}, as members of the open object.
 */
void people_write_user(struct json *j, const struct user *user);
/* The same with is_admin: what a client may offer its user. */
void people_write_me(struct json *j, const struct user *user);
/* The same with is_admin, updated_at and the members that admin clients read; never a hash.
 */
void people_write_admin_user(struct json *j, const struct user *user);

/* A signup's or an admin's new user, from validation to the reply; api_own()ed. */
struct people_new {
    char email[AUTH_EMAIL_MAX + 1];
    char username[AUTH_USERNAME_MAX + 1];
    char password[73]; /* wiped once it is hashed */
    size_t password_len;
    char hash[AUTH_HASH_MAX];
    int is_active, is_verified, is_admin; /* negative: the default */
};

/* Reads email, username and password of the JSON body. */
void people_new_read(struct http_request *req, const struct json_value *body,
                     struct people_new *ret);
/* Reads a password member into password[73]. */
void people_password_read(struct http_request *req, const struct json_value *body,
                          const char *name, char password[73], size_t *ret_len);
/* Hashes and wipes. On the work pool. */
int people_hash(struct http_request *req, char password[73], size_t len,
                char hash[AUTH_HASH_MAX]);
int people_new_create(struct http_request *req, const struct people_new *n,
                      struct user *ret);
/* auth_throttle(), with the sentence and the seconds that a refusal tells. */
MUST_CHECK int people_throttle(struct http_request *req, enum auth_throttle throttle,
                               struct view key);
/* {access_token, refresh_token, token_type}, which nobody may store. */
void people_tokens_write(struct http_reply *reply, const struct auth_tokens *tokens);

/* {"message": ...} */
void people_message(struct http_reply *reply, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
