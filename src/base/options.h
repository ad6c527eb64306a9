/* The one option table: it makes the flags, the environment names, the configuration file's
 * keys, --help, the manual page and docs/configuration.md.
 *
 * Precedence, strongest first: flag, WHAZZ_NAME, the replaced system's name (legacy_env),
 * configuration file, default. */
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/err.h"

/* Everything that can be configured. Text members point into memory that options_load
 * allocates and options_release frees. */
struct options {
    const char *config_file;
    const char *listen; /* host:port */
    const char *data_dir;
    const char *database;        /* URL; default sqlite in data_dir */
    const char *secret_key;      /* NULL: made once and kept in data_dir */
    const char *cors_origins;    /* comma separated, or a JSON list */
    const char *trusted_proxies; /* comma separated networks, e.g. 10.0.0.0/8,::1 */
    const char *log_level, *log_format;
    const char *day_zone;       /* IANA zone in which days and months begin */
    int64_t loops;              /* event loops; 0: one per core */
    int64_t workers;            /* concurrent jobs; 0: one per core */
    int64_t connections_max;    /* per process */
    int64_t request_timeout_us; /* from a request's first byte to the end of its headers or
                                   small body */
    int64_t upload_timeout_us;  /* the most one upload may take */
    int64_t idle_timeout_us;    /* between requests, and between two reads of a body */
    int64_t grace_us;           /* for running uploads and jobs on SIGTERM */
    int64_t upload_bytes_max;
    int64_t duration_us_max;    /* longest recording that is accepted */
    int64_t disk_reserve_bytes; /* of its file system that stored files leave free */
    int64_t file_expiry_us;
    int64_t access_token_us, refresh_token_us, guest_token_us;
    int64_t user_files_per_day, user_storage_bytes, user_processing_us;
    int64_t guest_files_per_day, guest_storage_bytes, guest_processing_us;
    int64_t network_factor;     /* a network's guests share this many guests' limits */
    int64_t logins_per_minute;  /* failed ones, per account and per network */
    int64_t signups_per_hour;   /* per network */
    int64_t guests_per_hour;    /* new guests per network */
    int64_t guest_ids;          /* enum options_guest_ids */
    int64_t queue_max;          /* operations waiting for the committer */
    int64_t child_memory_bytes; /* address space of one audio child */
    const char *engines;        /* external ones: audio/exec.h */
    const char *engine_paths;   /* what they may read */
    int64_t engine_memory_bytes, engine_timeout_us;
    int64_t engine_processes; /* and threads, of one job */
};

enum options_guest_ids {
    OPTIONS_GUEST_IDS_ANY,    /* X-Guest-ID of 1 to 128 safe characters */
    OPTIONS_GUEST_IDS_UUID,   /* X-Guest-ID must be a UUID */
    OPTIONS_GUEST_IDS_SIGNED, /* guest tokens only */
};

/* Reads argv (after the command's name), environment and file. Arguments that are no flags
 * are left, in order, in args_rest (room for argc) with their count in *ret_rest_count.
 * ERR_INVALID with one clear line that names the source, e.g.
 * "--port: 99999 is not a port (1 to 65535)". On failure *ret needs no release. */
MUST_CHECK int options_load(int argc, char **argv, struct options *ret,
                            const char **args_rest, int *ret_rest_count,
                            struct err *reterr);
void options_release(struct options *o);

/* The table as text: for `whazz --help`, `man whazz` (troff), docs/configuration.md. */
void options_help(struct buf *out);
void options_man(struct buf *out);
void options_markdown(struct buf *out);

#endif
