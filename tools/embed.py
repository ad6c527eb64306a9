#!/usr/bin/env python3
"""Turns files into a C table: path, content type, ETag, bytes, and the bytes in gzip.

    embed.py OUT.c NAME=FILE...

NAME is the path that the file is served under, such as /openapi.json. The same input makes the
same output. A gzip form is kept only where it is smaller.
"""
import gzip
import hashlib
import pathlib
import sys

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
BYTES_PER_LINE = 20


class Refused(Exception):
    pass


def pairs_of(args):
    """{name: file} of NAME=FILE arguments."""
    pairs = {}
    for arg in args:
        name, is_pair, file = arg.partition("=")
        if not is_pair or not name.startswith("/") or not file:
            raise Refused(f"{arg}: expected /NAME=FILE")
        if any(c in '"\\?' or not " " < c < "\x7f" for c in name):
            raise Refused(f"{name}: a path of visible ASCII without quotes is expected")
        if name in pairs:
            raise Refused(f"{name} is named twice")
        if pathlib.PurePath(file).suffix not in TYPES:
            raise Refused(f"{file}: no content type is known for it")
        pairs[name] = file
    if not pairs:
        raise Refused("nothing to embed")
    return pairs


def c_bytes(name, content):
    lines = [",".join(map(str, content[i:i + BYTES_PER_LINE]))
             for i in range(0, len(content), BYTES_PER_LINE)] or ["0"]
    return f"static const unsigned char {name}[] = {{\n" + ",\n".join(lines) + "\n};\n"


def asset_text(number, name, suffix, content):
    """The arrays of one file, and its row of the table."""
    packed = gzip.compress(content, 9, mtime=0)
    arrays = c_bytes(f"bytes_{number}", content)
    gzip_cells = "NULL, 0"
    if len(packed) < len(content):
        arrays += c_bytes(f"gzip_{number}", packed)
        gzip_cells = f"gzip_{number}, {len(packed)}"
    etag = hashlib.sha256(content).hexdigest()[:32]
    row = (f'    {{ "{name}", "{TYPES[suffix]}", "\\"{etag}\\"", bytes_{number}, {len(content)}, '
           f"{gzip_cells} }},\n")
    return arrays, row


def source_text(files):
    """The C of all {name: (suffix, content)}, sorted by name as assets_find expects."""
    order = sorted(files, key=lambda name: name.encode())
    texts = [asset_text(i, name, *files[name]) for i, name in enumerate(order)]
    return ('#include "webui/assets.h"\n\n' + "".join(arrays for arrays, _ in texts) +
            "\nconst struct asset assets[] = {\n" + "".join(row for _, row in texts) + "};\n"
            f"const size_t assets_count = {len(order)};\n")


def main():
    if len(sys.argv) < 3:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    try:
        pairs = pairs_of(sys.argv[2:])
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 1
    files = {name: (pathlib.PurePath(file).suffix, pathlib.Path(file).read_bytes())
             for name, file in pairs.items()}
    pathlib.Path(sys.argv[1]).write_text(source_text(files))
    return 0


if __name__ == "__main__":
    sys.exit(main())
