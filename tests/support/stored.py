"""What a server has stored: files of their own, and small ones that share a file (a pack)."""
import dataclasses
import pathlib
import re

PAGE_BYTES = 4096
HEADER_BYTES = 128
HEADER = re.compile(rb"whazz-blob 1 (\S+) \d+\n\0*")


@dataclasses.dataclass(frozen=True)
class Packed:
    """One of a pack, with those of a path's methods that tests call."""
    pack: pathlib.Path
    name: str
    at: int
    size: int

    def write_bytes(self, data):
        with open(self.pack, "r+b") as pack:
            pack.seek(self.at + HEADER_BYTES)
            pack.write(data[:self.size])

    def unlink(self):
        with open(self.pack, "r+b") as pack:
            pack.seek(self.at)
            pack.write(bytes(HEADER_BYTES))


def packed_in(pack):
    """All that the pack has, read by what stands in it."""
    found, data = [], pack.read_bytes()
    for at in range(0, len(data), PAGE_BYTES):
        header = HEADER.fullmatch(data[at:at + HEADER_BYTES])
        if header:
            name = header[1].decode()
            digits = name.split(".")[0].replace("-", "")
            found.append(Packed(pack, name, at, int(digits[22:27], 16)))
    return found


def stored_in(data_dir):
    """Every stored file below the data folder, with its size."""
    found = {}
    for path in data_dir.rglob("*"):
        try:
            if path.parent.name == "packs":
                found.update((each, each.size) for each in packed_in(path))
            elif path.is_file() and ".db" not in path.name and path.name != "secret.key":
                found[path] = path.stat().st_size
        except FileNotFoundError:
            pass  # removed meanwhile
    return found
