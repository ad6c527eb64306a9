#include "base/options_table.h"

#include "base/clock.h"

#define KB      ((int64_t)1024)
#define MB      (1024 * KB)
#define GB      (1024 * MB)
#define TB      (1024 * GB)
#define SECONDS CLOCK_SECOND_US
#define MINUTES CLOCK_MINUTE_US
#define HOURS   CLOCK_HOUR_US
#define DAYS    CLOCK_DAY_US

/* With the highest network factor, a group's limit still fits int64_t. */
#define FILES_MAX      1000000000
#define STORAGE_MAX    (1024 * TB)
#define PROCESSING_MAX (36500 * DAYS)
#define FACTOR_MAX     1000

/* A member of another type than its row is read into does not compile. */
#define TEXT_MEMBER(member_)                                                               \
    .offset = _Generic(((struct options *)0)->member_,                                     \
        const char *: offsetof(struct options, member_))
#define NUMBER_MEMBER(member_)                                                             \
    .offset = _Generic(((struct options *)0)->member_, int64_t                             \
                       : offsetof(struct options, member_))
#define TEXT(member_, min_, max_)                                                          \
    TEXT_MEMBER(member_), .type = OPTION_TEXT, .min = (min_), .max = (max_)
#define INT(member_, min_, max_)                                                           \
    NUMBER_MEMBER(member_), .type = OPTION_INT, .min = (min_), .max = (max_)
#define BYTES(member_, min_, max_)                                                         \
    NUMBER_MEMBER(member_), .type = OPTION_BYTES, .min = (min_), .max = (max_)
#define DURATION(member_, min_, max_)                                                      \
    NUMBER_MEMBER(member_), .type = OPTION_DURATION, .min = (min_), .max = (max_)
#define LEGACY(env_) .legacy_env = (env_)
#define LEGACY_IN(env_, unit_, unit_name_)                                                 \
    LEGACY(env_), .legacy_unit = (unit_), .legacy_unit_name = (unit_name_)

#define GENERAL "General"
#define SERVER  "Server"
#define FILES   "Files and jobs"
#define ACCESS  "Access"
#define LIMITS  "Limits"

const struct option options_table[] = {
    { GENERAL, "config", TEXT(config_file, 1, 4096), .standard_note = "no file",
      .help = "Configuration file to read; not to be set in the file itself" },
    { GENERAL, "data-dir", TEXT(data_dir, 1, 4096), .standard = "./data",
      .help = "Folder for the database, the stored files and the secret" },
    { GENERAL, "database", TEXT(database, 1, 4096), .is_secret = true,
      .standard_note = "SQLite in the data folder", LEGACY("DATABASE_URL"),
      .help = "Database URL" },
    { GENERAL, "log-level", TEXT_MEMBER(log_level), .type = OPTION_CHOICE,
      .choices = "debug|info|warning|error", .standard = "info",
      .help = "Least severe event that is logged" },
    { GENERAL, "log-format", TEXT_MEMBER(log_format), .type = OPTION_CHOICE,
      .choices = "logfmt|json", .standard = "logfmt", .help = "Form of a log line" },
    { GENERAL, "day-zone", TEXT(day_zone, 1, 64), .standard = "UTC",
      .check = option_check_zone, .help = "IANA time zone in which days and months begin" },

    { SERVER, "listen", TEXT(listen, 1, 300), .standard = "127.0.0.1:8000",
      .check = option_check_listen,
      .help = "Address to serve on, as host:port or [v6 address]:port; port 0 takes a free "
              "one" },
    { SERVER, "cors-origins", TEXT(cors_origins, 0, 65536),
      .standard = "http://localhost:3000,http://localhost:8000,http://localhost:5173",
      LEGACY("CORS_ORIGINS"), .check = option_check_origins,
      .help = "Origins whose pages may call the API, comma separated or as a JSON list; * "
              "for all" },
    { SERVER, "trusted-proxies", TEXT(trusted_proxies, 0, 65536), .standard = "",
      .standard_note = "none", .check = option_check_networks,
      .help = "Networks whose X-Forwarded-For is believed, comma separated, e.g. "
              "10.0.0.0/8,::1" },
    { SERVER, "loops", INT(loops, 0, 1024), .standard = "0",
      .standard_note = "one per core", .help = "Event loops" },
    { SERVER, "connections-max", INT(connections_max, 1, 1000000), .standard = "4096",
      .help = "Connections open at a time in one process, two open files each" },
    { SERVER, "request-timeout", DURATION(request_timeout_us, 1 * SECONDS, 1 * HOURS),
      .standard = "30s",
      .help = "Time from a request's first byte to the end of its headers or small body" },
    { SERVER, "upload-timeout", DURATION(upload_timeout_us, 1 * SECONDS, 7 * DAYS),
      .standard = "1h", .help = "The longest one upload may take" },
    { SERVER, "idle-timeout", DURATION(idle_timeout_us, 1 * SECONDS, 1 * DAYS),
      .standard = "60s",
      .help = "Time allowed between two requests, and between two reads of a body" },
    { SERVER, "grace", DURATION(grace_us, 0, 1 * HOURS), .standard = "10s",
      .help = "Time that running uploads and jobs get to end on SIGTERM" },
    { SERVER, "queue-max", INT(queue_max, 1, 1000000), .standard = "4096",
      .help = "Changes that may wait for the database before requests get 503" },

    { FILES, "upload-max", BYTES(upload_bytes_max, 1 * KB, 1 * TB), .standard = "100MB",
      LEGACY_IN("MAX_FILE_SIZE_MB", MB, "MB"), .help = "Largest file that is accepted" },
    { FILES, "duration-max", DURATION(duration_us_max, 1 * SECONDS, 30 * DAYS),
      .standard = "10h", .help = "Longest recording that is accepted" },
    { FILES, "disk-reserve", BYTES(disk_reserve_bytes, 0, 1 * TB), .standard = "64MB",
      .help = "Space that stored files leave free on their disk, for the database" },
    { FILES, "file-expiry", DURATION(file_expiry_us, 1 * SECONDS, 3650 * DAYS),
      .standard = "24h", LEGACY_IN("FILE_EXPIRY_HOURS", HOURS, "hours"),
      .help = "Time after which a job's files are removed" },
    { FILES, "workers", INT(workers, 0, 1024), .standard = "0",
      .standard_note = "one per core", .help = "Jobs that run at a time" },
    { FILES, "child-memory", BYTES(child_memory_bytes, 64 * MB, 1 * TB),
      .standard = "512MB", .help = "Address space of one audio child" },
    { FILES, "engines", TEXT(engines, 0, 65536), .standard = "", .standard_note = "none",
      .help = "External engines as TYPE=COMMAND; TYPE=COMMAND, with {in}, {out} or "
              "{outdir}, {rate} and {strength} in the command" },
    { FILES, "engine-paths", TEXT(engine_paths, 0, 65536), .standard = "",
      .standard_note = "the system's programs and those of the engines",
      .help = "Further folders that external engines may read, comma separated" },
    { FILES, "engine-memory", BYTES(engine_memory_bytes, 64 * MB, 1 * TB),
      .standard = "8GB", .help = "Address space of one process of an external engine" },
    { FILES, "engine-processes", INT(engine_processes, 1, 100000), .standard = "512",
      .help = "Processes and threads of one job of an external engine, at a time" },
    { FILES, "engine-timeout", DURATION(engine_timeout_us, 1 * SECONDS, 30 * DAYS),
      .standard = "1h", .help = "The longest an external engine may take for one job" },

    { ACCESS, "secret-key", TEXT(secret_key, 32, 1024), .is_secret = true,
      .standard_note = "made once and kept in the data folder", LEGACY("SECRET_KEY"),
      .help =
          "Key that signs tokens, 32 bytes or more; a flag is visible to other users of "
          "the machine" },
    { ACCESS, "access-token-expiry", DURATION(access_token_us, 1 * SECONDS, 365 * DAYS),
      .standard = "30m", LEGACY_IN("ACCESS_TOKEN_EXPIRE_MINUTES", MINUTES, "minutes"),
      .help = "Life of an access token" },
    { ACCESS, "refresh-token-expiry", DURATION(refresh_token_us, 1 * SECONDS, 3650 * DAYS),
      .standard = "7d", LEGACY_IN("REFRESH_TOKEN_EXPIRE_DAYS", DAYS, "days"),
      .help = "Life of a refresh token" },
    { ACCESS, "guest-token-expiry", DURATION(guest_token_us, 1 * SECONDS, 3650 * DAYS),
      .standard = "7d", .help = "Life of a guest token" },
    { ACCESS, "guest-ids", NUMBER_MEMBER(guest_ids), .type = OPTION_CHOICE_INDEX,
      .choices = "any|uuid|signed", .standard = "any",
      .help = "Guest names that are accepted: any, UUIDs, or only those in signed guest "
              "tokens" },
    { ACCESS, "logins-per-minute", INT(logins_per_minute, 1, 1000000), .standard = "10",
      .help = "Failed logins per minute, per account and per network" },
    { ACCESS, "signups-per-hour", INT(signups_per_hour, 1, 1000000), .standard = "20",
      .help = "New users per hour and network" },
    { ACCESS, "guests-per-hour", INT(guests_per_hour, 1, 1000000), .standard = "60",
      .help = "New guests per hour and network" },

    { LIMITS, "user-files-per-day", INT(user_files_per_day, 0, FILES_MAX),
      .standard = "100", .help = "Uploads of one user per day" },
    { LIMITS, "user-storage", BYTES(user_storage_bytes, 0, STORAGE_MAX),
      .standard = "1000MB", .help = "Bytes one user may have stored" },
    { LIMITS, "user-processing", DURATION(user_processing_us, 0, PROCESSING_MAX),
      .standard = "60m", .help = "Processing time of one user per month" },
    { LIMITS, "guest-files-per-day", INT(guest_files_per_day, 0, FILES_MAX),
      .standard = "5", .help = "Uploads of one guest per day" },
    { LIMITS, "guest-storage", BYTES(guest_storage_bytes, 0, STORAGE_MAX),
      .standard = "50MB", .help = "Bytes one guest may have stored" },
    { LIMITS, "guest-processing", DURATION(guest_processing_us, 0, PROCESSING_MAX),
      .standard = "10m", .help = "Processing time of one guest per month" },
    { LIMITS, "network-factor", INT(network_factor, 1, FACTOR_MAX), .standard = "10",
      .help = "The guests of one network share the limits of this many guests" },
};

const size_t options_table_count = sizeof options_table / sizeof *options_table;
