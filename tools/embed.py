#!/usr/bin/env python3
"""Turns files into part of a binary: a C table of path, content type, ETag and bytes, also in
gzip and, where a tree holds NAME.br beside NAME, in brotli; and an assembler file that holds
the bytes.

    embed.py OUT_FOLDER [--tree FOLDER] NAME=FILE...

NAME is the path that the file is served under, such as /openapi.json; every file under the
tree's FOLDER but those .br is served under its path there. Files in /assets/ have names that
hold a hash of their content. The same input makes the same output: assets_table.c, assets_bytes.S and
assets.bin, which the assembler file includes. A packed form is kept only where it is smaller.
A page comes with the hashes of its inline scripts and styles (tags without attributes), as its
Content-Security-Policy names them.
"""
import base64
import gzip
import hashlib
import pathlib
import re
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
IMMUTABLE_PREFIX = "/assets/"
PACKED = ".br"
INLINE = re.compile(rb"<(script|style)>(.*?)</\1>", re.DOTALL)


class Refused(Exception):
    pass


def pair_check(name, file):
    if any(c in '"\\?' or not " " < c < "\x7f" for c in name):
        raise Refused(f"{name}: a path of visible ASCII without quotes is expected")
    if pathlib.PurePath(file).suffix not in TYPES:
        raise Refused(f"{file}: no content type is known for it")


def pairs_of(args):
    """{name: file} of NAME=FILE arguments."""
    pairs = {}
    for arg in args:
        name, is_pair, file = arg.partition("=")
        if not is_pair or not name.startswith("/") or not file:
            raise Refused(f"{arg}: expected /NAME=FILE")
        pair_check(name, file)
        if name in pairs:
            raise Refused(f"{name} is named twice")
        pairs[name] = file
    if not pairs:
        raise Refused("nothing to embed")
    return pairs


def pairs_under(folder):
    """{name: file} of every file under a folder."""
    pairs = {}
    for file in sorted(pathlib.Path(folder).rglob("*")):
        if file.is_file() and file.suffix != PACKED:
            name = "/" + file.relative_to(folder).as_posix()
            pair_check(name, file)
            pairs[name] = str(file)
    if not pairs:
        raise Refused(f"{folder} holds no file")
    return pairs


class Blob:
    """Bytes one after the other."""

    def __init__(self):
        self.content = bytearray()

    def add(self, content):
        """Where it stands, as C."""
        at = len(self.content)
        self.content += content
        return f"assets_bytes + {at}"


def packed_cells(packed, content, blob):
    if packed is None or len(packed) >= len(content):
        return "NULL, 0"
    return f"{blob.add(packed)}, {len(packed)}"


def inline_hashes(suffix, content):
    """Of a page's scripts and of its styles: " 'sha256-...'" for each."""
    hashes = {b"script": "", b"style": ""}
    for kind, text in INLINE.findall(content) if suffix == ".html" else []:
        digest = base64.b64encode(hashlib.sha256(text).digest()).decode()
        hashes[kind] += f" 'sha256-{digest}'"
    return hashes[b"script"], hashes[b"style"]


def row_of(name, suffix, content, brotli, blob):
    place = blob.add(content)
    gzip_cells = packed_cells(gzip.compress(content, 9, mtime=0), content, blob)
    brotli_cells = packed_cells(brotli, content, blob)
    etag = hashlib.sha256(content).hexdigest()[:32]
    immutable = "true" if name.startswith(IMMUTABLE_PREFIX) else "false"
    scripts, styles = inline_hashes(suffix, content)
    return (f'    {{ "{name}", "{TYPES[suffix]}", "\\"{etag}\\"", {place}, {len(content)}, '
            f'{gzip_cells}, {brotli_cells}, {immutable}, "{scripts}", "{styles}" }},\n')


def table_of(files):
    """C and bytes of all {name: (suffix, content, brotli form or None)}, sorted by name as assets_find expects."""
    blob = Blob()
    rows = [row_of(name, *files[name], blob)
            for name in sorted(files, key=lambda name: name.encode())]
    text = ('#include "webui/assets.h"\n\nextern const unsigned char assets_bytes[];\n\n'
            "const struct asset assets[] = {\n" + "".join(rows) + "};\n"
            f"const size_t assets_count = {len(rows)};\n")
    return text, bytes(blob.content)


def assembler_of(file, content):
    """The digest makes new bytes a new file, so that they are built in."""
    return (f"/* {hashlib.sha256(content).hexdigest()} */\n"
            "    .section .rodata\n    .balign 16\n    .globl assets_bytes\nassets_bytes:\n"
            f'    .incbin "{file}"\n    .byte 0\n'
            '    .section .note.GNU-stack,"",@progbits\n')


def file_of(path):
    packed = path.with_name(path.name + PACKED)
    return path.suffix, path.read_bytes(), packed.read_bytes() if packed.exists() else None


def main():
    args = sys.argv[1:]
    if len(args) < 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    out = pathlib.Path(args.pop(0)).resolve()
    try:
        tree = pairs_under(args[1]) if args[0] == "--tree" else {}
        pairs = tree | pairs_of(args[2:] if args[0] == "--tree" else args)
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 1
    files = {name: file_of(pathlib.Path(file)) for name, file in pairs.items()}
    text, content = table_of(files)
    (out / "assets.bin").write_bytes(content)
    (out / "assets_bytes.S").write_text(assembler_of(out / "assets.bin", content))
    (out / "assets_table.c").write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
