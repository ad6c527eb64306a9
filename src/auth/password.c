#include "auth/auth.h"

#include <crypt.h>
#include <sodium.h>
#include <stdlib.h>

/* OWASP Password Storage Cheat Sheet: argon2id with 19 MiB, 2 passes, 1 lane. */
enum { PASSES = 2, MEMORY_BYTES = 19 * 1024 * 1024, BCRYPT_PASSWORD_MAX = 72 };

/* Of a random password that was thrown away, at the cost above. */
static const char nobodys_hash[AUTH_HASH_MAX] =
    "$argon2id$v=19$m=19456,t=2,p=1$Ggdo2ZGEccHvZcOJSS44ug"
    "$1i6jWSri9jAvQe89z750FFGdqyNxVuDGS6yJPR5TlsE";

_Static_assert((int)AUTH_HASH_MAX >= (int)crypto_pwhash_STRBYTES, "a hash fits");

int auth_password_hash(struct view password, char hash[AUTH_HASH_MAX], struct err *reterr)
{
    if (sodium_init() < 0)
        return err_set(reterr, ERR_INTERNAL, "libsodium does not start");
    if (crypto_pwhash_str_alg(hash, password.ptr ? password.ptr : "", password.len, PASSES,
                              MEMORY_BYTES, crypto_pwhash_ALG_ARGON2ID13) != 0)
        return err_set(reterr, ERR_NO_MEMORY, "no memory to hash a password");
    return 0;
}

/* bcrypt reads up to a NUL and ignores what follows 72 bytes: longer or cut passwords would
 * match what their owner did not choose. */
static bool bcrypt_matches(struct view password, const char *hash)
{
    char text[BCRYPT_PASSWORD_MAX + 1] = { 0 };
    struct crypt_data *data;
    const char *made;
    bool matches = false;

    if (password.len > BCRYPT_PASSWORD_MAX ||
        (password.len && memchr(password.ptr, '\0', password.len)))
        return false;
    data = calloc(1, sizeof *data);
    if (!data)
        return false;
    if (password.len)
        memcpy(text, password.ptr, password.len);
    /* Not crypt_r: ASan replaces that, and the linker then drops libcrypt. */
    made = crypt_rn(text, hash, data, (int)sizeof *data);
    matches = made && strlen(made) == strlen(hash) &&
              sodium_memcmp(made, hash, strlen(hash)) == 0;
    sodium_memzero(text, sizeof text);
    sodium_memzero(data, sizeof *data);
    free(data);
    return matches;
}

static bool argon2id_matches(struct view password, const char hash[AUTH_HASH_MAX])
{
    return crypto_pwhash_str_verify(hash, password.ptr ? password.ptr : "", password.len) ==
           0;
}

bool auth_password_verify(struct view password, const char *hash, bool *ret_upgrade)
{
    const bool is_argon2id = strncmp(hash, "$argon2id$", 10) == 0;
    char stored[AUTH_HASH_MAX] = { 0 };

    *ret_upgrade = false;
    if (sodium_init() < 0 || strlen(hash) >= AUTH_HASH_MAX)
        return false;
    if (strncmp(hash, "$2b$", 4) == 0) {
        *ret_upgrade = bcrypt_matches(password, hash);
        return *ret_upgrade;
    }
    memcpy(stored, is_argon2id ? hash : nobodys_hash,
           is_argon2id ? strlen(hash) : sizeof stored);
    if (!argon2id_matches(password, stored) || !is_argon2id)
        return false;
    *ret_upgrade = crypto_pwhash_str_needs_rehash(stored, PASSES, MEMORY_BYTES) != 0;
    return true;
}
