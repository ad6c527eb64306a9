#include "auth/auth.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEY_MIN = 32, KEY_MAX = 64, PATH_ROOM = 4096 };

/* HMAC hashes keys longer than its block first; doing so here signs the same. */
static int from_option(const char *configured, unsigned char key[KEY_MAX], size_t *ret_len,
                       struct err *reterr)
{
    const size_t len = strlen(configured);

    if (len < KEY_MIN)
        return err_set(reterr, ERR_INVALID,
                       "the secret key has %zu bytes; it needs at least %d", len, KEY_MIN);
    if (len > KEY_MAX) {
        (void)crypto_hash_sha256(key, (const unsigned char *)configured, len);
        *ret_len = crypto_hash_sha256_BYTES;
        return 0;
    }
    memcpy(key, configured, len);
    *ret_len = len;
    return 0;
}

/* ERR_NOT_FOUND when there is no such file. */
static int from_file(const char *path, unsigned char key[KEY_MAX], size_t *ret_len,
                     struct err *reterr)
{
    unsigned char bytes[KEY_MAX + 1];
    struct stat st;
    ssize_t got;
    int code = 0;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    if (fd < 0)
        return errno == ENOENT ? err_set(reterr, ERR_NOT_FOUND, "%s: not there", path)
                               : err_set_errno(reterr, errno, path);
    if (fstat(fd, &st) != 0) {
        code = err_set_errno(reterr, errno, path);
        goto out;
    }
    if (!S_ISREG(st.st_mode) || (st.st_mode & 077) != 0) {
        code = err_set(reterr, ERR_FORBIDDEN,
                       "%s: must be a file that only its owner may read (mode 0600)", path);
        goto out;
    }
    got = read(fd, bytes, sizeof bytes);
    if (got < KEY_MIN || got > KEY_MAX) {
        code = got < 0 ? err_set_errno(reterr, errno, path)
                       : err_set(reterr, ERR_CORRUPT, "%s: not of %d to %d bytes", path,
                                 KEY_MIN, KEY_MAX);
        goto out;
    }
    memcpy(key, bytes, (size_t)got);
    *ret_len = (size_t)got;
out:
    sodium_memzero(bytes, sizeof bytes);
    (void)close(fd);
    return code;
}

static int sync_folder(const char *folder, struct err *reterr)
{
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int code = 0;

    if (fd < 0)
        return err_set_errno(reterr, errno, folder);
    if (fsync(fd) != 0)
        code = err_set_errno(reterr, errno, folder);
    (void)close(fd);
    return code;
}

/* Written whole under another name, then linked: the name appears with all its bytes, and
 * the second of two starters finds the first one's. */
static int make_file(const char *folder, const char *path, struct err *reterr)
{
    unsigned char bytes[KEY_MIN];
    char draft[PATH_ROOM + 8];
    int code = 0;
    int fd;

    (void)snprintf(draft, sizeof draft, "%s.XXXXXX", path);
    fd = mkostemp(draft, O_CLOEXEC); /* O_EXCL, mode 0600 */
    if (fd < 0)
        return err_set_errno(reterr, errno, draft);
    randombytes_buf(bytes, sizeof bytes);
    errno = ENOSPC;
    if (write(fd, bytes, sizeof bytes) != (ssize_t)sizeof bytes || fsync(fd) != 0 ||
        (link(draft, path) != 0 && errno != EEXIST))
        code = err_set_errno(reterr, errno, path);
    sodium_memzero(bytes, sizeof bytes);
    (void)close(fd);
    (void)unlink(draft);
    return code ? code : sync_folder(folder, reterr);
}

int auth_secret_load(const char *configured, const char *data_dir, unsigned char key[64],
                     size_t *ret_len, struct err *reterr)
{
    char path[PATH_ROOM];
    int code;

    if (sodium_init() < 0)
        return err_set(reterr, ERR_INTERNAL, "libsodium does not start");
    if (configured)
        return from_option(configured, key, ret_len, reterr);
    if ((size_t)snprintf(path, sizeof path, "%s/secret.key", data_dir) >= sizeof path)
        return err_set(reterr, ERR_INVALID, "the data directory's name is too long");
    code = from_file(path, key, ret_len, reterr);
    if (code != ERR_NOT_FOUND)
        return code;
    code = make_file(data_dir, path, reterr);
    return code ? code : from_file(path, key, ret_len, reterr);
}
