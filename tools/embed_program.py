#!/usr/bin/env python3
"""embed_program.py OUT.S PROGRAM: an assembler file that puts PROGRAM's bytes into a binary. Its
digest stands in the file, so that a new program is a new file."""
import hashlib
import pathlib
import sys

out, program = sys.argv[1:]
digest = hashlib.sha256(pathlib.Path(program).read_bytes()).hexdigest()
pathlib.Path(out).write_text(f"""/* {digest} */
    .section .rodata
    .balign 16
    .globl audio_program, audio_program_end
audio_program:
    .incbin "{pathlib.Path(program).resolve()}"
audio_program_end:
    .byte 0
    .section .note.GNU-stack,"",@progbits
""")
