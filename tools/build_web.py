#!/usr/bin/env python3
"""Builds the web app for the build folder that asks.

    build_web.py NPM SOURCE_ROOT WORK_FOLDER STAMP DEPFILE

Installs the packages of web/package-lock.json when it has changed since the last time, makes the
API's types from docs/openapi.json, checks the program's types, bundles into WORK_FOLDER/dist and
writes STAMP, with DEPFILE naming what it was made from. Build folders take turns: the packages
are installed in web/ for all of them.
"""
import fcntl
import hashlib
import os
import pathlib
import subprocess
import sys

SOURCES = ("src", "public")


def run(command, folder):
    """Prints what the command said only if it fails."""
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False, text=True,
                          env=dict(os.environ, NO_UPDATE_NOTIFIER="1", CI="1"))
    if done.returncode:
        print(" ".join(map(str, command)), done.stdout, sep="\n", file=sys.stderr)
        raise SystemExit(1)


def packages_install(npm, web):
    wanted = hashlib.sha256((web / "package-lock.json").read_bytes()).hexdigest()
    stamp = web / "node_modules" / ".installed"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    run([npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"], web)
    stamp.write_text(wanted)


def inputs_of(web):
    files = [p for p in web.iterdir() if p.is_file() and p.suffix in (".html", ".json", ".ts")]
    folders = []
    for name in SOURCES:
        folders += [web / name]
        for path in (web / name).rglob("*"):
            (folders if path.is_dir() else files).append(path)
    generated = web / "src" / "api" / "schema.d.ts"
    return sorted({f for f in files if f != generated}), sorted(folders)


def main():
    npm, root, work, stamp, depfile = sys.argv[1:]
    web = pathlib.Path(root).resolve() / "web"
    work = pathlib.Path(work).resolve()
    stamp, depfile = pathlib.Path(stamp), pathlib.Path(depfile)
    with open(web / ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        packages_install(npm, web)
        run([npm, "run", "--silent", "types"], web)
        run([npm, "run", "--silent", "check"], web)
        run([npm, "run", "--silent", "build", "--", "--outDir", str(work / "dist"),
             "--emptyOutDir"], web)
    files, _ = inputs_of(web)
    openapi = web.parent / "docs" / "openapi.json"
    depfile.write_text(f"{stamp}: " + " ".join(
        str(f).replace(" ", "\\ ") for f in [*files, openapi, pathlib.Path(__file__).resolve()])
        + "\n")
    stamp.write_text("built\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
