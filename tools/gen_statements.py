#!/usr/bin/env python3
"""Turns the SQL files into C: statements.h, statements.c and migrations.c.

    gen_statements.py OUTDIR FILE.sql... --migrations NNNN_NAME.sql...

Refuses what would fail late or bind wrongly: a name used twice, two statements in one block,
parameters that do not first appear in the order $1, $2, ... (SQLite numbers them so, whatever
they are called), gaps between migrations, and SQL files beside the given ones.
"""
import argparse
import pathlib
import re
import sys

NAME_LINE = re.compile(r"^-- name:(.*)$", re.M)
QUOTED_OR_COMMENT = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*")
COMMENT = re.compile(r"('(?:[^']|'')*'|\"(?:[^\"]|\"\")*\")|[ \t]*--[^\n]*")


class Refused(Exception):
    pass


def check_statement(name, text):
    bare = QUOTED_OR_COMMENT.sub("", text)
    if not bare.strip():
        raise Refused(f"{name}: no SQL")
    if ";" in bare:
        raise Refused(f"{name}: more than one statement")
    seen = list(dict.fromkeys(int(n) for n in re.findall(r"\$(\d+)", bare)))
    if seen != list(range(1, len(seen) + 1)):
        order = ", ".join(f"${n}" for n in seen)
        raise Refused(f"{name}: parameters first appear in the order {order}")


def statements_of(sources):
    """{name: text} of all [(file name, content)]."""
    found = {}
    for file, content in sources:
        parts = NAME_LINE.split(content)
        if QUOTED_OR_COMMENT.sub("", parts[0]).strip():
            raise Refused(f"{file}: SQL before the first name")
        for name, text in zip(map(str.strip, parts[1::2]), parts[2::2]):
            if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or name == "count":
                raise Refused(f"{file}: {name!r} is no name for a statement")
            if name in found:
                raise Refused(f"{file}: {name} is named twice")
            text = COMMENT.sub(lambda m: m[1] or "", text).strip().removesuffix(";").rstrip()
            check_statement(f"{file}: {name}", text)
            found[name] = text
    return found


def migrations_of(sources):
    """[(version, name, text)] of all [(file name, content)], in order."""
    found = []
    for file, content in sorted(sources):
        match = re.fullmatch(r"(\d{4})_([a-z0-9_]+)\.sql", file)
        if not match or int(match[1]) != len(found) + 1:
            raise Refused(f"{file}: expected {len(found) + 1:04}_NAME.sql")
        found.append((int(match[1]), match[2], content.strip()))
    return found


def c_string(text, indent):
    lines = [line.replace("\\", "\\\\").replace('"', '\\"') for line in text.split("\n")]
    return ("\\n\"\n" + indent + '"').join(lines).join('""')


def header_text(statements):
    enumerators = "".join(f"    STMT_{name.upper()},\n" for name in statements)
    return f"""#ifndef STORE_STATEMENTS_H
#define STORE_STATEMENTS_H

enum stmt {{
{enumerators}    STMT_COUNT
}};

struct stmt_source {{
    const char *name, *text;
}};

extern const struct stmt_source stmt_sources[STMT_COUNT];

#endif
"""


def source_text(statements):
    rows = "".join(f"    [STMT_{name.upper()}] = {{\n        \"{name}\",\n"
                   f"        {c_string(text, ' ' * 8)},\n    }},\n"
                   for name, text in statements.items())
    return ('#include "store/statements.h"\n\n'
            f"const struct stmt_source stmt_sources[STMT_COUNT] = {{\n{rows}}};\n")


def migrations_text(migrations):
    rows = "".join(f"    {{\n        {version}, \"{name}\",\n        {c_string(text, ' ' * 8)},\n"
                   "    },\n" for version, name, text in migrations)
    return ('#include "store/migrations.h"\n\n'
            f"const struct migration migrations[] = {{\n{rows}}};\n"
            f"const int migrations_count = {len(migrations)};\n")


def read_all(paths):
    for folder in {p.parent for p in paths}:
        missing = {p.name for p in folder.glob("*.sql")} - {p.name for p in paths}
        if missing:
            raise Refused(f"{', '.join(sorted(missing))}: not listed in meson.build")
    return [(p.name, p.read_text()) for p in paths]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("outdir", type=pathlib.Path)
    parser.add_argument("statements", type=pathlib.Path, nargs="+")
    parser.add_argument("--migrations", type=pathlib.Path, nargs="+", required=True)
    args = parser.parse_args()
    try:
        statements = statements_of(read_all(args.statements))
        migrations = migrations_of(read_all(args.migrations))
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 1
    (args.outdir / "statements.h").write_text(header_text(statements))
    (args.outdir / "statements.c").write_text(source_text(statements))
    (args.outdir / "migrations.c").write_text(migrations_text(migrations))
    return 0


if __name__ == "__main__":
    sys.exit(main())
