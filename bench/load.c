/* load: sends HTTP requests and reports how the server did as one line of JSON.
 *
 *   load --port 8000 --target /usage/me --header 'Authorization: Bearer x' \
 *        --connections 64 --seconds 5
 *   load --port 8000 --target /audio/upload --method POST --body FILE --rate 200 ...
 *
 * --token TEXT adds an Authorization header; given several times, connections take turns.
 *
 * With --rate, latency counts from the moment a request was due, not from when a connection
 * came free for it: a server that stalls cannot hide it. */
#include "bench/load.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct request {
    const char *method, *target, *body_path;
    char headers[8192];
    const char *tokens[LOAD_HEADS_MAX];
    int tokens_count;
    struct load_head heads[LOAD_HEADS_MAX];
    int port;
};

static int die(const char *text)
{
    fprintf(stderr, "load: %s\n", text);
    return 1;
}

static bool body_map(const char *path, struct load_options *o)
{
    struct stat st;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    void *at;

    if (fd < 0 || fstat(fd, &st) < 0)
        return false;
    at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    (void)close(fd);
    if (at == MAP_FAILED)
        return false;
    o->body = at;
    o->body_len = (size_t)st.st_size;
    return true;
}

static bool header_add(struct request *r, const char *header)
{
    const size_t used = strlen(r->headers);
    const int len = snprintf(r->headers + used, sizeof r->headers - used, "%s\r\n", header);

    return len > 0 && (size_t)len < sizeof r->headers - used;
}

static bool option_take(int option, const char *value, struct request *r,
                        struct load_options *o)
{
    switch (option) {
    case 'p':
        r->port = (int)strtol(value, NULL, 10);
        return r->port > 0;
    case 't':
        r->target = value;
        return true;
    case 'm':
        r->method = value;
        return true;
    case 'h':
        return header_add(r, value);
    case 'a':
        if (r->tokens_count == LOAD_HEADS_MAX)
            return false;
        r->tokens[r->tokens_count++] = value;
        return true;
    case 'b':
        r->body_path = value;
        return body_map(value, o);
    case 'c':
        o->connections = (int)strtol(value, NULL, 10);
        return o->connections > 0;
    case 's':
        o->duration_us = (int64_t)(strtod(value, NULL) * 1e6);
        return o->duration_us > 0;
    case 'n':
        o->requests = strtoll(value, NULL, 10);
        return o->requests > 0;
    case 'r':
        o->rate = strtod(value, NULL);
        return o->rate > 0;
    case 'e':
        o->status = (int)strtol(value, NULL, 10);
        return o->status >= 100 && o->status < LOAD_STATUS_COUNT;
    default:
        return false;
    }
}

static bool options_read(int argc, char **argv, struct request *r, struct load_options *o)
{
    static const struct option names[] = {
        { "port", required_argument, NULL, 'p' },
        { "target", required_argument, NULL, 't' },
        { "method", required_argument, NULL, 'm' },
        { "header", required_argument, NULL, 'h' },
        { "token", required_argument, NULL, 'a' },
        { "body", required_argument, NULL, 'b' },
        { "connections", required_argument, NULL, 'c' },
        { "seconds", required_argument, NULL, 's' },
        { "requests", required_argument, NULL, 'n' },
        { "rate", required_argument, NULL, 'r' },
        { "status", required_argument, NULL, 'e' },
        { NULL, 0, NULL, 0 },
    };
    int option;

    while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
        if (!option_take(option, optarg, r, o))
            return false;
    }
    return optind == argc && r->port > 0 && (o->duration_us > 0 || o->requests > 0);
}

static bool head_write(const struct request *r, const struct load_options *o,
                       const char *token, struct load_head *ret)
{
    char length[64] = "";
    int len;

    if (r->body_path)
        (void)snprintf(length, sizeof length, "Content-Length: %zu\r\n", o->body_len);
    len = snprintf(ret->text, sizeof ret->text,
                   "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s%s%s%s%s\r\n", r->method,
                   r->target, r->headers, length, token ? "Authorization: Bearer " : "",
                   token ? token : "", token ? "\r\n" : "");
    ret->len = (size_t)len;
    return len > 0 && (size_t)len < sizeof ret->text;
}

static bool requests_make(struct request *r, struct load_options *o)
{
    bool ok = true;

    o->heads = r->heads;
    o->heads_count = r->tokens_count > 0 ? r->tokens_count : 1;
    o->address = (struct sockaddr_in){ .sin_family = AF_INET,
                                       .sin_port = htons((uint16_t)r->port),
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    for (int i = 0; i < o->heads_count && ok; i++)
        ok = head_write(r, o, r->tokens[i], &r->heads[i]);
    return ok;
}

static int by_value(const void *a, const void *b)
{
    const int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

static int64_t share(const struct load_result *r, double of_all)
{
    if (r->done == 0)
        return 0;
    return r->latencies_us[(size_t)((double)(r->done - 1) * of_all)];
}

static void report(struct load_result *r)
{
    const double seconds = (double)r->elapsed_us / 1e6;
    const char *between = "";

    if (r->done > 0)
        qsort(r->latencies_us, (size_t)r->done, sizeof *r->latencies_us, by_value);
    printf("{\"done\": %lld, \"failed\": %lld, \"seconds\": %.6f, \"per_second\": %.3f, "
           "\"bytes\": %lld, \"p50_us\": %lld, \"p90_us\": %lld, \"p99_us\": %lld, "
           "\"max_us\": %lld, \"error\": \"%s\", \"statuses\": {",
           (long long)r->done, (long long)r->failed, seconds,
           seconds > 0 ? (double)r->done / seconds : 0, (long long)r->bytes,
           (long long)share(r, 0.5), (long long)share(r, 0.9), (long long)share(r, 0.99),
           (long long)share(r, 1), r->error);
    for (int i = 0; i < LOAD_STATUS_COUNT; i++) {
        if (r->statuses[i]) {
            printf("%s\"%d\": %lld", between, i, (long long)r->statuses[i]);
            between = ", ";
        }
    }
    printf("}}\n");
}

int main(int argc, char **argv)
{
    static struct request request = { .method = "GET", .target = "/" };
    static struct load_result result;
    struct load_options o = { .connections = 1, .status = 200 };
    bool ok;

    if (!options_read(argc, argv, &request, &o))
        return die("bad or missing option; see the top of bench/load.c");
    if (!requests_make(&request, &o))
        return die("the request's head is too long");
    ok = load_run(&o, &result);
    report(&result);
    free(result.latencies_us);
    return ok ? 0 : die(result.error);
}
