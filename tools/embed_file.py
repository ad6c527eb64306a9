#!/usr/bin/env python3
"""embed_file.py OUT.S SYMBOL FILE: an assembler file that puts FILE's bytes into a program as
SYMBOL, for reading, on a cache line. Its digest stands in the file, so that new bytes are a new
file."""
import hashlib
import pathlib
import sys

out, symbol, name = sys.argv[1:]
path = pathlib.Path(name).resolve()
pathlib.Path(out).write_text(f"""/* {hashlib.sha256(path.read_bytes()).hexdigest()} */
    .section .rodata
    .balign 64
    .globl {symbol}
    .type {symbol}, @object
{symbol}:
    .incbin "{path}"
    .size {symbol}, . - {symbol}
    .section .note.GNU-stack,"",@progbits
""")
