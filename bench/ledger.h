/* The ledger benchmark's other side: SQLite itself. Bench only. */
#ifndef BENCH_LEDGER_H
#define BENCH_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

struct ledger_rate {
    int64_t charges, commits;
    double seconds;
};

/* Charges `batch` pages per transaction at `path`, with the statements that a charge of one
 * amount runs, prepared once, through SQLite's own functions and nothing else. False, with
 * a line on stderr, when SQLite fails. */
bool ledger_bare(const char *path, int64_t accounts, int64_t batch, double seconds,
                 struct ledger_rate *ret);

#endif
