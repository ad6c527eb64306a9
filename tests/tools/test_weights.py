"""The weights' tools: what they make of sound files, and of damaged and hostile ones."""
import array
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import unittest

TOOLS = pathlib.Path(__file__).resolve().parents[2] / "tools" / "weights"
sys.path.insert(0, str(TOOLS))
import repack  # noqa: E402
import tflite  # noqa: E402


class Builder:
    """Writes a flatbuffer front to back: offsets point forward to what comes later."""

    def __init__(self):
        self.data = bytearray()

    def put(self, layout, *values):
        at = len(self.data)
        self.data += struct.pack("<" + layout, *values)
        return at

    def point(self, at):
        """Makes the offset at `at` point here."""
        while len(self.data) % 4:
            self.data += b"\0"
        struct.pack_into("<I", self.data, at, len(self.data) - at)

    def table(self, fields):
        """A table of 4-byte fields, {index: value}; returns {index: place}."""
        count = max(fields, default=-1) + 1
        vtable = self.put("HH", 4 + 2 * count, 4 + 4 * len(fields))
        order = sorted(fields)
        for i in range(count):
            self.put("H", 4 + 4 * order.index(i) if i in fields else 0)
        if len(self.data) % 4:
            self.put("H", 0)
        table = self.put("i", len(self.data) - vtable)
        return table, {i: self.put("I", fields[i]) for i in order}


def vector_of_tables(b, place, makers):
    b.point(place)
    b.put("I", len(makers))
    slots = [b.put("I", 0) for _ in makers]
    for slot, make in zip(slots, makers):
        # A table's offset must lead past its vtable: table() tells where it starts.
        start, finish = make()
        struct.pack_into("<I", b.data, slot, start - slot)
        finish()


def model(tensors):
    """{index: (shape, floats)} as a TFLite file with one subgraph; gaps are scalars."""
    b = Builder()
    root = b.put("I", 0)
    b.put("4s", b"TFL3")
    table, places = b.table({2: 0, 4: 0})
    struct.pack_into("<I", b.data, root, table)
    count = max(tensors) + 1

    def buffer_maker(floats):
        def make():
            start, spots = b.table({0: 0} if floats else {})

            def finish():
                if floats:
                    b.point(spots[0])
                    b.put("I", 4 * len(floats))
                    b.put(f"{len(floats)}f", *floats)
            return start, finish
        return make

    def tensor_maker(index):
        shape = tensors.get(index, ((), ()))[0]

        def make():
            start, spots = b.table({0: 0, 2: index})

            def finish():
                b.point(spots[0])
                b.put("I", len(shape))
                b.put(f"{len(shape)}i", *shape)
            return start, finish
        return make

    def graph():
        start, spots = b.table({0: 0})
        return start, lambda: vector_of_tables(b, spots[0],
                                               [tensor_maker(i) for i in range(count)])

    vector_of_tables(b, places[4], [buffer_maker(tensors.get(i, ((), ()))[1])
                                    for i in range(count)])
    vector_of_tables(b, places[2], [graph])
    return bytes(b.data)


SMALL = {1: ((1, 2, 3), (1.0, 2.0, 3.0, 4.0, 5.0, 6.0)), 3: ((2,), (7.0, 8.0))}
WANTED = {1: (2, 3), 3: (2,)}


class Tflite(unittest.TestCase):
    def test_finds_tensors_by_index_and_shape(self):
        self.assertEqual(tflite.tensors(model(SMALL), WANTED),
                         {1: (1, 2, 3, 4, 5, 6), 3: (7, 8)})

    def test_another_shape_or_index_is_damage(self):
        for wanted in ({1: (3, 2)}, {3: (3,)}, {9: (2,)}, {2: ()}):
            with self.assertRaises(tflite.Damaged):
                tflite.tensors(model(SMALL), wanted)

    def test_every_truncation_is_damage(self):
        data = model(SMALL)
        for length in range(len(data)):
            with self.assertRaises(tflite.Damaged):
                tflite.tensors(data[:length], WANTED)

    def test_absurd_offsets_are_damage_or_do_not_matter(self):
        data = model(SMALL)
        sound = tflite.tensors(data, WANTED)
        for at in range(0, len(data) - 3):
            for value in (0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, len(data), len(data) - at):
                hostile = data[:at] + struct.pack("<I", value) + data[at + 4:]
                try:
                    found = tflite.tensors(hostile, WANTED)
                except tflite.Damaged:
                    continue
                self.assertEqual({i: len(f) for i, f in found.items()},
                                 {i: len(f) for i, f in sound.items()})

    def test_random_bytes_raise_nothing_else(self):
        dice = random.Random(7)
        data = model(SMALL)
        damaged = 0
        for _ in range(20000):
            hostile = bytearray(data)
            for _ in range(dice.randint(1, 6)):
                hostile[dice.randrange(len(hostile))] = dice.randrange(256)
            try:
                tflite.tensors(bytes(hostile), WANTED)
            except tflite.Damaged:
                damaged += 1
        self.assertGreater(damaged, 1000)


class Repack(unittest.TestCase):
    def test_panels_hold_rows_side_by_side(self):
        rows, columns, panel = 5, 3, 4
        floats = [10.0 * r + c for r in range(rows) for c in range(columns)]
        packed = repack.panels(floats, rows, columns, panel)
        self.assertEqual(len(packed), 8 * columns)
        for r in range(8):
            for c in range(columns):
                self.assertEqual(packed[(r // panel * columns + c) * panel + r % panel],
                                 10.0 * r + c if r < rows else 0.0)

    def models(self):
        dice = random.Random(3)
        made = []
        for wanted in (repack.MODEL_1, repack.MODEL_2):
            tensors = {}
            for index, shape in wanted.items():
                count = shape[0] * (shape[1] if len(shape) > 1 else 1)
                tensors[index] = (shape, [dice.uniform(-1, 1) for _ in range(count)])
            made.append(model(tensors))
        return made

    def test_the_file_is_what_the_header_says(self):
        data = repack.repack(*self.models())
        self.assertEqual(len(data), 3966080)
        first = tflite.tensors(self.models()[0], repack.MODEL_1)
        floats = array.array("f", data)
        # LSTM 1's kernel: row 40, column 200 stands in the second panel of 32 rows.
        self.assertAlmostEqual(floats[(257 + 200) * 32 + 8], first[11][40 * 257 + 200], 6)
        # Then its bias.
        self.assertEqual(list(floats[512 * 257:512 * 257 + 512]), list(first[5]))

    def test_a_damaged_model_ends_in_one_line(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            for i, data in enumerate(self.models()):
                (folder / f"{i}").write_bytes(data[:-100] if i else data)
            done = subprocess.run([sys.executable, TOOLS / "repack.py", folder / "0",
                                   folder / "1", folder / "out"], capture_output=True, text=True)
            self.assertEqual(done.returncode, 1)
            self.assertEqual(len(done.stderr.strip().splitlines()), 1)
            self.assertIn("cannot be read", done.stderr)
            self.assertFalse((folder / "out").exists())


class Fetch(unittest.TestCase):
    def run_fetch(self, folder, *arguments, path=None):
        env = {"PATH": path} if path is not None else None
        return subprocess.run([sys.executable, TOOLS / "fetch.py", *arguments,
                               folder / "model_1.tflite", folder / "model_2.tflite"],
                              capture_output=True, text=True, env=env)

    def test_without_npm_one_line_says_so(self):
        with tempfile.TemporaryDirectory() as name:
            done = self.run_fetch(pathlib.Path(name), path=name)
            self.assertEqual(done.returncode, 1)
            self.assertEqual(len(done.stderr.strip().splitlines()), 1)
            self.assertIn("needs npm", done.stderr)

    def test_another_file_than_the_locks_is_refused(self):
        with tempfile.TemporaryDirectory() as name:
            given = pathlib.Path(name) / "given"
            given.mkdir()
            for model_name in ("model_1.tflite", "model_2.tflite"):
                (given / model_name).write_bytes(model(SMALL))
            done = self.run_fetch(pathlib.Path(name), "--from", given)
            self.assertEqual(done.returncode, 1)
            self.assertIn("not the file of the lock", done.stderr)
            self.assertFalse((pathlib.Path(name) / "model_1.tflite").exists())


if __name__ == "__main__":
    unittest.main()
