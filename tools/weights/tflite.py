"""Reading the tensors of a TFLite file: a flatbuffer, walked with every offset checked against
the file. What is damaged raises Damaged and nothing else."""
import struct

FLOAT32 = 0
TENSORS_MAX = 10000


class Damaged(Exception):
    pass


class Buffer:
    def __init__(self, data):
        self.data = data

    def read(self, layout, at):
        if at < 0 or at + struct.calcsize(layout) > len(self.data):
            raise Damaged(f"offset {at} is outside of the file")
        return struct.unpack_from(layout, self.data, at)[0]

    def follow(self, at):
        """The place that the offset at `at` points to: forward only, so no walk can loop."""
        offset = self.read("<I", at)
        if offset == 0:
            raise Damaged(f"no offset at {at}")
        return at + offset

    def field(self, table, index):
        """The place of a table's field, None when the table leaves it out."""
        vtable = table - self.read("<i", table)
        size = self.read("<H", vtable)
        entry = 4 + 2 * index
        if entry + 2 > size:
            return None
        offset = self.read("<H", vtable + entry)
        return table + offset if offset else None

    def vector(self, place, item_bytes):
        """Where the items of the vector at `place` start, and how many there are."""
        start = self.follow(place)
        count = self.read("<I", start)
        if count * item_bytes > len(self.data) - start - 4:
            raise Damaged(f"{count} items do not fit into the file")
        return start + 4, count

    def tables(self, table, index):
        """The tables of a vector field."""
        place = self.field(table, index)
        if place is None:
            raise Damaged(f"table at {table} has no field {index}")
        start, count = self.vector(place, 4)
        if count > TENSORS_MAX:
            raise Damaged(f"{count} tables")
        return [self.follow(start + 4 * i) for i in range(count)]


def tensor_shape(b, tensor):
    place = b.field(tensor, 0)
    if place is None:
        return ()
    start, count = b.vector(place, 4)
    if count > 8:
        raise Damaged(f"{count} dimensions")
    return tuple(b.read("<i", start + 4 * i) for i in range(count))


def tensor_floats(b, tensor, buffers):
    kind = b.field(tensor, 1)
    if kind is not None and b.read("<b", kind) != FLOAT32:
        raise Damaged("a tensor is not of 32-bit floats")
    number = b.field(tensor, 2)
    index = b.read("<I", number) if number is not None else 0
    if index >= len(buffers):
        raise Damaged(f"there is no buffer {index}")
    place = b.field(buffers[index], 0)
    if place is None:
        raise Damaged(f"buffer {index} is empty")
    start, count = b.vector(place, 1)
    if count % 4:
        raise Damaged(f"{count} bytes are no floats")
    return struct.unpack_from(f"<{count // 4}f", b.data, start)


def tensors(data, wanted):
    """{index: shape} of what is wanted from subgraph 0 -> {index: tuple of floats}. Dimensions
    of 1 do not count."""
    b = Buffer(data)
    if data[4:8] != b"TFL3":
        raise Damaged("no TFLite file")
    root = b.follow(0)
    buffers = b.tables(root, 4)
    graphs = b.tables(root, 2)
    if not graphs:
        raise Damaged("no subgraph")
    found = b.tables(graphs[0], 0)
    result = {}
    for index, shape in wanted.items():
        if index >= len(found):
            raise Damaged(f"there is no tensor {index}")
        if tuple(n for n in tensor_shape(b, found[index]) if n != 1) != shape:
            raise Damaged(f"tensor {index} is not of {shape}")
        floats = tensor_floats(b, found[index], buffers)
        count = 1
        for n in shape:
            count *= n
        if len(floats) != count:
            raise Damaged(f"tensor {index} has {len(floats)} floats, not {count}")
        result[index] = floats
    return result
