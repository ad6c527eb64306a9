#!/usr/bin/env python3
"""embed_program.py OUT.S NAME PROGRAM: an assembler file that puts PROGRAM's bytes into a binary,
from the symbol NAME to NAME_end. Their digest stands in the file, so that a new program is a new file."""
import hashlib
import pathlib
import sys

out, name, program = sys.argv[1:]
digest = hashlib.sha256(pathlib.Path(program).read_bytes()).hexdigest()
pathlib.Path(out).write_text(f"""/* {digest} */
    .section .rodata
    .balign 16
    .globl {name}, {name}_end
{name}:
    .incbin "{pathlib.Path(program).resolve()}"
{name}_end:
    .byte 0
    .section .note.GNU-stack,"",@progbits
""")
