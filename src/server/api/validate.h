/* Reading what a client sent, and the 422 list {type, loc, msg, ctx} that old clients
 * parse. Each reader adds an entry for what is wrong and goes on, so that all faults are
 * told at once; validate_result() ends the step. What was sent is not repeated: it may
 * hold a password. */
#ifndef SERVER_API_VALIDATE_H
#define SERVER_API_VALIDATE_H

#include "server/api/api.h"

/* 0 while nothing was wrong, else ERR_INVALID. */
MUST_CHECK int validate_result(struct http_request *req);

/* An entry with loc [where, name] (name NULL: [where]). `ctx` is JSON; NULL: none. */
void validate_add(struct http_request *req, const char *type, const char *where,
                  const char *name, const char *msg, const char *ctx);

/* ---- path and query ---- */

/* A decimal integer ("1.0" counts as 1). One past int64_t reads as its bound. */
void validate_path_int(struct http_request *req, size_t index, const char *name,
                       int64_t *ret);
/* *ret holds the default and keeps it when the parameter is absent. */
void validate_query_int(struct http_request *req, const char *name, int64_t min,
                        int64_t max, int64_t *ret);
/* -1 when absent. */
void validate_query_bool(struct http_request *req, const char *name, int *ret);
/* RFC 3339 time or date; *ret keeps its value when absent. */
void validate_query_time(struct http_request *req, const char *name, int64_t *ret);

/* ---- JSON bodies ---- */

/* Parses the body; NULL with the entry added when it is no JSON object. */
const struct json_value *validate_body(struct http_request *req);

enum { VALIDATE_REQUIRED = 1 };

/* A string of min to max characters (max 0: any); ptr NULL when absent, null (unless
 * required) or wrong. Refuses NUL and lone surrogates. */
struct view validate_string(struct http_request *req, const struct json_value *object,
                            const char *name, unsigned flags, size_t min, size_t max);
/* -1 when absent or wrong. Takes the spellings that the replaced system took. */
int validate_bool(struct http_request *req, const struct json_value *object,
                  const char *name);
/* An email, without blanks around it and normalised, into `ret`; false when absent (fine
 * unless required) or wrong. */
bool validate_email(struct http_request *req, const struct json_value *object,
                    unsigned flags, char ret[AUTH_EMAIL_MAX + 1]);
/* 8 to 72 characters and at most 72 bytes. */
struct view validate_password(struct http_request *req, const struct json_value *object,
                              const char *name);

#endif
