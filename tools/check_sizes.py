#!/usr/bin/env python3
"""Fails when a file or a function is longer than fits in a head: names each that is.

A function begins with a line at the left margin that ends before "{" alone on a line, as
.clang-format lays them out, and ends with "}" at the left margin.
"""
import pathlib
import sys

FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 60
FOLDERS = ("src", "include", "examples", "tests", "tools")
SUFFIXES = {".c", ".h", ".py", ".sh", ".sql"}


def functions_of(lines):
    """(first line number, name, length) of each function of a C file."""
    head = start = None
    for number, line in enumerate(lines, 1):
        if line == "{" and head:
            start = head
        elif line == "}" and start:
            name = lines[start - 1].split("(")[0].split()[-1].lstrip("*")
            yield start, name, number - start + 1
            head = start = None
        elif start is None and line[:1].isalpha() and "(" in line and not line.endswith(";"):
            head = number
        elif start is None and (not line or line.endswith(";")):
            head = None


def faults_of(path, text):
    lines = text.splitlines()
    if len(lines) > FILE_LINES_MAX:
        yield f"{path}: {len(lines)} lines"
    if path.suffix in (".c", ".h"):
        for number, name, length in functions_of(lines):
            if length > FUNCTION_LINES_MAX:
                yield f"{path}:{number}: {name} has {length} lines"


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    files = [p for folder in FOLDERS for p in sorted((root / folder).rglob("*"))
             if p.suffix in SUFFIXES and p.is_file()]
    faults = [f for p in files for f in faults_of(p.relative_to(root), p.read_text())]
    print("\n".join(faults) or f"{len(files)} files and their functions are short")
    return 1 if faults or not files else 0


if __name__ == "__main__":
    sys.exit(main())
