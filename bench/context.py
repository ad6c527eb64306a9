"""What every measurement shares: programs, folders, how long and how often."""
import os
import shutil
import statistics
import time
from dataclasses import dataclass, field

import client
from servers import FastApi, Nginx, Whazz

MIB = 1 << 20


@dataclass
class Context:
    build: str
    folder: str
    quick: bool
    fsync_us: float = 0
    made: int = 0
    load: client.Load = field(init=False)

    def __post_init__(self):
        self.load = client.Load(f"{self.build}/bench/load")
        self.rounds = 3 if self.quick else 7
        self.seconds = 1.5 if self.quick else 4

    def program(self, name):
        return f"{self.build}/bench/{name}"

    def fresh_folder(self, name, like=None):
        self.made += 1
        path = f"{self.folder}/{self.made}-{name}"
        if like:
            shutil.copytree(like, path)
        else:
            os.makedirs(path)
        return path

    def whazz(self, like=None, **more):
        """In a new folder, or in a copy of the folder `like`."""
        return Whazz(f"{self.build}/src/cli/whazz", self.fresh_folder("whazz", like), **more)

    def fastapi(self, like=None):
        return FastApi(self.fresh_folder("fastapi", like))

    def nginx(self, extra=""):
        return Nginx(self.fresh_folder("nginx"), extra)

    def forget_all(self):
        """Frees the disk between groups only: ext4 looks for inodes that were freed lately
        whenever a file is made, and a server would pay for what another had removed."""
        for name in os.listdir(self.folder):
            if os.path.isdir(f"{self.folder}/{name}"):
                shutil.rmtree(f"{self.folder}/{name}")
        time.sleep(0 if self.quick else 10)


def wav(size):
    """A recording of `size` bytes: 16 bit, mono, 48 kHz, noise."""
    content = size - 44
    rate = 48000
    def le(value, width):
        return value.to_bytes(width, "little")
    head = (b"RIFF" + le(size - 8, 4) + b"WAVEfmt " + le(16, 4) + le(1, 2) + le(1, 2)
            + le(rate, 4) + le(2 * rate, 4) + le(2, 2) + le(16, 2) + b"data" + le(content, 4))
    second = os.urandom(min(content, 2 * rate))
    return head + (second * (content // len(second) + 1))[:content]


def fsync_median_us(folder, count=200):
    """How long one synced append of 4 KiB takes on this disk."""
    path = f"{folder}/fsync-probe"
    times = []
    fd = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    try:
        for i in range(count):
            os.pwrite(fd, b"x" * 4096, i * 4096)
            start = time.perf_counter()
            os.fdatasync(fd)
            times.append(time.perf_counter() - start)
    finally:
        os.close(fd)
        os.unlink(path)
    return statistics.median(times) * 1e6


def alternate(rounds, ways):
    """Runs each way once per round, in turn: {name: [result, ...]}. What disturbs the machine
    for longer than a round disturbs all of them."""
    results = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            results[name].append(way())
    return results


def median_ratio(ours, theirs):
    """The median of the rounds' own ratios."""
    return statistics.median(a / b for a, b in zip(ours, theirs))


def median_of(results, key):
    return statistics.median(r[key] for r in results)
