#!/usr/bin/env python3
"""Turns SQL files into C.

    gen_sql.py statements OUT.h OUT.c FILE.sql...   "-- name: x" blocks -> STMT_X and its text
    gen_sql.py migrations OUT.c NNNN_x.sql...       numbered files -> one table

Refuses a name given twice, and parameters whose first appearances are not $1, $2, ... in
order: SQLite numbers `$1` by appearance, PostgreSQL by its number.
"""
import pathlib
import re
import sys

NAME = re.compile(r"^-- name: ([a-z][a-z0-9_]*)$", re.M)


def c_string(text):
    lines = text.strip().splitlines()
    return "\n".join('    "%s\\n"' % l.replace("\\", "\\\\").replace('"', '\\"') for l in lines)


def check_parameters(name, text):
    first = list(dict.fromkeys(int(n) for n in re.findall(r"\$(\d+)", text)))
    if first != list(range(1, len(first) + 1)):
        sys.exit(f"{name}: parameters first appear as {first}, want 1, 2, ... in order")
    return len(first)


def statements(header, source, files):
    found = {}
    for file in files:
        parts = NAME.split(pathlib.Path(file).read_text())[1:]
        for name, text in zip(parts[::2], parts[1::2]):
            if name in found:
                sys.exit(f"{file}: statement {name} is there twice")
            found[name] = (text, check_parameters(name, text))
    pathlib.Path(header).write_text(
        "/* Generated from src/store/sql by tools/gen_sql.py. */\n"
        "#ifndef STORE_STATEMENTS_H\n#define STORE_STATEMENTS_H\n\nenum stmt {\n"
        + "".join(f"    STMT_{n.upper()},\n" for n in found)
        + "    STMT_COUNT,\n};\n\nstruct statement {\n    const char *name, *text;\n"
        "    int parameters;\n};\n\nextern const struct statement statements[STMT_COUNT];\n\n#endif\n")
    pathlib.Path(source).write_text(
        '#include "store/statements.h"\n\nconst struct statement statements[STMT_COUNT] = {\n'
        + "".join(f'    [STMT_{n.upper()}] = {{ "{n}",\n{c_string(t)}, {p} }},\n'
                  for n, (t, p) in found.items())
        + "};\n")


def migrations(source, files):
    rows = []
    for want, file in enumerate(sorted(files), 1):
        name = pathlib.Path(file).stem
        if int(name.split("_")[0]) != want:
            sys.exit(f"{file}: migration {want} is missing")
        rows.append(f'    {{ {want}, "{name}",\n{c_string(pathlib.Path(file).read_text())} }},\n')
    pathlib.Path(source).write_text(
        '#include "store/migrate.h"\n\nconst struct migration migrations[] = {\n'
        + "".join(rows) + f"}};\n\nconst int migrations_count = {len(rows)};\n")


def main():
    if sys.argv[1] == "statements":
        statements(sys.argv[2], sys.argv[3], sys.argv[4:])
    else:
        migrations(sys.argv[2], sys.argv[3:])


if __name__ == "__main__":
    main()
