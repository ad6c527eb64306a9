/* The embedded sql/NNNN_*.sql, in order; made by tools/gen_statements.py. */
#ifndef STORE_MIGRATIONS_H
#define STORE_MIGRATIONS_H

struct migration {
    int version; /* from 1, without gaps */
    const char *name, *sql;
};

extern const struct migration migrations[];
extern const int migrations_count;

#endif
