#include "usage/zone.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "whazz/usage.h"

#define ZONES_FOLDER "/usr/share/zoneinfo"

enum {
    FILE_BYTES_MAX = 64 << 10,
    HEADER_BYTES = 44,
    TRANSITIONS_MAX = 4096,
    ZONE_NAME_SIZE = 64,
    TYPE_BYTES = 6, /* of a local time type: offset, daylight saving, name */
};

struct transition {
    int64_t at_s;
    int32_t offset_s;
};

struct zone {
    size_t count;
    int32_t first_offset_s; /* before the first transition */
    struct transition transitions[];
};

static struct zone *ledger_zone; /* NULL: UTC */
static char ledger_zone_name[ZONE_NAME_SIZE] = "UTC";

/* ---- reading a file ---- */

/* A bounds-checked walk over the bytes: reading past the end yields zeroes and is noted. */
struct bytes {
    const unsigned char *at, *end;
    bool is_short;
};

static int64_t big_endian(struct bytes *b, size_t width)
{
    uint64_t value = 0;

    if ((size_t)(b->end - b->at) < width) {
        b->is_short = true;
        return 0;
    }
    for (size_t i = 0; i < width; i++)
        value = value << 8 | b->at[i];
    b->at += width;
    return width == 4 ? (int32_t)(uint32_t)value : (int64_t)value;
}

static void skip(struct bytes *b, size_t count)
{
    if ((size_t)(b->end - b->at) < count)
        b->is_short = true;
    else
        b->at += count;
}

struct counts {
    size_t is_ut, is_std, leap, times, types, chars;
};

static bool header_read(struct bytes *b, struct counts *ret)
{
    size_t *const fields[] = { &ret->is_ut, &ret->is_std, &ret->leap,
                               &ret->times, &ret->types,  &ret->chars };

    if ((size_t)(b->end - b->at) < HEADER_BYTES || memcmp(b->at, "TZif", 4) != 0 ||
        b->at[4] < '2')
        return false;
    skip(b, 20);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        const int64_t count = big_endian(b, 4);

        if (count < 0 || count > TRANSITIONS_MAX)
            return false;
        *fields[i] = (size_t)count;
    }
    return true;
}

static int32_t offset_of_type(struct bytes types, size_t type)
{
    skip(&types, type * TYPE_BYTES);
    return (int32_t)big_endian(&types, 4);
}

/* The second block of the file, whose times have 64 bits. */
static struct zone *zone_read(struct bytes b)
{
    struct counts c;
    struct bytes indices, types;
    struct zone *z;

    if (!header_read(&b, &c))
        return NULL;
    skip(&b,
         c.times * 5 + c.types * TYPE_BYTES + c.chars + c.leap * 8 + c.is_std + c.is_ut);
    if (b.is_short || !header_read(&b, &c) || c.types == 0)
        return NULL;
    z = malloc(sizeof *z + c.times * sizeof z->transitions[0]);
    if (!z)
        return NULL;
    indices = b;
    skip(&indices, c.times * 8);
    types = indices;
    skip(&types, c.times);
    z->count = c.times;
    z->first_offset_s = offset_of_type(types, 0);
    for (size_t i = 0; i < c.times && !indices.is_short && !types.is_short; i++) {
        const size_t type = *indices.at++;

        z->transitions[i].at_s = big_endian(&b, 8);
        z->transitions[i].offset_s = offset_of_type(types, type < c.types ? type : 0);
    }
    if (b.is_short || indices.is_short || types.is_short ||
        (size_t)(types.end - types.at) < c.types * TYPE_BYTES) {
        free(z);
        return NULL;
    }
    return z;
}

/* Names stay inside the folder. */
static bool is_name(const char *name)
{
    return name[0] && name[0] != '/' && !strstr(name, "..") &&
           strlen(name) < ZONE_NAME_SIZE &&
           strspn(name,
                  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/") ==
               strlen(name);
}

int zone_load(const char *name, struct zone **ret)
{
    char path[128];
    unsigned char *bytes;
    size_t len = 0;
    FILE *file;

    *ret = NULL;
    if (!is_name(name))
        return ERR_INVALID;
    bytes = malloc(FILE_BYTES_MAX);
    if (!bytes)
        return ERR_NO_MEMORY;
    (void)snprintf(path, sizeof path, ZONES_FOLDER "/%s", name);
    file = fopen(path, "rbe");
    if (file) {
        len = fread(bytes, 1, FILE_BYTES_MAX, file);
        (void)fclose(file);
        *ret = zone_read((struct bytes){ bytes, bytes + len, false });
    }
    free(bytes);
    return *ret ? 0 : ERR_INVALID;
}

void zone_free(struct zone **zone)
{
    free(*zone);
    *zone = NULL;
}

int usage_zone_set(const char *zone)
{
    struct zone *loaded = NULL;

    if (strcmp(zone, "UTC") != 0) {
        const int rc = zone_load(zone, &loaded);

        if (rc)
            return rc;
    }
    zone_free(&ledger_zone);
    ledger_zone = loaded;
    (void)snprintf(ledger_zone_name, sizeof ledger_zone_name, "%s", zone);
    return 0;
}

bool zone_is_ledgers(const char *name)
{
    return strcmp(name, ledger_zone_name) == 0;
}

/* ---- days ---- */

static int64_t floor_div(int64_t value, int64_t by)
{
    return value / by - (value % by < 0);
}

int64_t zone_offset_s(const struct zone *z, int64_t time_us)
{
    const int64_t now_s = floor_div(time_us, CLOCK_SECOND_US);
    size_t low = 0, high;

    z = z ? z : ledger_zone;
    if (!z)
        return 0;
    high = z->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (z->transitions[middle].at_s <= now_s)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? z->transitions[low - 1].offset_s : z->first_offset_s;
}

int64_t zone_day_of(const struct zone *z, int64_t time_us)
{
    return floor_div(time_us + zone_offset_s(z, time_us) * CLOCK_SECOND_US, CLOCK_DAY_US);
}

/* Midnight by the offset of the day before and by that of the day itself: clocks may be
 * changed at midnight, and the day then begins at the earlier one that lies in it. */
int64_t zone_day_start_us(const struct zone *z, int64_t day)
{
    const int64_t local_us = day * CLOCK_DAY_US;
    const int64_t before_us = local_us -
                              zone_offset_s(z, local_us - CLOCK_DAY_US) * CLOCK_SECOND_US;
    const int64_t after_us = local_us -
                             zone_offset_s(z, local_us + CLOCK_DAY_US) * CLOCK_SECOND_US;
    const int64_t earlier_us = before_us < after_us ? before_us : after_us;

    if (zone_day_of(z, earlier_us) == day)
        return earlier_us;
    return before_us < after_us ? after_us : before_us;
}

int64_t zone_month_first_day(int64_t day)
{
    int year, month, mday;

    clock_civil_from_days(day, &year, &month, &mday);
    return day - mday + 1;
}

int64_t zone_next_month_first_day(int64_t day)
{
    /* 31 days after the first is in the next month, whatever the month's length. */
    return zone_month_first_day(zone_month_first_day(day) + 31);
}
