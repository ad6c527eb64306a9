#!/usr/bin/env python3
"""Fails when a folder includes what its layer may not: an arrow that points up.

The table below is the architecture. What is not listed is refused.
"""
import pathlib
import re
import sys

# folder under src/ -> folders under src/ that it may include (itself always)
MAY_INCLUDE = {
    "base": set(),
    "blob": {"base"},
    "audio": {"base"},
    "store": {"base"},
    "usage": {"store", "base"},
    "auth": {"usage", "store", "base"},
    "jobs": {"usage", "store", "base"},
    "worker": {"jobs", "audio", "blob", "store", "usage", "base"},
    "webui": {"base"},
    "server/http": {"webui", "base"},
    "server/api": {"server/http", "webui", "auth", "usage", "jobs", "blob", "audio", "base"},
    "server": {"server/api", "server/http", "auth", "usage", "jobs", "blob", "audio", "store",
               "worker", "base"},
    "cli": {"server", "server/api", "server/http", "worker", "auth", "usage", "jobs", "blob",
            "audio", "store", "base"},
    "": {"cli", "base"},
}
# The public header of usage/ counts as usage; only these folders may meter.
USAGE_HEADER = "whazz/usage.h"
# library header -> the only folders that may include it
ONLY_IN = {
    r"ebur128\.h": {"audio"},
    r"sqlite3\.h": {"store"},
    r"libav.*|libsw.*": {"audio"},
    r"seccomp\.h|linux/landlock\.h|linux/seccomp\.h": {"audio"},
    r"microhttpd\.h": {"server/http"},
    r"crypt\.h": {"auth"},
    r"sodium\.h": {"auth", "blob"},
}

INCLUDE = re.compile(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]', re.M)


def folder_of(path):
    """The listed folder that a path under src/ belongs to, longest first."""
    parent = path.rsplit("/", 1)[0] if "/" in path else ""
    while parent and parent not in MAY_INCLUDE:
        parent = parent.rpartition("/")[0]
    return parent


def faults_of(source, root):
    here = folder_of(str(source.relative_to(root / "src")))
    for name in INCLUDE.findall(source.read_text()):
        for pattern, folders in ONLY_IN.items():
            if re.fullmatch(pattern, name) and here not in folders:
                yield f"{here or 'src'} may not include <{name}>"
        if name == USAGE_HEADER:
            if here != "usage" and "usage" not in MAY_INCLUDE[here]:
                yield f"{here or 'src'} may not meter ({name})"
        elif (root / "src" / name).exists():
            there = folder_of(name)
            if there != here and there not in MAY_INCLUDE[here]:
                yield f"{here or 'src'} may not include {name}"


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    sources = sorted((root / "src").rglob("*.[ch]"))
    faults = [f"{s.relative_to(root)}: {f}" for s in sources for f in faults_of(s, root)]
    print("\n".join(faults) or f"{len(sources)} files keep to their layers")
    return 1 if faults or not sources else 0


if __name__ == "__main__":
    sys.exit(main())
