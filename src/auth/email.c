#include "auth/auth.h"

enum { LOCAL_MAX = 64, DOMAIN_MAX = 253, LABEL_MAX = 63 };

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_letter(char c)
{
    return is_alnum(c) && c > '9';
}

/* RFC 5322 atext, and RFC 6532 beyond ASCII. */
static bool is_local_char(char c)
{
    return is_alnum(c) || (unsigned char)c >= 0x80 ||
           (c && strchr(".!#$%&'*+-/=?^_`{|}~", c));
}

static bool has_pair(struct view text, const char *pair)
{
    return text.len >= 2 && memmem(text.ptr, text.len, pair, 2) != NULL;
}

static const char *local_fault(struct view local)
{
    if (local.len == 0)
        return "There must be something before the @-sign.";
    for (size_t i = 0; i < local.len; i++) {
        if (!is_local_char(local.ptr[i]))
            return "The email address contains invalid characters before the @-sign.";
    }
    if (local.ptr[0] == '.')
        return "An email address cannot start with a period.";
    if (local.ptr[local.len - 1] == '.')
        return "An email address cannot have a period immediately before the @-sign.";
    if (has_pair(local, ".."))
        return "An email address cannot have two periods in a row.";
    if (local.len > LOCAL_MAX)
        return "The email address is too long before the @-sign.";
    return NULL;
}

static const char *domain_edges_fault(struct view domain)
{
    const char first = domain.ptr[0], last = domain.ptr[domain.len - 1];

    if (first == '.')
        return "An email address cannot have a period immediately after the @-sign.";
    if (last == '.')
        return "An email address cannot end with a period.";
    if (has_pair(domain, ".."))
        return "An email address cannot have two periods in a row.";
    if (first == '-')
        return "An email address cannot have a hyphen immediately after the @-sign.";
    if (last == '-')
        return "An email address cannot end with a hyphen.";
    if (has_pair(domain, ".-") || has_pair(domain, "-."))
        return "An email address cannot have a period and a hyphen next to each other.";
    return NULL;
}

static bool is_reserved(struct view domain)
{
    static const char *const endings[] = { ".test",  ".example", ".invalid", ".localhost",
                                           ".local", ".arpa",    ".onion" };

    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        const size_t len = strlen(endings[i]);

        if (domain.len > len &&
            view_eq_nocase(view_slice(domain, domain.len - len, len), endings[i]))
            return true;
    }
    return false;
}

static const char *domain_fault(struct view domain)
{
    const char *fault;
    size_t label = 0;

    if (domain.len == 0)
        return "There must be something after the @-sign.";
    for (size_t i = 0; i < domain.len; i++) {
        if (!is_alnum(domain.ptr[i]) && domain.ptr[i] != '.' && domain.ptr[i] != '-')
            return "The part after the @-sign contains invalid characters.";
    }
    fault = domain_edges_fault(domain);
    if (fault)
        return fault;
    if (domain.len > DOMAIN_MAX)
        return "The email address is too long after the @-sign.";
    for (size_t i = 0; i < domain.len; i++) {
        label = domain.ptr[i] == '.' ? 0 : label + 1;
        if (label > LABEL_MAX)
            return "After the @-sign, periods cannot be separated by so many characters.";
    }
    if (!memchr(domain.ptr, '.', domain.len))
        return "The part after the @-sign is not valid. It should have a period.";
    if (is_reserved(domain))
        return "The part after the @-sign is a special-use or reserved name that cannot be "
               "used with email.";
    if (!is_letter(domain.ptr[domain.len - 1]))
        return "The part after the @-sign is not valid. It is not within a valid top-level "
               "domain.";
    return NULL;
}

bool auth_email_normalise(struct view email, char ret[AUTH_EMAIL_MAX + 1],
                          const char **ret_reason)
{
    const char *at = email.len ? memrchr(email.ptr, '@', email.len) : NULL;
    size_t local_len;

    if (!at) {
        *ret_reason = "An email address must have an @-sign.";
        return false;
    }
    local_len = (size_t)(at - email.ptr);
    *ret_reason = local_fault(view_slice(email, 0, local_len));
    if (!*ret_reason)
        *ret_reason = domain_fault(view_slice(email, local_len + 1, email.len));
    if (!*ret_reason && email.len > AUTH_EMAIL_MAX)
        *ret_reason = "The email address is too long.";
    if (*ret_reason)
        return false;
    memcpy(ret, email.ptr, email.len);
    ret[email.len] = '\0';
    for (char *c = ret + local_len; *c; c++) {
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    }
    return true;
}
