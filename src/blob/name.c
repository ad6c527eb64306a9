#include "blob/name.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VERSION_AT = 14, PACK_DIGITS = 12 };

bool blob_suffix_is_valid(const char *text)
{
    const size_t len = strlen(text);

    if (len == 0 || len > BLOB_NAME_SIZE - UUID_TEXT_SIZE - 1)
        return false;
    for (const char *p = text; *p; p++) {
        if (!((*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'z') ||
              (*p >= 'A' && *p <= 'Z')))
            return false;
    }
    return true;
}

bool blob_name_is_valid(const char *name)
{
    return strlen(name) > UUID_TEXT_SIZE && name[UUID_TEXT_SIZE - 1] == '.' &&
           uuid_is_valid((struct view){ name, UUID_TEXT_SIZE - 1 }) &&
           blob_suffix_is_valid(name + UUID_TEXT_SIZE);
}

/* ---- files of their own ---- */

void blob_name_make(char name[BLOB_NAME_SIZE], unsigned folder, const char *suffix)
{
    char id[UUID_TEXT_SIZE], digits[3];

    uuid_make(id);
    (void)snprintf(digits, sizeof digits, "%02x", folder % BLOB_FOLDERS);
    memcpy(id, digits, 2);
    (void)snprintf(name, BLOB_NAME_SIZE, "%s.%.7s", id, suffix);
}

unsigned blob_name_folder(const char *name)
{
    const char digits[3] = { name[0], name[1], '\0' };

    return (unsigned)strtoul(digits, NULL, 16);
}

void blob_path(char path[BLOB_PATH_SIZE], const char *name)
{
    (void)snprintf(path, BLOB_PATH_SIZE, "%.2s/%.*s", name, BLOB_NAME_SIZE - 1, name);
}

void blob_path_unfinished(char path[BLOB_PATH_SIZE], const char *name)
{
    (void)snprintf(path, BLOB_PATH_SIZE, "tmp/%.*s", BLOB_NAME_SIZE - 1, name);
}

/* ---- places in packs ---- */

/* The pack's 48 bits, then version 8 and 12 random bits, then the variant and 2 more, then
 * 20 bits each of page, length and chance. */
void blob_name_of_place(char name[BLOB_NAME_SIZE], const struct pack_place *place,
                        const char *suffix)
{
    const uint64_t pack = place->pack & PACK_ID_MAX;
    uint64_t chance, where;

    random_bytes(&chance, sizeof chance);
    where = (uint64_t)place->page << 40 | (uint64_t)place->bytes << 20 | (chance & 0xfffff);
    (void)snprintf(name, BLOB_NAME_SIZE, "%08x-%04x-8%03x-%x%03x-%012" PRIx64 ".%.7s",
                   (unsigned)(pack >> 16), (unsigned)(pack & 0xffff),
                   (unsigned)(chance >> 20 & 0xfff), 8 | (unsigned)(chance >> 32 & 3),
                   (unsigned)(where >> 48 & 0xfff), where & 0xffffffffffff, suffix);
}

bool blob_name_place(const char *name, struct pack_place *ret)
{
    uint64_t pack_high, pack_low, where_high, where_low;

    if (!blob_name_is_valid(name) || name[VERSION_AT] != '8' ||
        sscanf(name, "%8" SCNx64 "-%4" SCNx64 "-%*4x-%*1x%3" SCNx64 "-%12" SCNx64,
               &pack_high, &pack_low, &where_high, &where_low) != 4)
        return false;
    ret->pack = pack_high << 16 | pack_low;
    ret->page = (uint32_t)(where_high << 8 | where_low >> 40);
    ret->bytes = (uint32_t)(where_low >> 20 & PACK_NAME_BYTES_MAX);
    return true;
}

void pack_path(char path[BLOB_PATH_SIZE], uint64_t pack)
{
    (void)snprintf(path, BLOB_PATH_SIZE, "packs/%012" PRIx64, pack & PACK_ID_MAX);
}

bool pack_of_file_name(const char *file_name, uint64_t *ret)
{
    return strlen(file_name) == PACK_DIGITS &&
           strspn(file_name, "0123456789abcdef") == PACK_DIGITS &&
           sscanf(file_name, "%12" SCNx64, ret) == 1;
}
