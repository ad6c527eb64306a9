#!/usr/bin/env python3
"""repack.py MODEL_1 MODEL_2 OUT: the weights of DTLN, in the order and panels that
src/audio/child/dsp/dtln_weights.h describes, as one file of little-endian floats."""
import array
import pathlib
import sys

import tflite

PANEL, VECTOR = 32, 128
# tensor: shape. Names are of the header.
MODEL_1 = {11: (512, 257), 12: (512, 128), 5: (512,), 9: (512, 128), 10: (512, 128), 6: (512,),
           8: (257, 128), 2: (257,)}
MODEL_2 = {18: (256, 512), 17: (256,), 5: (256,), 6: (256,), 15: (512, 256), 16: (512, 128),
           7: (512,), 13: (512, 128), 14: (512, 128), 8: (512,), 12: (256, 128), 3: (256,),
           20: (512, 256), 19: (512,)}
# What is written, in order: (model, tensor, rows of a panel; 0: a plain vector).
ORDER = [(1, 11, PANEL), (1, 5, 0), (1, 12, VECTOR), (1, 9, PANEL), (1, 6, 0), (1, 10, VECTOR),
         (1, 8, PANEL), (1, 2, 0),
         (2, 18, PANEL), (2, 17, 0), (2, 5, 0), (2, 6, 0),
         (2, 15, PANEL), (2, 7, 0), (2, 16, VECTOR), (2, 13, PANEL), (2, 8, 0), (2, 14, VECTOR),
         (2, 12, PANEL), (2, 3, 0), (2, 20, PANEL), (2, 19, 0)]


def padded(count, multiple):
    return -(-count // multiple) * multiple


def panels(floats, rows, columns, panel):
    """A row-major matrix as panels: w[panel][column][row], zeros after the last row."""
    out = array.array("f", bytes(4 * padded(rows, panel) * columns))
    for row in range(rows):
        at = row // panel * panel * columns + row % panel
        out[at:at + panel * columns:panel] = array.array(
            "f", floats[row * columns:(row + 1) * columns])
    return out


def repack(model_1, model_2):
    found = {1: tflite.tensors(model_1, MODEL_1), 2: tflite.tensors(model_2, MODEL_2)}
    shapes = {1: MODEL_1, 2: MODEL_2}
    out = array.array("f")
    for model, tensor, panel in ORDER:
        floats, shape = found[model][tensor], shapes[model][tensor]
        if panel:
            out += panels(floats, shape[0], shape[1], panel)
        else:
            out += array.array("f", floats)
            out += array.array("f", bytes(4 * (padded(shape[0], PANEL) - shape[0])))
    if sys.byteorder != "little":
        out.byteswap()
    return out.tobytes()


def main():
    model_1, model_2, out = (pathlib.Path(name) for name in sys.argv[1:])
    try:
        out.write_bytes(repack(model_1.read_bytes(), model_2.read_bytes()))
    except tflite.Damaged as damage:
        sys.exit(f"The weights cannot be read: {damage}.")


if __name__ == "__main__":
    main()
